"""Giving a segment that its recorder did not finish an index, a duration and its final name.

Nothing is ever changed in place: a follower of the unfinished file reads on undisturbed. The order
of the steps lets a second repair finish what a killed one began:

1. `.mkv.part` is copied, packet by packet, into `.mkv.repair`, which is then synced;
2. `.mkv.repair` is renamed to `.mkv`, and the folder is synced;
3. `.mkv.part` is removed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

import av
from av.container import InputContainer

from capture_hw.error import StorageError
from capture_hw.matroska import MILLISECOND, open_matroska, translated
from capture_hw.segment_journal import journal_path
from capture_hw.segment_place import REPAIR_SUFFIX
from capture_hw.segment_tail import open_segment, whole_packets
from disk.durable_file import PART_SUFFIX, publish, sync_to_disk

_NOTHING_IN_IT_BYTES: Final = 65_536
"""More than a header: a longer file had frames once."""
REPAIRED_TAG: Final = "REPAIRED"
_ENCODER_TAG: Final = "ENCODER"
_log = logging.getLogger(__name__)


class RepairStopped(Exception):
    """The repair was told to stop; the next one begins again."""


def repair_segment(part: Path, is_stopped: Callable[[], bool]) -> Path | None:
    """Turn `<stem>.mkv.part` into `<stem>.mkv`; return its path, None if there was no frame.

    A file without a frame is removed with its journal. A long file that cannot be read at all is
    kept as `<stem>.mkv.unreadable` for a person. Raises StorageError, RepairStopped.
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
            frames = _copy_packets(source, copy, is_stopped)
        except BaseException:
            copy.unlink(missing_ok=True)
            raise
    if not frames:
        copy.unlink(missing_ok=True)
        return False
    sync_to_disk(copy)
    publish(copy, video)
    _log.info("%s: repaired, %d frames", video, frames)
    return True


def _copy_packets(source: InputContainer, copy: Path, is_stopped: Callable[[], bool]) -> int:
    tags = {name: value for name, value in source.metadata.items() if name != _ENCODER_TAG}
    tags[REPAIRED_TAG] = "1"
    frames = 0
    with open_matroska(copy, tags, flushed=False) as target:
        original = source.streams.video[0]
        stream = target.add_stream_from_template(original)
        stream.time_base = MILLISECOND
        if original.average_rate is not None:
            stream.codec_context.framerate = original.average_rate
        for packet in whole_packets(source):
            if is_stopped():
                raise RepairStopped(f"{copy}: stopped after {frames} frames")
            packet.stream = stream
            target.mux(packet)
            frames += 1
    return frames


def _put_away(part: Path, video: Path) -> None:
    """Deal with a file in which no frame can be found."""
    if part.stat().st_size <= _NOTHING_IN_IT_BYTES:
        part.unlink()
        journal_path(video).unlink(missing_ok=True)
        _log.info("%s: removed, it held no frame", part)
        return
    part.rename(video.with_name(f"{video.name}.unreadable"))
    _log.warning("%s: cannot be read, kept as %s.unreadable", part, video.name)
