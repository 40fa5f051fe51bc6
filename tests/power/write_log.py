"""The log of every write and flush that reached a disk, as dm-log-writes keeps it.

Source: Linux kernel, Documentation/admin-guide/device-mapper/log-writes.rst and
drivers/md/dm-log-writes.c (`log_write_super`, `log_write_entry`); QEMU's `blklogwrites` writes the
same.
"""

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_MAGIC: Final = 0x6A736677736872
_SUPER: Final = struct.Struct("<QQQI")
"""Magic, version, number of entries, bytes a sector."""
_ENTRY: Final = struct.Struct("<QQQQ")
"""First sector, sectors, flags, bytes of a mark."""
_FLUSH, _FUA, _DISCARD, _MARK = 1, 2, 4, 8


class WriteLogError(Exception):
    """The file is not a log of writes."""


@dataclass(frozen=True, slots=True)
class LoggedWrite:
    """One request, in the order in which the disk took them."""

    start: int
    """Byte on the disk."""
    size: int
    """0 for a bare flush."""
    content_at: int
    """Byte in the log at which the content begins."""
    is_flush: bool
    """Everything before it is on the disk, whatever happens."""
    is_forced: bool
    """It is on the disk itself as soon as it is done (FUA)."""
    is_data: bool
    """False for what has no content: marks, and discards, which leave the old content."""


@dataclass(frozen=True, slots=True)
class WriteLog:
    """All requests, and the file with their contents."""

    path: Path
    sector: int
    writes: tuple[LoggedWrite, ...]

    def content(self, log: int, write: LoggedWrite) -> bytes:
        """Return what was written; `log` is the open file's descriptor."""
        return os.pread(log, write.size, write.content_at)


def count_entries(log: int) -> int:
    """Return how many requests an open log, which may grow, holds now."""
    return _super_of(os.pread(log, _SUPER.size, 0))[0]


def read_log(path: Path) -> WriteLog:
    """Read a finished log; raises WriteLogError, OSError."""
    with path.open("rb") as file:
        count, sector = _super_of(file.read(_SUPER.size))
        writes = []
        at = sector
        for number in range(count):
            entry = os.pread(file.fileno(), _ENTRY.size, at)
            if len(entry) < _ENTRY.size:
                raise WriteLogError(f"{path}: ends before entry {number} of {count}")
            write = _write_of(_ENTRY.unpack(entry), sector, at + sector)
            writes.append(write)
            at += sector + (write.size if write.is_data else 0)
    return WriteLog(path, sector, tuple(writes))


def _super_of(content: bytes) -> tuple[int, int]:
    if len(content) < _SUPER.size:
        raise WriteLogError("too short for a log of writes")
    magic, version, count, sector = _SUPER.unpack(content)
    if magic != _MAGIC or version != 1:
        raise WriteLogError(f"not a log of writes: magic {magic:#x}, version {version}")
    return int(count), int(sector)


def _write_of(fields: tuple[int, ...], sector: int, content_at: int) -> LoggedWrite:
    first, sectors, flags, _ = fields
    return LoggedWrite(
        start=first * sector,
        size=sectors * sector,
        content_at=content_at,
        is_flush=bool(flags & _FLUSH),
        is_forced=bool(flags & _FUA),
        is_data=not flags & (_DISCARD | _MARK),
    )
