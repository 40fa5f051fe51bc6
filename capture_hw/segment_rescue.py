"""All frames of a segment's file that can be found, also behind a damaged stretch.

FFmpeg's reader looks for the next cluster behind a hole. It cannot help where a length is damaged:
it then passes over clusters that are whole. Nor does it doubt a time. Both are dealt with here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Final, cast

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from capture_hw.ebml import blocks_between
from capture_hw.matroska import MILLISECOND
from capture_hw.segment_tail import is_whole, whole_packets

BETWEEN_FRAMES_BYTES: Final = 100
"""More than Matroska puts between two frames: heads of cluster, time and block."""
_BLOCK_HEAD_BYTES: Final = 4
"""Track, time and flags, at which FFmpeg's position points. Source: RFC 9559, 10.2."""
_READ_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class StoredFrame:
    """A frame of a segment's file; `position` and `size` say where its bytes lie."""

    packet: av.Packet[VideoStream]
    time_ms: int
    position: int
    size: int

    @property
    def end(self) -> int:
        """Where its bytes end."""
        return self.position + self.size


def stored_frames(
    container: InputContainer, path: Path, on_left_out: Callable[[], None]
) -> Iterator[StoredFrame]:
    """Yield the frames with growing times; `path` is the container's file.

    A frame whose time cannot be right is left out, and `on_left_out` called: the bytes between two
    that follow each other tell. Raises StorageError, OSError.
    """
    with path.open("rb", buffering=0) as file:
        yield from _growing(_all_frames(container, file), on_left_out)


def content_bytes_between(path: Path, start: int, end: int) -> int:
    """Return how many bytes of a stretch are not zero: a hole of zeros holds nothing."""
    count = 0
    with path.open("rb") as file:
        file.seek(start)
        while start < end and (block := file.read(min(_READ_BYTES, end - start))):
            start += len(block)
            count += len(block) - block.count(0)
    return count


def _all_frames(container: InputContainer, file: FileIO) -> Iterator[StoredFrame]:
    end: int | None = None
    for packet in whole_packets(container):
        position = (packet.pos or 0) + _BLOCK_HEAD_BYTES
        if end is not None and position - end > BETWEEN_FRAMES_BYTES:
            yield from _swallowed(file, end, position)
        yield StoredFrame(packet, packet.pts or 0, position, packet.size)
        end = max(end or 0, position + packet.size)
    if end is not None:
        yield from _swallowed(file, end, file.seek(0, os.SEEK_END))


def _swallowed(file: FileIO, start: int, end: int) -> Iterator[StoredFrame]:
    for block in blocks_between(file.fileno(), start, end):
        if not is_whole(block.content):
            continue
        packet = cast("av.Packet[VideoStream]", av.Packet(block.content))
        packet.time_base = MILLISECOND
        packet.pts = packet.dts = block.time_ms
        packet.is_keyframe = block.is_key
        yield StoredFrame(packet, block.time_ms, block.position, len(block.content))


def _growing(
    frames: Iterator[StoredFrame], on_left_out: Callable[[], None]
) -> Iterator[StoredFrame]:
    """Leave out a frame that is later than its successor, or else the successor."""
    before_ms = -1
    held: StoredFrame | None = None
    for frame in frames:
        if held is None or frame.time_ms > held.time_ms:
            if held is not None:
                before_ms = held.time_ms
                yield held
            if frame.time_ms > before_ms:
                held = frame
        else:
            on_left_out()
            if frame.time_ms > before_ms:
                held = frame
    if held is not None:
        yield held
