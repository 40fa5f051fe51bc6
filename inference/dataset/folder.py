"""What lies in a folder of a data set."""

import os
from pathlib import Path
from typing import Final

from inference.error import DataSetError

VIDEO_SUFFIXES: Final = frozenset(
    (".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".ts", ".webm", ".wmv")
)
"""In lower case; what somebody may have taken for a clip."""


def files_of(folder: Path) -> list[Path]:
    """Return everything in a folder but folders and hidden files, by name.

    Raises DataSetError if it cannot be read.
    """
    try:
        entries = sorted(folder.iterdir())
        return [path for path in entries if not path.name.startswith(".") and not path.is_dir()]
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise DataSetError(f"{folder} cannot be read: {reason}") from error


def folders_of(folder: Path) -> list[Path]:
    """Return the folders in a folder, by name; raises DataSetError if it cannot be read."""
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir())
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise DataSetError(f"{folder} cannot be read: {reason}") from error
