"""What earlier runs of a cage's recorder left in one of its folders."""

import logging
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from capture_hw.error import CaptureError
from capture_hw.segment_journal import GapCause, journal_path
from capture_hw.segment_place import finished_videos, lone_journals, unfinished_videos
from capture_hw.segment_repair import REPAIRED_TAG
from capture_hw.segment_tail import last_frame_ms, open_segment, read_tags
from disk.durable_file import PART_SUFFIX, sync_to_disk

_NEWEST_DAYS: Final = 3
"""One of them may be there for this run's first segment only."""
_NEWEST_SEGMENTS: Final = 4
"""By name; more than one, because a clock that was set back gives a newer segment an older name."""
_RECENT_S: Final = 10_800.0
"""What is older the kernel has written by itself, in half a minute on a disk that is well."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EarlierFrame:
    """The last frame that the cage's recorder wrote before this run."""

    utc_ns: int
    monotonic_ns: int
    boot_id: str
    """`monotonic_ns` means something within this boot only."""
    cause: GapCause
    """Why there was no frame after it."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """What earlier runs left, by name; nothing of this run is among it."""

    unfinished: list[Path]
    finished: list[Path]
    """The newest."""
    journals: list[Path]
    """Without a video."""


def leftover_in(folder: Path, cage: int, is_own: Callable[[str], bool]) -> Leftover:
    """List what others than this run left. Raises OSError.

    Looks first and asks afterwards which stem `is_own`, which is named before it is made.
    """
    unfinished = unfinished_videos(folder, cage)
    finished = finished_videos(folder, cage, _NEWEST_DAYS)
    journals = lone_journals(folder, cage)

    def others(paths: list[Path]) -> list[Path]:
        return [path for path in paths if not is_own(path.name.partition(".")[0])]

    return Leftover(others(unfinished), others(finished)[-_NEWEST_SEGMENTS:], others(journals))


def sync_leftovers(parts: Sequence[Path]) -> None:
    """Put on the disk what a killed recorder wrote last: a repair may be long in coming."""
    for part in parts:
        try:
            if abs(time.time() - part.stat().st_mtime) > _RECENT_S:
                continue
            for path in (part, journal_path(part), part.parent):
                if path.exists():
                    sync_to_disk(path)
        except OSError as error:
            _log.warning("%s: cannot be synced: %s", part, os.strerror(error.errno or 0))


def remove_journals(journals: list[Path]) -> None:
    """Remove journals of videos that were never begun."""
    for journal in journals:
        try:
            journal.unlink(missing_ok=True)
        except OSError as error:
            _log.warning("%s: cannot be removed: %s", journal, os.strerror(error.errno or 0))


def last_frames(left: Leftover) -> list[EarlierFrame]:
    """Return the last frame of each segment that was left and has one."""
    frames = [_readable_frame(path) for path in (*left.unfinished, *left.finished)]
    return [frame for frame in frames if frame is not None]


def newest_of(frames: Sequence[EarlierFrame]) -> EarlierFrame | None:
    """Return the newest frame; None if there is none."""
    if not frames:
        return None
    newest = max(frames, key=lambda frame: frame.utc_ns)
    same_boot = [frame for frame in frames if frame.boot_id == newest.boot_id]
    return max(same_boot, key=lambda frame: frame.monotonic_ns)


def _readable_frame(path: Path) -> EarlierFrame | None:
    """Return a video's last frame; one that the disk does not give now says nothing."""
    try:
        return _last_frame(path)
    except CaptureError as error:
        _log.warning("%s", error)
        return None


def _last_frame(path: Path) -> EarlierFrame | None:
    container = open_segment(path)
    if container is None:
        return None
    with container:
        tags = read_tags(container)
        was_killed = path.name.endswith(PART_SUFFIX) or REPAIRED_TAG in container.metadata
    last_ms = last_frame_ms(path)
    if tags is None or last_ms is None:
        return None
    return EarlierFrame(
        utc_ns=tags.start_utc_ns + last_ms * 1_000_000,
        monotonic_ns=tags.start_monotonic_ns + last_ms * 1_000_000,
        boot_id=tags.boot_id,
        cause="recorder restarted" if was_killed else "recording stopped",
    )
