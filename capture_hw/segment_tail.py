"""The whole packets of a segment's file, whose end may be torn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av
from av.container import InputContainer
from av.video.stream import VideoStream

_LENGTH_BYTES: Final = 4
"""Of a NAL unit in Matroska as FFmpeg writes it. Source: ISO/IEC 14496-15, 5.3.3.1."""
_NEVER_IN_A_NAL: Final = b"\0\0\0"
"""Emulation prevention keeps it out. Source: ITU-T H.264, 7.4.1."""
_LATE_MS: Final = 1 << 40


@dataclass(frozen=True, slots=True)
class SegmentTags:
    """What a segment's video says of itself."""

    start_utc_ns: int
    start_monotonic_ns: int
    boot_id: str


def open_segment(path: Path) -> InputContainer | None:
    """Open a segment's video, finished or not; None if it holds no video that can be read."""
    try:
        container = av.open(f"file:{path}", "r", format="matroska", metadata_errors="replace")
    except (av.FFmpegError, OSError):
        return None
    if not container.streams.video:
        container.close()
        return None
    return container


def read_tags(container: InputContainer) -> SegmentTags | None:
    """Return the tags; None if the video is not a recorder's."""
    found = container.metadata
    try:
        return SegmentTags(
            int(found["START_UTC_NS"]), int(found["START_MONOTONIC_NS"]), found.get("BOOT_ID", "")
        )
    except (KeyError, ValueError):
        return None


def whole_packets(container: InputContainer) -> Iterator[av.Packet[VideoStream]]:
    """Yield the video's packets up to the last whole one.

    A damaged packet in the middle is yielded as it is: what follows may still be of use.
    """
    doubtful: list[av.Packet[VideoStream]] = []
    packets = container.demux(container.streams.video[0])
    while (packet := _next(packets)) is not None:
        if not packet.size or packet.pts is None:
            continue
        doubtful.append(packet)
        if is_whole(bytes(packet)):
            yield from doubtful
            doubtful.clear()


def last_frame_ms(path: Path) -> int | None:
    """Return the time of the last whole frame in the file; None if there is none.

    Reads the end only, if FFmpeg finds it; at most some seconds for six hours.
    """
    container = open_segment(path)
    if container is None:
        return None
    with container:
        stream = container.streams.video[0]
        with suppress(av.FFmpegError, OSError):  # without it the whole file is read
            container.seek(_LATE_MS, stream=stream)
        return _last_ms(container)


def is_whole(content: bytes) -> bool:
    """Return whether the NAL units of a packet fill it exactly and none has a hole."""
    start = 0
    while start + _LENGTH_BYTES < len(content):
        body = start + _LENGTH_BYTES
        end = body + int.from_bytes(content[start:body], "big")
        if end == body or end > len(content) or content.find(_NEVER_IN_A_NAL, body, end) >= 0:
            return False
        start = end
    return 0 < start == len(content)


def _last_ms(container: InputContainer) -> int | None:
    last_ms = None
    for packet in whole_packets(container):
        last_ms = packet.pts
    return last_ms


def _next(packets: Iterator[av.Packet[VideoStream]]) -> av.Packet[VideoStream] | None:
    """Where the file is torn FFmpeg may end or complain: both are the end."""
    try:
        return next(packets, None)
    except (av.FFmpegError, OSError):
        return None
