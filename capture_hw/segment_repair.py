"""Giving a segment that its recorder did not finish an index, a duration and its final name.

Nothing is ever changed in place: a follower of the unfinished file reads on undisturbed. The order
of the steps lets a second repair finish what a killed one began:

1. all frames of `.mkv.part` that can be found are copied into `.mkv.repair`, which is then synced,
   read back and compared;
2. what damaged stretches cost is added to the journal, as gaps, unless it is there already;
3. if much of `.mkv.part` is in no frame, it gets the second name `.mkv.unreadable`;
4. `.mkv.repair` is renamed to `.mkv`, and the folder is synced;
5. `.mkv.part` is removed.

A repair holds the lock of the file it repairs (`segment_hold`).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av

from capture_hw.error import JournalError, StorageError
from capture_hw.matroska import translated
from capture_hw.repaired_video import has_all_of
from capture_hw.segment_copy import (
    REPAIRED_TAG,
    CopiedFrames,
    RepairStopped,
    check_copy,
    copy_frames,
)
from capture_hw.segment_form import check_form
from capture_hw.segment_hold import held
from capture_hw.segment_journal import SegmentGap, extend_journal, journal_path, read_journal
from capture_hw.segment_place import REPAIR_SUFFIX, UNREADABLE_SUFFIX
from capture_hw.segment_tail import NOTHING_IN_IT_BYTES, open_segment
from disk.durable_file import PART_SUFFIX, part_path, publish, sync_to_disk

__all__ = ["REPAIRED_TAG", "Repair", "RepairStopped", "repair_leftover", "repair_segment"]
_TORN_END_BYTES: Final = 65_536
"""More than a torn frame: what is longer may hold frames that a person can rescue."""
_CUES: Final = b"\x1c\x53\xbb\x6b"
"""The index, with which a file ends in order. Source: RFC 9559, 5.1.5."""
_KEPT_NAMES: Final = 100
_ELEMENT_HEADER_BYTES: Final = 64
"""More than the heads of a cluster and a block, and the next element's name."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Repair:
    """What became of a leftover."""

    video: Path | None
    """None if there was no frame."""
    frames: int = 0
    last_ms: int = 0
    gaps: tuple[SegmentGap, ...] = ()
    """What damaged stretches in the middle cost."""
    end_bytes: int = 0
    """How many lay behind the last whole frame and are not in the video, an index not counted."""
    kept: Path | None = None
    """The original, if it holds more than what could be read."""
    was_there: bool = False
    """Whether the video was there before, and nothing was copied."""


def repair_segment(part: Path, is_stopped: Callable[[], bool]) -> Path | None:
    """Turn `<stem>.mkv.part` into `<stem>.mkv` as `repair_leftover` does; return its path."""
    return repair_leftover(part, is_stopped).video


def repair_leftover(part: Path, is_stopped: Callable[[], bool]) -> Repair:
    """Turn `<stem>.mkv.part` into `<stem>.mkv`, with every frame that can be found.

    A short file without a frame is removed with its journal. A long file without one is kept as
    `<stem>.mkv.unreadable` for a person, and so is one that holds much more than its frames, or
    more than the video that is there already. Raises SegmentHeld if somebody writes or repairs the
    file, StorageError if the disk refuses something now, RepairStopped.
    """
    video = part.with_name(part.name.removesuffix(PART_SUFFIX))
    try:
        with held(part):
            return _repaired(part, video, is_stopped)
    except (av.FFmpegError, OSError) as error:
        raise translated_to_storage(video, error) from error


def rewrite_finished(video: Path, is_stopped: Callable[[], bool]) -> Repair:
    """Give a finished video, such as a copy from elsewhere, the index and duration it lacks.

    Only for one without a manifest and without a journal, which would then be of other bytes. The
    file is replaced in one step by one with the same frames; it is kept beside it if a frame was
    left out. Raises ForeignVideo for what no recorder writes, SegmentHeld, StorageError,
    RepairStopped.
    """
    try:
        with held(video):
            check_form(video)
            return _rewritten(video, is_stopped)
    except (av.FFmpegError, OSError) as error:
        raise translated_to_storage(video, error) from error


def translated_to_storage(video: Path, error: Exception) -> StorageError:
    """Return what stopped a repair as one sentence."""
    return StorageError(f"{video}: cannot be repaired now: {translated(video, error)}")


def _rewritten(video: Path, is_stopped: Callable[[], bool]) -> Repair:
    copy = video.with_name(video.name + REPAIR_SUFFIX)
    copied = copy_proven(video, copy, is_stopped)
    if copied is None:
        raise StorageError(f"{video}: holds no frame that can be read")
    end_bytes = _bytes_behind(video, copied)
    kept = None
    if copied.left_out or _holds_more(video, copied, end_bytes):
        kept = _keep_original(video, video)
    publish(copy, video)
    return Repair(video, copied.frames, copied.last_ms, tuple(_gaps_of(copied)), end_bytes, kept)


def _repaired(part: Path, video: Path, is_stopped: Callable[[], bool]) -> Repair:
    done = _beside_video(part, video) if video.exists() else _copied(part, video, is_stopped)
    if done is None:
        return _put_away(part, video)
    part.unlink(missing_ok=True)
    sync_to_disk(part.parent)
    return done


def _beside_video(part: Path, video: Path) -> Repair:
    """Deal with a leftover whose video is there, of a killed repair or from elsewhere."""
    if has_all_of(video, part):
        _log.info("%s: removed, its video is there", part)
        return Repair(video, was_there=True)
    kept = _kept_name(video, part)
    part.rename(kept)
    _log.error("%s: its video is there without all that it holds, kept as %s", part, kept.name)
    return Repair(video, kept=kept, was_there=True)


