"""Bringing one finished segment from the spool to the main volume, so that a kill costs nothing.

The order of the steps lets a second move finish what a killed one began:

1. video and journal are copied to `.mkv.move.part` and `.journal.move.part`, which are then synced;
2. `.journal.move.part` is renamed to `.journal.part`, then `.mkv.move.part` to `.mkv`: who finds
   the video finds its journal; the folder is synced;
3. the video is removed from the spool, then its journal.

Until step 3 the spool holds the whole segment. A video that lies on both volumes with the same
content has come as far as step 2.
"""

import logging
import os
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, Final

from capture_hw.error import StorageError
from capture_hw.segment_journal import journal_path
from capture_hw.segment_place import MOVE_SUFFIX, is_taken, moment_of, stem_of
from disk.durable_file import part_path, sync_to_disk

_CHUNK_BYTES: Final = 1_000_000
_SYNC_BYTES: Final = 8_000_000
"""What waits for the disk at most: a recording synced beside it should not wait for more."""
_LONGEST_PAUSE_S: Final = 1.0
_OURS: Final = (f"mkv{MOVE_SUFFIX}", "journal")
"""Forms in which a killed move may have left a segment on the main volume."""
_NAMES_TRIED: Final = 3600
_log = logging.getLogger(__name__)


class MoveStopped(Exception):
    """The move was told to stop; the next one begins again."""


def move_segment(video: Path, folder: Path, is_stopped: Callable[[], bool]) -> Path:
    """Move a finished video of the spool with its journal to the cage's main folder.

    Returns its new path: another second's, if a different recording has its name there. A spool
    that cannot be written keeps the files. Raises StorageError if a volume refuses something else
    now, MoveStopped; the segment is then still whole in the spool.
    """
    day = folder / video.parent.name
    try:
        day.mkdir(exist_ok=True)
        target, is_there = _target(video, day, is_stopped)
        if not is_there:
            _copy_both(video, target, is_stopped)
        for kept in (day, folder):
            sync_to_disk(kept)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise StorageError(f"{video}: cannot be moved to {day} now: {reason}") from error
    _log.info("%s: moved to %s", video, target)
    _remove(video)
    return target


def moves_begun(folder: Path, cage: int) -> list[Path]:
    """Return what killed moves left in a cage's main folder; raises OSError."""
    return sorted(folder.glob(f"*/{cage:02d}_*{part_path(Path(MOVE_SUFFIX))}"))


def segment_bytes(video: Path) -> int:
    """Return what a segment's files take; raises OSError."""
    journal = journal_path(video)
    return video.stat().st_size + (journal.stat().st_size if journal.exists() else 0)


def _target(video: Path, day: Path, is_stopped: Callable[[], bool]) -> tuple[Path, bool]:
    """Return where the video belongs, and whether it is there already."""
    moment = moment_of(video.stem)
    if moment is None:
        raise ValueError(f"{video}: is no segment's name")
    cage = int(video.stem.partition("_")[0])
    for second in range(_NAMES_TRIED):
        target = day / f"{stem_of(cage, moment + timedelta(seconds=second))}.mkv"
        if target.exists() and _is_same(video, target, is_stopped):
            return target, True
        if not is_taken(target, but=_OURS) and _may_have_journal(video, target):
            return target, False
    raise FileExistsError(17, "no free name", str(video))


def _may_have_journal(video: Path, target: Path) -> bool:
    """Say whether no other segment's journal is there; a killed move has put its own there."""
    theirs, own = journal_path(target), journal_path(video)
    if not theirs.exists():
        return True
    return own.exists() and theirs.read_bytes() == own.read_bytes()


def _copy_both(video: Path, target: Path, is_stopped: Callable[[], bool]) -> None:
    """Copy video and journal, then name the journal and after it the video."""
    copies: list[tuple[Path, Path]] = []
    try:
        for source, final in ((video, target), (journal_path(video), journal_path(target))):
            if source.exists():
                copies.append((_copy_path(final), final))
                _copy(source, copies[-1][0], is_stopped)
    except BaseException:
        for copy, _ in copies:
            with suppress(OSError):
                copy.unlink()
        raise
    for copy, final in reversed(copies):
        copy.replace(final)


def _copy_path(final: Path) -> Path:
    """Return `<stem>.<form>.move.part` for `<stem>.<form>` with or without `.part`."""
    form = final.name.removesuffix(".part")
    return part_path(final.with_name(f"{form}{MOVE_SUFFIX}"))


def _copy(source: Path, copy: Path, is_stopped: Callable[[], bool]) -> None:
    """Copy and sync a file, at half the disk's speed: recordings come first."""
    with source.open("rb") as file, copy.open("wb") as into:
        unsynced = 0
        begun_s = time.monotonic()
        while chunk := file.read(_CHUNK_BYTES):
            if is_stopped():
                raise MoveStopped(f"{source}: stopped at {file.tell()} bytes")
            into.write(chunk)
            unsynced += len(chunk)
            if unsynced >= _SYNC_BYTES:
                _sync(into)
                unsynced = 0
                time.sleep(min(_LONGEST_PAUSE_S, time.monotonic() - begun_s))
                begun_s = time.monotonic()
        _sync(into)
        times = os.fstat(file.fileno())
        os.utime(into.fileno(), ns=(times.st_atime_ns, times.st_mtime_ns))


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _is_same(video: Path, other: Path, is_stopped: Callable[[], bool]) -> bool:
    if video.stat().st_size != other.stat().st_size:
        return False
    with video.open("rb") as one, other.open("rb") as two:
        while chunk := one.read(_CHUNK_BYTES):
            if is_stopped():
                raise MoveStopped(f"{video}: stopped while it was compared")
            if chunk != two.read(_CHUNK_BYTES):
                return False
    return True


def _remove(video: Path) -> None:
    try:
        video.unlink()
        journal_path(video).unlink(missing_ok=True)
        sync_to_disk(video.parent)
    except OSError as error:
        _log.warning("%s: cannot be removed: %s", video, os.strerror(error.errno or 0))
        return
    with suppress(OSError):  # another segment is in it
        video.parent.rmdir()
