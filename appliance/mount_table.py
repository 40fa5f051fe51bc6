"""Which file system a folder is on."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_MOUNTS: Final = Path("/proc/self/mountinfo")
_FSTAB: Final = Path("/etc/fstab")
_ESCAPE: Final = re.compile(r"\\([0-7]{3})")
_MOUNT_POINT: Final = 4
_FSTAB_FIELDS: Final = 4


@dataclass(frozen=True, slots=True)
class Mount:
    """One mounted file system."""

    folder: Path
    kind: str
    """Such as "ext4" or "tmpfs"."""


def mounts(table: Path = _MOUNTS) -> list[Mount]:
    """Return what is mounted. Source: proc_pid_mountinfo(5). Raises OSError."""
    found = []
    for line in table.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        before, _, after = line.partition(" - ")
        folder = _unescaped(before.split(" ")[_MOUNT_POINT])
        found.append(Mount(Path(folder), after.split(" ")[0]))
    return found


def mount_of(folder: Path, table: Path = _MOUNTS) -> Mount:
    """Return the file system of a folder, of which links are followed. Raises OSError."""
    real = folder.resolve()
    # Of two mounts on one folder the later one is seen.
    around = [mount for mount in mounts(table) if real.is_relative_to(mount.folder)]
    return max(reversed(around), key=lambda mount: len(mount.folder.parts))


def meant_mount(folder: Path, fstab: Path = _FSTAB) -> Path | None:
    """Return the mount point around a folder that `fstab` names, mounted or not, but not `/`.

    Source: fstab(5). A missing table names none; raises no error.
    """
    real = folder.resolve()
    around = [point for point in _fstab_points(fstab) if real.is_relative_to(point)]
    return max(around, key=lambda point: len(point.parts), default=None)


def _fstab_points(fstab: Path) -> Iterator[Path]:
    try:
        text = fstab.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return
    for line in text.splitlines():
        fields = line.split()
        if len(fields) < _FSTAB_FIELDS or fields[0].startswith("#"):
            continue
        point = Path(_unescaped(fields[1]))
        if point.is_absolute() and point != Path("/"):
            yield point


def _unescaped(field: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 8)), field)
