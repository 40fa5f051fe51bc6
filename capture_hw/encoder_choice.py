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

_TRIAL_S: Final = 30.0
"""Nobody waits for it. Ten recorders that begin at once on two cores need 6 s; source: measured."""
_MOST_TRIALS: Final = 3
"""Of an encoder that does not answer in time."""
_ORDER: Final[tuple[EncoderName, ...]] = ("h264_nvenc", "h264_vaapi", "h264_v4l2m2m")
"""A card of its own first; then what has a quality and a ceiling before what has a rate only."""
_log = logging.getLogger(__name__)


class EncoderChoice:
    """libx264 at once, hardware when its trial has ended well; one for each process.

    A hardware encoder that fails once is not used again by this process; one that does not answer
    in time is tried again when a camera is opened. One thread at a time.
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
        self._chosen: EncoderName = "libx264"
        self._trials: list[EncoderTrial] = []
        """Not over yet, the one that is preferred first."""
        self._until_s = 0.0
        self._trials_left: Final = dict.fromkeys(_ORDER, _MOST_TRIALS)
        self._is_told = False

    @property
    def is_trying(self) -> bool:
        """Whether hardware may be found yet."""
        return bool(self._trials)

    def begin(self) -> None:
        """Begin the trials that are due: a camera with pictures opens."""
        if not self._is_told:
            self._tell()
        if self._trials or self._chosen != SOFTWARE:
            return
        self._until_s = time.monotonic() + _TRIAL_S
        names = self._candidates()
        try:
            for name in names:
                self._trials.append(self._start_trial(name))
        except OSError as error:
            _log.log(self._level, "%s: no encoder can be tried: %s", self._name, error.strerror)

    def setting(self) -> EncoderSetting:
        """Return what to open now."""
        return setting_of(replace(self._config, encoder=self._chosen))

    def is_changed(self) -> bool:
        """Look after the trials, often; return whether they have just changed the setting."""
        while self._trials:
            trial = self._trials[0]
            has_answered = trial.is_over
            if not has_answered and time.monotonic() < self._until_s:
                return False
            fault = trial.fault(self._until_s)
            del self._trials[0]
            if fault is None:
                self._choose(trial.name)
                return True
            self._trials_left[trial.name] -= _MOST_TRIALS if has_answered else 1
            _log.log(self._level, "%s: %s cannot be used: %s", self._name, trial.name, fault)
        return False

    def give_up(self, reason: str) -> bool:
        """Note that what was chosen has failed; return whether there is another."""
        if self._chosen == SOFTWARE:
            return False
        _log.warning("%s: %s; %s is used from now on", self._name, reason, SOFTWARE)
        self._chosen = "libx264"
        self._trials_left.update(dict.fromkeys(_ORDER, 0))
        self._tell()
        return True

    def _choose(self, name: EncoderName) -> None:
        self._chosen = name
        for trial in self._trials:
            trial.end()
        self._trials.clear()
        self._tell()

    def _tell(self) -> None:
        self._is_told = True
        _log.info("%s: pictures are encoded by %s", self._name, self.setting().description)

    @property
    def _level(self) -> int:
        return logging.INFO if self._config.encoder == "auto" else logging.WARNING

    def _candidates(self) -> Sequence[EncoderName]:
        if self._config.encoder == "auto":
            names = [name for name in _ORDER if _has_device(name, self._devices)]
        else:
            names = [name for name in _ORDER if name == self._config.encoder]
        return [name for name in names if self._trials_left[name] > 0]


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
            return any("enc" in _text(path).lower() for path in names)


def _text(path: Path) -> str:
    """Return a file's content, empty if its device has gone meanwhile."""
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
