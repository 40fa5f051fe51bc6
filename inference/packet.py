"""The packets of a video stream and the frames that each one promises."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from inference.error import VideoError

_CONTAINER_OVERHEAD_BYTES: Final = 1024
"""More bytes than Matroska puts between two frames of one stream (block and cluster header)."""
_SMALLEST_FRAME_BYTES: Final = 16
"""An H.264 picture without any change, in its block; bounds what a damaged time stamp can claim."""


class PacketReader:
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
            raise VideoError(f"{self._path}: reading stopped: {reason_of(error)}") from error

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
                room = (position - end) // _SMALLEST_FRAME_BYTES
                missing = min(round((pts - last_pts) / self._interval) - 1, room)
                for number in range(1, missing + 1):
                    yield last_pts + number * self._interval
        self._end = (pts, position + packet.size)


class Promises:
    """The time stamps of packets whose frame has not come yet.

    The decoder returns frames in the order of their time stamps, so whatever waits before a
    frame that came will never come.
    """

    def __init__(self) -> None:
        self._heap: list[int] = []
        self._open: set[int] = set()
        self._broken: set[int] = set()

    def add(self, stamps: Iterable[int]) -> None:
        """Note what packets promise; a second packet of the same moment promises nothing new."""
        for pts in stamps:
            if pts not in self._open:
                self._open.add(pts)
                heapq.heappush(self._heap, pts)

    def keep(self, pts: int | None) -> None:
        """Note that a frame came."""
        if pts is not None:
            self._open.discard(pts)

    def is_broken(self, pts: int | None) -> bool:
        """Say whether this moment has been given up already."""
        return pts in self._broken

    def broken_before(self, pts: int | None) -> Iterator[int]:
        """Give up and yield what waits from before a frame that came."""
        while self._heap and pts is not None and self._heap[0] < pts:
            yield from self._break_first()

    def all_broken(self) -> Iterator[int]:
        """Give up and yield everything that still waits."""
        while self._heap:
            yield from self._break_first()

    def _break_first(self) -> Iterator[int]:
        pts = heapq.heappop(self._heap)
        if pts in self._open:
            self._open.discard(pts)
            self._broken.add(pts)
            yield pts


def reason_of(error: Exception) -> str:
    """Return FFmpeg's reason without its error number or the path, which we say ourselves."""
    text = getattr(error, "strerror", None) or str(error)
    return text[:1].lower() + text[1:]
