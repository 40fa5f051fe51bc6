"""Whether the disk has room for more video."""

import os
from pathlib import Path
from typing import Final

from capture_hw.data_volume import DataVolume
from capture_hw.error import StorageError

_MARGIN_BYTES: Final = 64_000_000
_MARGIN_PART: Final = 50
"""At most a fiftieth of a small disk."""


def free_bytes(path: Path) -> int:
    """Return what an ordinary user may still write beside `path`; raises OSError."""
    volume = os.statvfs(path)
    return volume.f_bavail * volume.f_frsize


class StorageRoom:
    """The free room of a volume, with a margin so that one second's room is not a new segment.

    `folder` is a cage's, in the rack's data folder.
    """

    def __init__(self, folder: Path, keep_free_bytes: int) -> None:
        self._volume: Final = DataVolume(folder.parent)
        self._folder: Final = folder
        self._keep_free_bytes: Final = keep_free_bytes

    def check(self, *, resuming: bool) -> None:
        """Make the cage's folder if need be.

        Raises StorageError if the volume is away, or without room to go on or to begin again.
        """
        self._volume.check()
        try:
            self._folder.mkdir(exist_ok=True)
            volume = os.statvfs(self._folder)
        except OSError as error:
            reason = os.strerror(error.errno or 0)
            raise StorageError(f"{self._folder}: cannot be used: {reason}") from error
        free = volume.f_bavail * volume.f_frsize
        total = volume.f_blocks * volume.f_frsize
        margin = min(_MARGIN_BYTES, total // _MARGIN_PART) if resuming else 0
        if free < self._keep_free_bytes + margin:
            wanted = (self._keep_free_bytes + margin) / 1e9
            raise StorageError(
                f"{self._folder}: {free / 1e9:.2f} GB free, recording needs {wanted:.2f} GB"
            )
