"""The mark of a rack's data folder, by which a recorder sees that its volume is there."""

import os
import uuid
from pathlib import Path
from typing import Final

from capture_hw.error import StorageError
from disk.durable_file import write_durably

MARKER: Final = ".ethoprofiler"


def mark_data_folder(data: Path) -> None:
    """Make a rack's data folder, and its mark if it has none. Raises OSError."""
    data.mkdir(parents=True, exist_ok=True)
    if not is_marked(data):
        write_durably(data / MARKER, f"{uuid.uuid4()}\n".encode())


def is_marked(data: Path) -> bool:
    """Return whether a rack's data lie here. Raises OSError."""
    return (data / MARKER).exists()


class DataVolume:
    """The volume on which recording began; without it the folder may be on the system's disk.

    Known by the mark's content: a device may get another number when it is mounted again.
    """

    def __init__(self, data: Path) -> None:
        self._data: Final = data
        self._mark: bytes | None = None

    def check(self) -> None:
        """Raise StorageError if the volume is not the one of the first check that found one."""
        try:
            mark = (self._data / MARKER).read_bytes()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise self._absence() from error
        except OSError as error:
            reason = os.strerror(error.errno or 0)
            raise StorageError(f"{self._data}: cannot be used: {reason}") from error
        if self._mark is None:
            self._mark = mark
        if mark != self._mark:
            raise self._absence()

    def _absence(self) -> StorageError:
        return StorageError(f"{self._data}: the volume with the recordings is not mounted")
