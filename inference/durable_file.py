"""Files that appear under their final name only whole and on the disk."""

import os
from pathlib import Path
from typing import Final

PART_SUFFIX: Final = ".part"


def part_path(path: Path) -> Path:
    """Return the name under which a file is written before it is finished."""
    return path.with_name(path.name + PART_SUFFIX)


def write_durably(path: Path, content: bytes) -> None:
    """Write a whole file: under `.part`, fsync, rename, fsync the folder. Raises OSError."""
    part = part_path(path)
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    publish(part, path)


def publish(part: Path, path: Path) -> None:
    """Give a written and synced file its final name, durably. Raises OSError."""
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