def _holds_more(original: Path, copied: CopiedFrames, end_bytes: int) -> bool:
    """Say whether much of a file is in no frame."""
    return end_bytes > _TORN_END_BYTES or copied.content_bytes(original) > _TORN_END_BYTES


def _copied(part: Path, video: Path, is_stopped: Callable[[], bool]) -> Repair | None:
    """Copy all frames and publish the copy; None if there was no frame."""
    copy = video.with_name(video.name + REPAIR_SUFFIX)
    copied = copy_proven(part, copy, is_stopped)
    if copied is None:
        return None
    gaps = tuple(_note_gaps(video, copied))
    end_bytes = _bytes_behind(part, copied)
    kept = _keep_original(part, video) if _holds_more(part, copied, end_bytes) else None
    publish(copy, video)
    _log.info("%s: repaired, %d frames", video, copied.frames)
    return Repair(video, copied.frames, copied.last_ms, gaps, end_bytes, kept)


def copy_proven(original: Path, copy: Path, is_stopped: Callable[[], bool]) -> CopiedFrames | None:
    """Copy all frames into a file with an index, on the disk and read back.

    None, and no copy, if there is no frame. Raises StorageError, RepairStopped, av.FFmpegError,
    OSError; nothing is left then.
    """
    source = open_segment(original)
    if source is None:
        return None
    try:
        with source:
            copied = copy_frames(source, original, copy, is_stopped)
        if not copied.frames:
            copy.unlink(missing_ok=True)
            return None
        sync_to_disk(copy)
        check_copy(copy, copied, is_stopped)
    except BaseException:
        copy.unlink(missing_ok=True)
        raise
    return copied


def _note_gaps(video: Path, copied: CopiedFrames) -> list[SegmentGap]:
    """Write into the journal what damaged stretches cost, and say it."""
    path = journal_path(video)
    try:
        known = read_journal(path).gaps if copied.stretches else ()
    except JournalError as error:
        _log.warning("%s", error)
        known = None
    gaps = _gaps_of(copied, known or ())
    for gap in gaps:
        _log.error(
            "%s: damaged between %d and %d ms, %d frames are lost",
            video,
            gap.from_ms,
            gap.to_ms,
            gap.frames_lost,
        )
    if known is not None and (new := [gap for gap in gaps if gap not in known]):
        extend_journal(path, new)
    return gaps


def _gaps_of(copied: CopiedFrames, known: tuple[SegmentGap, ...] = ()) -> list[SegmentGap]:
    """Return what damaged stretches cost beyond the gaps that the recorder knew."""
    return [
        SegmentGap(from_ms=one.from_ms, to_ms=one.to_ms, frames_lost=lost, cause="file damaged")
        for one in copied.stretches
        if (lost := one.frames_lost - _accounted(known, one.from_ms, one.to_ms)) > 0
    ]


def _accounted(known: tuple[SegmentGap, ...], from_ms: int, to_ms: int) -> int:
    """Return how many frames of a stretch the recorder itself missed."""
    return sum(
        gap.frames_lost
        for gap in known
        if gap.cause != "file damaged" and from_ms <= gap.from_ms and gap.to_ms <= to_ms
    )


def _bytes_behind(part: Path, copied: CopiedFrames) -> int:
    """Return how many bytes lie behind the last whole frame, 0 if that is an index."""
    with part.open("rb") as file:
        file.seek(copied.end)
        is_index = _CUES in file.read(_ELEMENT_HEADER_BYTES)
    return 0 if is_index else part.stat().st_size - copied.end


def _keep_original(part: Path, video: Path) -> Path:
    kept = _kept_name(video, part)
    with suppress(FileExistsError):  # a killed repair came as far as this
        os.link(part, kept)
    _log.error("%s: cannot be read whole, the original is kept as %s", video, kept.name)
    return kept


def _put_away(part: Path, video: Path) -> Repair:
    """Deal with a file in which no frame can be found."""
    if part.stat().st_size <= NOTHING_IN_IT_BYTES:
        # After a power cut nobody else looks at rows without a video; last of all the video goes.
        part_path(video.with_suffix(".csv")).unlink(missing_ok=True)
        journal_path(video).unlink(missing_ok=True)
        part.unlink()
        _log.info("%s: removed, it held no frame", part)
        return Repair(None)
    kept = _kept_name(video, part)
    for other in (journal_path(video), part_path(video.with_suffix(".csv"))):
        with suppress(FileNotFoundError):  # unfinished files would keep the day open
            other.rename(other.with_suffix(UNREADABLE_SUFFIX))
    part.rename(kept)
    part.unlink(missing_ok=True)  # a rename to another name of the same file does nothing
    sync_to_disk(video.parent)
    _log.error("%s: holds no frame that can be read, kept as %s", video, kept.name)
    return Repair(None, kept=kept)


def _kept_name(video: Path, original: Path) -> Path:
    """Return a name that nothing else has; the one that a killed repair gave comes first."""
    for number in range(1, _KEPT_NAMES + 1):
        counted = f".{number}" if number > 1 else ""
        kept = video.with_name(f"{video.name}{counted}{UNREADABLE_SUFFIX}")
        if not kept.exists() or kept.samefile(original):
            return kept
    raise StorageError(f"{video}: {_KEPT_NAMES} originals of it are kept already")
