"""Giving a segment that its recorder did not finish an index, a duration and its final name.

Nothing is ever changed in place: a follower of the unfinished file reads on undisturbed. The order
of the steps lets a second repair finish what a killed one began:

1. all frames of `.mkv.part` that can be found are copied into `.mkv.repair`, which is then synced,
   read back and compared;
2. what damaged stretches cost is added to the journal, as gaps, unless it is there already;
3. if much of `.mkv.part` is in no frame, it gets the second name `.mkv.unreadable`;
4. `.mkv.repair` is renamed to `.mkv`, and the folder is synced;
5. `.mkv.part` is removed.
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
from capture_hw.segment_copy import (
    REPAIRED_TAG,
    CopiedFrames,
    RepairStopped,
    check_copy,
    copy_frames,
)
from capture_hw.segment_journal import SegmentGap, extend_journal, journal_path, read_journal
from capture_hw.segment_place import REPAIR_SUFFIX, UNREADABLE_SUFFIX
from capture_hw.segment_tail import NOTHING_IN_IT_BYTES, open_segment
from disk.durable_file import PART_SUFFIX, part_path, publish, sync_to_disk

__all__ = ["REPAIRED_TAG", "Repair", "RepairStopped", "repair_leftover", "repair_segment"]
_TORN_END_BYTES: Final = 65_536
"""More than a torn frame: what is longer may hold frames that a person can rescue."""
_CUES: Final = b"\x1c\x53\xbb\x6b"
"""The index, with which a file ends in order. Source: RFC 9559, 5.1.5."""
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


def repair_segment(part: Path, is_stopped: Callable[[], bool]) -> Path | None:
    """Turn `<stem>.mkv.part` into `<stem>.mkv` as `repair_leftover` does; return its path."""
    return repair_leftover(part, is_stopped).video


def repair_leftover(part: Path, is_stopped: Callable[[], bool]) -> Repair:
    """Turn `<stem>.mkv.part` into `<stem>.mkv`, with every frame that can be found.

    A short file without a frame is removed with its journal. A long file without one is kept as
    `<stem>.mkv.unreadable` for a person, and so is one that holds much more than its frames.
    Raises StorageError if the disk refuses something now, RepairStopped.
    """
    video = part.with_name(part.name.removesuffix(PART_SUFFIX))
    try:
        done = Repair(video) if video.exists() else _copied(part, video, is_stopped)
        if done is None:
            return _put_away(part, video)
        part.unlink(missing_ok=True)
        sync_to_disk(part.parent)
    except (av.FFmpegError, OSError) as error:
        raise translated_to_storage(video, error) from error
    return done


def rewrite_finished(video: Path, is_stopped: Callable[[], bool]) -> Repair:
    """Give a finished video, such as a copy from elsewhere, the index and duration it lacks.

    Only for one without a manifest and without a journal, which would then be of other bytes. The
    file is replaced in one step by one with the same frames. Raises StorageError, RepairStopped.
    """
    copy = video.with_name(video.name + REPAIR_SUFFIX)
    try:
        copied = copy_proven(video, copy, is_stopped)
        if copied is None:
            raise StorageError(f"{video}: holds no frame that can be read")
        end_bytes, kept = _bytes_behind(video, copied), None
        if end_bytes > _TORN_END_BYTES or copied.content_bytes(video) > _TORN_END_BYTES:
            kept = _keep_original(video, video)
        publish(copy, video)
    except (av.FFmpegError, OSError) as error:
        raise translated_to_storage(video, error) from error
    return Repair(video, copied.frames, copied.last_ms, tuple(_gaps_of(copied)), end_bytes, kept)


def translated_to_storage(video: Path, error: Exception) -> StorageError:
    """Return what stopped a repair as one sentence."""
    return StorageError(f"{video}: cannot be repaired now: {translated(video, error)}")


def _copied(part: Path, video: Path, is_stopped: Callable[[], bool]) -> Repair | None:
    """Copy all frames and publish the copy; None if there was no frame."""
    copy = video.with_name(video.name + REPAIR_SUFFIX)
    copied = copy_proven(part, copy, is_stopped)
    if copied is None:
        return None
    gaps = tuple(_note_gaps(video, copied))
    end_bytes = _bytes_behind(part, copied)
    kept = None
    if end_bytes > _TORN_END_BYTES or copied.content_bytes(part) > _TORN_END_BYTES:
        kept = _keep_original(part, video)
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
    kept = _kept_name(video)
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
    kept = _kept_name(video)
    for other in (journal_path(video), part_path(video.with_suffix(".csv"))):
        with suppress(FileNotFoundError):  # unfinished files would keep the day open
            other.rename(other.with_suffix(UNREADABLE_SUFFIX))
    part.rename(kept)
    sync_to_disk(video.parent)
    _log.error("%s: holds no frame that can be read, kept as %s", video, kept.name)
    return Repair(None, kept=kept)


def _kept_name(video: Path) -> Path:
    return video.with_name(f"{video.name}{UNREADABLE_SUFFIX}")
