"""What the packets of a video say, without decoding one: times, key frames, index, tags."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
from av.container import InputContainer

from capture_hw.ebml import FileIndex, read_index
from capture_hw.error import CaptureError

_MATROSKA: Final = "matroska"


class NoVideo(CaptureError):
    """A file holds no video that can be read."""


class ScanStopped(Exception):
    """The scan was told to stop."""


@dataclass(slots=True)
class VideoScan:
    """A video's packets in the order of the file; times are the container's, not from 0."""

    is_matroska: bool
    is_reordered: bool
    """Whether it has B-frames."""
    index: FileIndex
    tags: dict[str, str]
    times_ms: array[int] = field(default_factory=lambda: array("q"))
    """Of all packets, 64 bits each."""
    key_frames: array[int] = field(default_factory=lambda: array("q"))
    """The numbers of those that can be decoded alone."""
    fault: str | None = None
    """Why reading stopped before the end; None if it did not."""


def scan_video(path: Path, on_frame: Callable[[int], bool]) -> VideoScan:
    """Read all packets of a video in any container.

    `on_frame` is called with the number of each packet, and ends the scan if it returns true.
    Raises NoVideo, ScanStopped, OSError.
    """
    index = read_index(path)
    try:
        container = av.open(f"file:{path}", "r", metadata_errors="replace")
    except (av.FFmpegError, ValueError) as error:
        raise NoVideo(f"{path}: not a readable video: {_reason(error)}") from error
    with container:
        if not container.streams.video:
            raise NoVideo(f"{path}: holds no video stream")
        scan = VideoScan(
            is_matroska=_MATROSKA in container.format.name,
            is_reordered=bool(container.streams.video[0].codec_context.has_b_frames),
            index=index,
            tags=dict(container.metadata),
        )
        try:
            _read(container, scan, on_frame)
        except av.FFmpegError as error:
            scan.fault = _reason(error)
    return scan


def _read(container: InputContainer, scan: VideoScan, on_frame: Callable[[int], bool]) -> None:
    stream = container.streams.video[0]
    tick_ms = (stream.time_base or Fraction(1, 1000)) * 1000
    for packet in container.demux(stream):
        if not packet.size:
            continue
        number = len(scan.times_ms)
        if on_frame(number):
            raise ScanStopped
        before_ms = scan.times_ms[-1] if number else 0
        time_ms = before_ms if packet.pts is None else round(packet.pts * tick_ms)
        if packet.pts is not None and packet.dts is not None and packet.pts != packet.dts:
            scan.is_reordered = scan.is_reordered or packet.pts < packet.dts
        if packet.is_keyframe:
            scan.key_frames.append(number)
        scan.times_ms.append(time_ms)


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)
