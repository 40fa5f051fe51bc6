"""The whole packets of a segment's file, whose end may be torn."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from capture_hw.error import StorageError

NOTHING_IN_IT_BYTES: Final = 65_536
"""More than a header: a longer file had frames once."""
_LENGTH_BYTES: Final = 4
"""Of a NAL unit in Matroska as FFmpeg writes it. Source: ISO/IEC 14496-15, 5.3.3.1."""
_NEVER_IN_A_NAL: Final = b"\0\0\0"
"""Emulation prevention keeps it out. Source: ITU-T H.264, 7.4.1."""
_LATE_MS: Final = 1 << 40
_TORN: Final = av.error.EOFError, av.error.InvalidDataError
"""What FFmpeg says of content; any other error is the disk's."""


@dataclass(frozen=True, slots=True)
class SegmentTags:
    """What a segment's video says of itself."""

    start_utc_ns: int
    start_monotonic_ns: int
    boot_id: str


def open_segment(path: Path) -> InputContainer | None:
    """Open a segment's video, finished or not; None if its content is no video.

    Raises StorageError if the disk does not give the content.
    """
    try:
        container = av.open(f"file:{path}", "r", format="matroska", metadata_errors="replace")
    except _TORN:
        _check_readable(path)
        return None
    except (av.FFmpegError, OSError) as error:
        raise _refused(path, error) from error
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

    A damaged packet in the middle is yielded as it is: what follows may still be of use. One whose
    units end in zeros may be a camera's padding or torn by a power cut: the next packet tells.
    Raises StorageError if the disk does not give the content.
    """
    doubtful: list[av.Packet[VideoStream]] = []
    only_padded = True
    for packet in _packets(container):
        content = bytes(packet)
        is_padded = not is_whole(content) and is_whole(content, may_be_padded=True)
        if is_padded and only_padded:
            yield from doubtful
            doubtful = [packet]
            continue
        doubtful.append(packet)
        only_padded = is_whole(content)
        if only_padded:
            yield from doubtful
            doubtful = []


def last_frame_ms(path: Path) -> int | None:
    """Return the time of the last whole frame in the file; None if there is none.

    Reads the end only, if FFmpeg finds it; at most some seconds for six hours. Raises StorageError
    if the disk does not give the content.
    """
    last_ms = _last_ms(path, only_end=True)
    return last_ms if last_ms is not None else _last_ms(path, only_end=False)


def is_whole(content: bytes, *, may_be_padded: bool = False) -> bool:
    """Return whether the NAL units of a packet fill it exactly and none has a hole.

    Zeros at the end of a unit are a hole, unless it `may_be_padded`. Source: ITU-T H.264, B.1.1,
    trailing_zero_8bits.
    """
    start = 0
    while start + _LENGTH_BYTES < len(content):
        body = start + _LENGTH_BYTES
        end = body + int.from_bytes(content[start:body], "big")
        if end == body or end > len(content):
            return False
        unit = content[body:end].rstrip(b"\0") if may_be_padded else content[body:end]
        if not unit or _NEVER_IN_A_NAL in unit:
            return False
        start = end
    return 0 < start == len(content)


def _last_ms(path: Path, *, only_end: bool) -> int | None:
    """Read a video, or its end, where an index may lead behind the last whole frame."""
    container = open_segment(path)
    if container is None:
        return None
    last_ms = None
    with container:
        if only_end:
            with suppress(av.FFmpegError, OSError):  # without it the whole file is read
                container.seek(_LATE_MS, stream=container.streams.video[0])
        for packet in whole_packets(container):
            last_ms = packet.pts
    return last_ms


def _packets(container: InputContainer) -> Iterator[av.Packet[VideoStream]]:
    """Yield all packets with content; where the file is torn FFmpeg may end or complain."""
    try:
        for packet in container.demux(container.streams.video[0]):
            if packet.size and packet.pts is not None:
                yield packet
    except _TORN:
        return
    except (av.FFmpegError, OSError) as error:
        raise _refused(Path(container.name.removeprefix("file:")), error) from error


def _check_readable(path: Path) -> None:
    """Raise StorageError if a file's beginning cannot be read: FFmpeg calls that invalid too."""
    try:
        with path.open("rb") as file:
            file.read(NOTHING_IN_IT_BYTES)
    except OSError as error:
        raise _refused(path, error) from error


def _refused(path: Path, error: Exception) -> StorageError:
    number = getattr(error, "errno", None)
    is_known = isinstance(error, OSError) and number is not None
    reason = os.strerror(number or 0) if is_known else str(error)
    return StorageError(f"{path}: cannot be read: {reason}")
