"""Giving a segment that its recorder did not finish an index, a duration and its final name.

Nothing is ever changed in place: a follower of the unfinished file reads on undisturbed. The order
of the steps lets a second repair finish what a killed one began:

1. `.mkv.part` is copied, packet by packet, into `.mkv.repair`, which is then synced;
2. if much lies behind the last whole packet, `.mkv.part` gets the second name `.mkv.unreadable`;
3. `.mkv.repair` is renamed to `.mkv`, and the folder is synced;
4. `.mkv.part` is removed.
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
from av.container import InputContainer

from capture_hw.error import StorageError
from capture_hw.matroska import MILLISECOND, open_matroska, translated
from capture_hw.segment_journal import journal_path
from capture_hw.segment_place import REPAIR_SUFFIX, UNREADABLE_SUFFIX
from capture_hw.segment_tail import NOTHING_IN_IT_BYTES, open_segment, whole_packets
from disk.durable_file import PART_SUFFIX, part_path, publish, sync_to_disk

_TORN_END_BYTES: Final = 65_536
"""More than a torn frame: what is longer may hold frames that a person can rescue."""
_CUES: Final = b"\x1c\x53\xbb\x6b"
"""The index, with which a file ends in order. Source: RFC 9559, 5.1.5."""
_ELEMENT_HEADER_BYTES: Final = 64
"""More than the heads of a cluster and a block, and the next element's name."""
REPAIRED_TAG: Final = "REPAIRED"
_ENCODER_TAG: Final = "ENCODER"
_log = logging.getLogger(__name__)


class RepairStopped(Exception):
    """The repair was told to stop; the next one begins again."""


@dataclass(slots=True)
class _Copied:
    """How far a copy came; position and size are of the last packet, in the original."""

    frames: int = 0
    position: int = 0
    size: int = 0


def repair_segment(part: Path, is_stopped: Callable[[], bool]) -> Path | None:
    """Turn `<stem>.mkv.part` into `<stem>.mkv`; return its path, None if there was no frame.

    A short file without a frame is removed with its journal. A long file without one is kept as
    `<stem>.mkv.unreadable` for a person, and so is one that goes on behind its last whole frame.
    Raises StorageError if the disk refuses something now, RepairStopped.
    """
    video = part.with_name(part.name.removesuffix(PART_SUFFIX))
    try:
        if not video.exists() and not _copied(part, video, is_stopped):
            _put_away(part, video)
            return None
        part.unlink(missing_ok=True)
        sync_to_disk(part.parent)
    except (av.FFmpegError, OSError) as error:
        raise translated_to_storage(video, error) from error
    return video


def translated_to_storage(video: Path, error: Exception) -> StorageError:
    """Return what stopped a repair as one sentence."""
    return StorageError(f"{video}: cannot be repaired now: {translated(video, error)}")


def _copied(part: Path, video: Path, is_stopped: Callable[[], bool]) -> bool:
    """Copy all whole frames and publish the copy; return whether there was one."""
    source = open_segment(part)
    if source is None:
        return False
    copy = video.with_name(video.name + REPAIR_SUFFIX)
    with source:
        try:
            copied = _copy_packets(source, copy, is_stopped)
        except BaseException:
            copy.unlink(missing_ok=True)
            raise
    if not copied.frames:
        copy.unlink(missing_ok=True)
        return False
    sync_to_disk(copy)
    if _goes_on(part, copied):
        _keep_original(part, video)
    publish(copy, video)
    _log.info("%s: repaired, %d frames", video, copied.frames)
    return True


def _copy_packets(source: InputContainer, copy: Path, is_stopped: Callable[[], bool]) -> _Copied:
    tags = {name: value for name, value in source.metadata.items() if name != _ENCODER_TAG}
    tags[REPAIRED_TAG] = "1"
    copied = _Copied()
    with open_matroska(copy, tags, flushed=False) as target:
        original = source.streams.video[0]
        stream = target.add_stream_from_template(original)
        stream.time_base = MILLISECOND
        if original.average_rate is not None:
            stream.codec_context.framerate = original.average_rate
        for packet in whole_packets(source):
            if is_stopped():
                raise RepairStopped(f"{copy}: stopped after {copied.frames} frames")
            copied.position, copied.size = packet.pos or 0, packet.size
            packet.stream = stream
            target.mux(packet)
            copied.frames += 1
    return copied


def _goes_on(part: Path, copied: _Copied) -> bool:
    """Return whether more than a torn frame or an index lies behind the last whole packet."""
    end = copied.position + copied.size
    if part.stat().st_size - end <= _TORN_END_BYTES:
        return False
    with part.open("rb") as file:
        file.seek(end)
        return _CUES not in file.read(_ELEMENT_HEADER_BYTES)


def _keep_original(part: Path, video: Path) -> None:
    kept = _kept_name(video)
    with suppress(FileExistsError):  # a killed repair came as far as this
        os.link(part, kept)
    _log.error("%s: cannot be read to its end, the original is kept as %s", video, kept.name)


def _put_away(part: Path, video: Path) -> None:
    """Deal with a file in which no frame can be found."""
    if part.stat().st_size <= NOTHING_IN_IT_BYTES:
        part.unlink()
        journal_path(video).unlink(missing_ok=True)
        _log.info("%s: removed, it held no frame", part)
        return
    kept = _kept_name(video)
    for other in (journal_path(video), part_path(video.with_suffix(".csv"))):
        with suppress(FileNotFoundError):  # unfinished files would keep the day open
            other.rename(other.with_suffix(UNREADABLE_SUFFIX))
    part.rename(kept)
    sync_to_disk(video.parent)
    _log.error("%s: holds no frame that can be read, kept as %s", video, kept.name)


def _kept_name(video: Path) -> Path:
    return video.with_name(f"{video.name}{UNREADABLE_SUFFIX}")
