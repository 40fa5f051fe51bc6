"""Reading every frame of a video file, the undecodable ones included; home of PyAV here."""

from __future__ import annotations

import heapq
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import av
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from inference.error import VideoError
from inference.preprocessing import Gray

_PLANAR_8_BIT: Final = re.compile(r"(yuv[aj]?4\d\dp|nv(12|16|21|24)|gray)$")
_PLANAR_DEEP: Final = re.compile(r"(yuva?4\d\dp|gray)(9|10|12|14|16)le$")
_FULL_RANGE_TAG: Final = 2  # AVCOL_RANGE_JPEG, libavutil/pixfmt.h
_NOT_VIDEO: Final = frozenset({"image2", "tty"})
"""FFmpeg's readers of still pictures and of text files, drawn as terminal art."""
_CONTAINER_OVERHEAD_BYTES: Final = 1024
"""More bytes than Matroska puts between two frames of one stream (block and cluster header)."""


@dataclass(frozen=True, slots=True)
class Picture:
    """The luma plane (height, width) of a frame, borrowed from the decoder's buffer."""

    luma: Gray
    full_range: bool


@dataclass(frozen=True, slots=True)
class VideoFrame:
    """One frame of the video in presentation order; `picture` is None if undecodable."""

    index: int
    time_ms: int
    """Since the first frame, by the container's time stamps."""
    picture: Picture | None


class Video:
    """A video file open for one pass over its frames; one thread at a time."""

    def __init__(self, path: Path, container: InputContainer, stream: VideoStream) -> None:
        self._path = path
        self._container = container
        self._stream = stream
        stream.codec_context.thread_type = "NONE"
        stream.codec_context.thread_count = 1
        self.width: Final = stream.codec_context.width
        self.height: Final = stream.codec_context.height
        self.declared_s: Final = _declared_duration_s(container)
        """Duration that the container states, in seconds; None if it states none."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._container.close()

    @property
    def expected_frames(self) -> int | None:
        """How many frames the container promises; an estimate for progress only."""
        if self._stream.frames:
            return self._stream.frames
        rate = self._stream.average_rate
        if self.declared_s is None or rate is None:
            return None
        return round(self.declared_s * rate)

    def frames(self) -> Iterator[VideoFrame]:
        """Yield every frame once; memory does not grow with the video's length.

        A frame that is in the file and cannot be decoded, that the decoder calls corrupt, or
        whose bytes are gone (a hole in the file) is yielded without a picture. Raises VideoError
        if the container itself cannot be read on.
        """
        rate = self._stream.average_rate or Fraction(25)
        time_base = self._stream.time_base or Fraction(1, 1000)
        clock = _FrameClock(time_base, rate)
        for pts, frame in _frames_with_holes(
            self._path, self._container, self._stream, round(1 / rate / time_base)
        ):
            picture = None if frame is None or frame.is_corrupt else _picture_of(frame)
            yield clock.stamp(pts, picture)


def open_video(path: Path) -> Video:
    """Open a video file; raises VideoError, one sentence, if it is not one."""
    _check_readable(path)
    try:
        container = av.open(f"file:{path}", metadata_errors="replace")
    except (av.error.FFmpegError, ValueError) as error:
        raise VideoError(f"{path}: not a readable video: {_reason(error)}") from error
    streams = container.streams.video
    if container.format.name in _NOT_VIDEO or container.format.name.endswith("_pipe"):
        container.close()
        raise VideoError(f"{path}: a text or a still picture, not a video")
    if not streams or not streams[0].codec_context.width:
        container.close()
        raise VideoError(f"{path}: holds no video stream with pictures")
    return Video(path, container, streams[0])


class _FrameClock:
    """Number frames and turn stream time stamps into milliseconds since the first frame."""

    def __init__(self, time_base: Fraction, rate: Fraction) -> None:
        self._time_base = time_base
        self._interval_ms = 1000 / rate
        self._first_pts: int | None = None
        self._index = 0
        self._last_ms = Fraction(0)

    def stamp(self, pts: int | None, picture: Picture | None) -> VideoFrame:
        """Give the next frame its number and time; without a stamp it follows its predecessor."""
        if pts is None:
            time_ms = self._last_ms + self._interval_ms if self._index else Fraction(0)
        else:
            if self._first_pts is None:
                self._first_pts = pts - round(self._last_ms / 1000 / self._time_base)
            time_ms = (pts - self._first_pts) * self._time_base * 1000
        frame = VideoFrame(self._index, round(time_ms), picture)
        self._index += 1
        self._last_ms = time_ms
        return frame


def _frames_with_holes(
    path: Path, container: InputContainer, stream: VideoStream, interval: int
) -> Iterator[tuple[int | None, av.VideoFrame | None]]:
    """Yield (pts, frame) in presentation order, None for each frame that was not decoded."""
    promises = _Promises()
    packets = _PacketReader(path, container, stream, interval)
    for packet in packets:
        promises.add(packets.take_expected())
        try:
            decoded = packet.decode()
        except av.error.FFmpegError:
            if packet.pts is None:
                yield None, None
            continue
        for frame in decoded:
            if not isinstance(frame, av.VideoFrame) or promises.is_broken(frame.pts):
                continue
            yield from ((pts, None) for pts in promises.broken_before(frame.pts))
            promises.keep(frame.pts)
            yield frame.pts, frame
    yield from ((pts, None) for pts in promises.all_broken())


class _Promises:
    """The time stamps of packets whose frame has not come yet.

    The decoder returns frames in the order of their time stamps, so whatever waits before a
    frame that came will never come.
    """

    def __init__(self) -> None:
        self._heap: list[int] = []
        self._open: set[int] = set()
        self._broken: set[int] = set()

    def add(self, stamps: Iterable[int]) -> None:
        for pts in stamps:
            if pts not in self._open:
                self._open.add(pts)
                heapq.heappush(self._heap, pts)

    def keep(self, pts: int | None) -> None:
        if pts is not None:
            self._open.discard(pts)

    def is_broken(self, pts: int | None) -> bool:
        return pts in self._broken

    def broken_before(self, pts: int | None) -> Iterator[int]:
        while self._heap and pts is not None and self._heap[0] < pts:
            yield from self._break_first()

    def all_broken(self) -> Iterator[int]:
        while self._heap:
            yield from self._break_first()

    def _break_first(self) -> Iterator[int]:
        pts = heapq.heappop(self._heap)
        if pts in self._open:
            self._open.discard(pts)
            self._broken.add(pts)
            yield pts


class _PacketReader:
    """Iterate over a stream's packets; say which frames each one promises."""

    def __init__(
        self, path: Path, container: InputContainer, stream: VideoStream, interval: int
    ) -> None:
        self._path = path
        self._container = container
        self._stream = stream
        self._interval = max(1, interval)
        self._expected: list[int] = []
        self._end: tuple[int, int] | None = None

    def __iter__(self) -> Iterator[av.Packet[VideoStream]]:
        try:
            for packet in self._container.demux(self._stream):
                if packet.size and packet.pts is not None and not packet.is_discard:
                    self._expected += [*self._swallowed_by_a_hole(packet), packet.pts]
                yield packet
        except av.error.FFmpegError as error:
            raise VideoError(f"{self._path}: reading stopped: {_reason(error)}") from error

    def take_expected(self) -> list[int]:
        """Return the time stamps promised since the last call."""
        expected, self._expected = self._expected, []
        return expected

    def _swallowed_by_a_hole(self, packet: av.Packet[VideoStream]) -> Iterator[int]:
        """Yield the time stamps of frames whose bytes are gone.

        Both signs must be there: bytes that belong to no frame, and time without frames. Time
        alone is a pause of the camera, bytes alone are another stream.
        """
        pts, position = packet.pts, packet.pos
        if pts is None or position is None:
            return
        if self._end is not None:
            last_pts, end = self._end
            if position - end > _CONTAINER_OVERHEAD_BYTES:
                missing = round((pts - last_pts) / self._interval) - 1
                for number in range(1, missing + 1):
                    yield last_pts + number * self._interval
        self._end = (pts, position + packet.size)


