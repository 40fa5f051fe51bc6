"""Which encoder a recorder uses: hardware if it works, else libx264."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from capture_hw.encoder_config import EncoderConfig, EncoderName
from capture_hw.encoder_setting import SOFTWARE, EncoderSetting, setting_of
from capture_hw.encoder_trial import EncoderTrial

_TRIAL_S: Final = 2.0
"""Meanwhile the first frames wait: less than the queue in front of the encoder holds."""
_ORDER: Final[tuple[EncoderName, ...]] = ("h264_nvenc", "h264_vaapi", "h264_v4l2m2m")
"""A card of its own first; then what has a quality and a ceiling before what has a rate only."""
_log = logging.getLogger(__name__)


class EncoderChoice:
    """Chooses when it is first asked and keeps to it; one for each process, one thread at a time.

    A hardware encoder that fails once is not used again by this process.
    """

    def __init__(
        self,
        config: EncoderConfig,
        name: str,
        start_trial: Callable[[EncoderName], EncoderTrial] = EncoderTrial,
        devices: Path = Path("/"),
    ) -> None:
        """`name` says in the log for whom; `devices` is the folder in which `dev` and `sys` lie."""
        self._config: Final = config
        self._name: Final = name
        self._start_trial: Final = start_trial
        self._devices: Final = devices
        self._chosen: EncoderName | None = None

    def setting(self) -> EncoderSetting:
        """Return what to open; the first call may take 2 s."""
        if self._chosen is None:
            self._chosen = self._first_that_works(self._candidates())
            self._tell()
        return setting_of(replace(self._config, encoder=self._chosen))

    def give_up(self, reason: str) -> bool:
        """Note that what was chosen has failed; return whether there is another."""
        if self._chosen in (None, SOFTWARE):
            return False
        _log.warning("%s: %s; %s is used from now on", self._name, reason, SOFTWARE)
        self._chosen = "libx264"
        self._tell()
        return True

    def _tell(self) -> None:
        _log.info("%s: pictures are encoded by %s", self._name, self.setting().description)

    def _candidates(self) -> Sequence[EncoderName]:
        if self._config.encoder == "auto":
            return [name for name in _ORDER if _has_device(name, self._devices)]
        return [] if self._config.encoder == SOFTWARE else [self._config.encoder]

    def _first_that_works(self, names: Sequence[EncoderName]) -> EncoderName:
        """Try all at once, so that one that hangs does not cost the others their time."""
        until_s = time.monotonic() + _TRIAL_S
        level = logging.INFO if self._config.encoder == "auto" else logging.WARNING
        try:
            trials = [self._start_trial(name) for name in names]
        except OSError as error:
            _log.log(level, "%s: no encoder can be tried: %s", self._name, error.strerror)
            return "libx264"
        faults = [(trial.name, trial.fault(until_s)) for trial in trials]
        for name, fault in faults:
            if fault is None:
                return name
            _log.log(level, "%s: %s cannot be used: %s", self._name, name, fault)
        return "libx264"


def _has_device(name: EncoderName, root: Path) -> bool:
    """Return whether the machine has what an encoder runs on, without opening anything."""
    match name:
        case "h264_nvenc":
            return (root / "dev/nvidiactl").exists()
        case "h264_vaapi":
            return any(root.glob("dev/dri/renderD*"))
        case _:
            # By name only: to ask each video device would open those that are recorded from.
            names = root.glob("sys/class/video4linux/*/name")
            return any("enc" in path.read_text("utf-8", "replace").lower() for path in names)
