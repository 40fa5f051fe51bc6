"""Disks as a power cut may leave them, built from a log of all writes."""

import os
import random
from bisect import bisect_right
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.power.write_log import LoggedWrite, WriteLog

_LOST: Final = 0.5
"""Of what was written after the last flush, this part never left the disk's cache."""
_TORN: Final = 0.3
"""Of the rest, this part was being written when the power went."""
_BLOCK_BYTES: Final = 1 << 20


class CrashImages:
    """Makes images at growing points of one log; a context manager, one thread at a time."""

    def __init__(self, base: Path, log: WriteLog, flushed: Path) -> None:
        """`base` is the disk before the first write; `flushed` is a file to work with."""
        self._log: Final = log
        self._flushed: Final = flushed
        copy_sparse(base, flushed)
        self._flushes: Final = [i for i, write in enumerate(log.writes) if write.is_flush]
        self._content: Final = os.open(log.path, os.O_RDONLY | os.O_CLOEXEC)
        self._disk: Final = os.open(flushed, os.O_RDWR | os.O_CLOEXEC)
        self._applied = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._disk)
        os.close(self._content)

    def last_flush(self, point: int) -> int:
        """Return how many entries are surely on the disk when `point` entries have begun."""
        before = bisect_right(self._flushes, point - 1)
        return self._flushes[before - 1] if before else 0

    def build(self, point: int, chance: random.Random, image: Path) -> None:
        """Write the disk as it may be found when the power goes after `point` entries.

        All that was written before the last flush is there; of what came after it, a random half,
        some of it torn between two sectors. Points must not become smaller.
        """
        surely = self.last_flush(point)
        assert surely >= self._applied, "points must grow"
        for write in self._log.writes[self._applied : surely]:
            self._apply(self._disk, write)
        self._applied = surely
        copy_sparse(self._flushed, image)
        disk = os.open(image, os.O_RDWR | os.O_CLOEXEC)
        try:
            for write in self._log.writes[surely:point]:
                self._apply_perhaps(disk, write, chance)
        finally:
            os.close(disk)

    def apply_all(self) -> None:
        """Bring the file to work with to the end of the log."""
        for write in self._log.writes[self._applied :]:
            self._apply(self._disk, write)
        self._applied = len(self._log.writes)

    def _apply(self, disk: int, write: LoggedWrite, most: int | None = None) -> None:
        if not write.is_data:
            return
        content = self._log.content(self._content, write)[:most]
        written = os.pwrite(disk, content, write.start)
        assert written == len(content)

    def _apply_perhaps(self, disk: int, write: LoggedWrite, chance: random.Random) -> None:
        if write.is_forced:
            self._apply(disk, write)
            return
        if chance.random() < _LOST:
            return
        is_torn = chance.random() < _TORN
        sectors = chance.randint(0, write.size // self._log.sector) if is_torn else None
        self._apply(disk, write, None if sectors is None else sectors * self._log.sector)


def build_whole(base: Path, log: WriteLog, image: Path) -> None:
    """Write the disk with every entry of the log; it must be the disk that was logged."""
    with CrashImages(base, log, image) as images:
        images.apply_all()


def differing_bytes(one: Path, other: Path) -> list[int]:
    """Return where the blocks of 1 MiB begin in which two files differ."""
    if one.stat().st_size != other.stat().st_size:
        return [min(one.stat().st_size, other.stat().st_size)]
    different = []
    with one.open("rb") as first, other.open("rb") as second:
        at = 0
        while block := first.read(_BLOCK_BYTES):
            if block != second.read(_BLOCK_BYTES):
                different.append(at)
            at += len(block)
    return different


def copy_sparse(source: Path, target: Path) -> None:
    """Copy a file with its holes; replaces `target`."""
    with source.open("rb") as reader, target.open("wb") as writer:
        writer.truncate(source.stat().st_size)
        end = 0
        while (start := _next_data(reader.fileno(), end)) is not None:
            end = os.lseek(reader.fileno(), start, os.SEEK_HOLE)
            while start < end:
                start += os.copy_file_range(
                    reader.fileno(), writer.fileno(), end - start, start, start
                )


def _next_data(descriptor: int, at: int) -> int | None:
    try:
        return os.lseek(descriptor, at, os.SEEK_DATA)
    except OSError:  # only a hole is left
        return None