def _picture_of(frame: av.VideoFrame) -> Picture:
    name = frame.format.name
    full_range = frame.color_range == _FULL_RANGE_TAG or name.startswith(("yuvj", "gray"))
    if _PLANAR_8_BIT.match(name):
        return Picture(_plane(frame, np.dtype(np.uint8)).view(np.uint8), full_range)
    if deep := _PLANAR_DEEP.match(name):
        shift = int(deep[2]) - 8
        levels = _plane(frame, np.dtype("<u2")).astype(np.uint32)
        rounded = np.minimum((levels + (1 << (shift - 1))) >> shift, 255).astype(np.uint8)
        return Picture(rounded, full_range)
    gray = frame.reformat(format="gray")  # libswscale expands to full range
    return Picture(_plane(gray, np.dtype(np.uint8)).view(np.uint8), full_range=True)


def _plane(frame: av.VideoFrame, kind: np.dtype[np.generic]) -> NDArray[np.generic]:
    plane = frame.planes[0]
    samples = np.frombuffer(plane, kind)  # type: ignore[call-overload]
    rows: NDArray[np.generic] = samples.reshape(-1, plane.line_size // kind.itemsize)
    return rows[: frame.height, : frame.width]


def _declared_duration_s(container: InputContainer) -> float | None:
    return None if container.duration is None else container.duration / av.time_base


def _check_readable(path: Path) -> None:
    if not path.exists():
        raise VideoError(f"{path}: no such file")
    if not path.is_file():
        raise VideoError(f"{path}: not a file")
    if not os.access(path, os.R_OK):
        raise VideoError(f"{path}: no permission to read it")
    if path.stat().st_size == 0:
        raise VideoError(f"{path}: empty file")


def _reason(error: Exception) -> str:
    """Return FFmpeg's reason without its error number or the path, which we say ourselves."""
    text = getattr(error, "strerror", None) or str(error)
    return text[:1].lower() + text[1:]
