"""One of the folders that may take a cage's segments: whether it does so now."""

import os
import time
from pathlib import Path
from typing import Final

from capture_hw.data_volume import DataVolume
from capture_hw.error import StorageError
from capture_hw.write_trial import WriteTrial

_MARGIN_BYTES: Final = 64_000_000
_MARGIN_PART: Final = 50
"""At most a fiftieth of a small disk."""


def free_bytes(path: Path) -> int:
    """Return what an ordinary user may still write beside `path`; raises OSError."""
    volume = os.statvfs(path)
    return volume.f_bavail * volume.f_frsize


class StoragePlace:
    """A cage's folder on one volume. One thread at a time."""

    def __init__(self, folder: Path, keep_free_bytes: int, mark: str | None) -> None:
        self.folder: Final = folder
        self._volume: Final = DataVolume(folder.parent, mark)
        self._keep_free_bytes: Final = keep_free_bytes
        self._refusal = ""
        """Why it is distrusted, one sentence; empty if it is not."""
        self._trial: WriteTrial | None = None
        self._silent_since_s: float | None = None
        """Since when its disk has not answered; None if it has."""

    def await_answer(self, trial: WriteTrial, since_s: float) -> None:
        """Leave the folder alone until the trial, which its disk hangs in, has come to its end.

        `since_s` is a moment of time.monotonic.
        """
        self._trial, self._silent_since_s = trial, since_s
        self._refusal = silence_text(self.folder, since_s)

    def distrust(self, refusal: str) -> None:
        """Note that the folder refused data: it has to take some before it counts again."""
        self._refusal = refusal or f"{self.folder}: has refused data and is being tried again"
        self._trial = None

    def check(self, *, beginning: bool, besides_bytes: int = 0) -> None:
        """Make the folder if need be; `beginning` asks for more room than going on does.

        `besides_bytes` are meant to be written in addition to what is recorded.
        Raises StorageError if the volume is away, read-only, without room, or refuses a trial.
        """
        self._raise_if_silent()
        self._volume.check()
        try:
            self.folder.mkdir(exist_ok=True)
            volume = os.statvfs(self.folder)
        except OSError as error:
            reason = os.strerror(error.errno or 0)
            raise StorageError(f"{self.folder}: cannot be used: {reason}") from error
        if volume.f_flag & os.ST_RDONLY:
            raise StorageError(f"{self.folder}: is on a volume that is mounted read-only")
        free = volume.f_bavail * volume.f_frsize
        wanted = self._keep_free_bytes + besides_bytes + (_margin_bytes(volume) if beginning else 0)
        if free < wanted:
            raise StorageError(
                f"{self.folder}: {_amount(free)} free, recording needs {_amount(wanted)}"
            )
        if self._refusal:
            self._try()

    def _raise_if_silent(self) -> None:
        """Ask nothing of a disk that hangs: the answer would not come."""
        if self._silent_since_s is None or self._trial is None:
            return
        if not self._trial.is_over:
            raise StorageError(silence_text(self.folder, self._silent_since_s))
        self._silent_since_s = None

    def _try(self) -> None:
        """Begin a trial or look at it; raises StorageError until one has succeeded."""
        if self._trial is None:
            self._trial = WriteTrial(self.folder)
            raise StorageError(self._refusal)
        if not self._trial.is_over:
            raise StorageError(self._refusal)
        fault, self._trial = self._trial.fault, None
        if fault:
            self._refusal = fault
            raise StorageError(fault)
        self._refusal = ""


def silence_text(folder: Path, since_s: float) -> str:
    """Return the sentence that says how long a disk has hung."""
    return f"{folder}: has not answered for {time.monotonic() - since_s:.0f} s"


def _margin_bytes(volume: os.statvfs_result) -> int:
    return min(_MARGIN_BYTES, volume.f_blocks * volume.f_frsize // _MARGIN_PART)


def _amount(size: float) -> str:
    return f"{size / 1e9:.2f} GB" if size >= 1e9 else f"{size / 1e6:.2f} MB"
