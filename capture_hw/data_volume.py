"""The mark of a rack's data folder, by which a recorder sees that its volume is there."""

import os
import uuid
from pathlib import Path
from typing import Final

from capture_hw.error import StorageError
from disk.durable_file import write_durably

MARKER: Final = ".ethoprofiler"


def mark_data_folder(data: Path, mark: str | None = None) -> None:
    """Make a rack's data folder, and its mark if it has none: `mark`, or one of its own.

    Raises OSError.
    """
    data.mkdir(parents=True, exist_ok=True)
    if not is_marked(data):
        write_durably(data / MARKER, f"{mark or uuid.uuid4()}\n".encode())


def is_marked(data: Path) -> bool:
    """Return whether a rack's data lie here. Raises OSError."""
    return (data / MARKER).exists()


def mark_of(data: Path) -> str | None:
    """Return the text of a folder's mark, None if it has none. Raises OSError."""
    try:
        return (data / MARKER).read_bytes().decode("utf-8", "replace").strip()
    except (FileNotFoundError, NotADirectoryError):
        return None


class DataVolume:
    """The volume on which recording began; without it the folder may be on the system's disk.

    Known by the mark's content: a device may get another number when it is mounted again.
    """

    def __init__(self, data: Path, mark: str | None = None) -> None:
        """With `mark`, no volume but that one will do; without it, the first one that is found."""
        self._data: Final = data
        self._mark = mark

    def check(self) -> None:
        """Raise StorageError if the volume is away or another one is in its place."""
        try:
            mark = mark_of(self._data)
        except OSError as error:
            reason = os.strerror(error.errno or 0)
            raise StorageError(f"{self._data}: cannot be used: {reason}") from error
        if mark is None:
            raise StorageError(f"{self._data}: the volume with the recordings is not mounted")
        if self._mark is None:
            self._mark = mark
        if mark != self._mark:
            raise StorageError(
                f"{self._data}: the volume with the recordings is not mounted; "
                f"`{mark}` is there instead of `{self._mark}`"
            )
