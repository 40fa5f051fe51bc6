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
    sync_to_disk(path.parent)


def sync_to_disk(path: Path) -> None:
    """Wait until a file or the entries of a folder are on the disk. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
