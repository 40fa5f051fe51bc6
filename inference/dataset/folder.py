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
    """Return the files in a folder but hidden ones, by name.

    A link to nothing is among them, what is not read to an end, such as a pipe, is not. Raises
    DataSetError if the folder cannot be read.
    """
    try:
        entries = sorted(folder.iterdir())
        return [path for path in entries if not path.name.startswith(".") and _is_file(path)]
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise DataSetError(f"{folder} cannot be read: {reason}") from error


def is_folder(path: Path) -> bool:
    """Return whether a path is a folder; raises DataSetError if nobody may know."""
    try:
        return path.is_dir()
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise DataSetError(f"{path} cannot be read: {reason}") from error


def folders_of(folder: Path) -> list[Path]:
    """Return the folders in a folder, by name; raises DataSetError if it cannot be read."""
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir())
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise DataSetError(f"{folder} cannot be read: {reason}") from error


def _is_file(path: Path) -> bool:
    return path.is_file() or (path.is_symlink() and not path.exists())
