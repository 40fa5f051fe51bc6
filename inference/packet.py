"""The packets of a video stream and the frames that each one promises."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median
from typing import Final

import av
from av.container import InputContainer
from av.stream import Stream
from av.video.stream import VideoStream

from inference.error import VideoError

_MATROSKA: Final = "matroska"
_AVI: Final = "avi"
_OVERHEAD_BYTES: Final = 100
"""More bytes than Matroska puts between two frames: headers of cluster, group and block."""
_SMALLEST_FRAME_BYTES: Final = 16
"""An H.264 picture without any change, in its block; bounds what a damaged time stamp can claim."""
_INTERVALS: Final = 51


class PacketReader:
    """Iterate over a stream's packets; say which frames each one promises.

    `fault` says why reading stopped before the end of the file, None if it did not.
    """

    def __init__(self, path: Path, container: InputContainer, stream: VideoStream) -> None:
        self._path = path
        self._container = container
        self._stream = stream
        reorders = bool(stream.codec_context.has_b_frames)
        self.trusts_times: Final = not (container.format.name == _AVI and reorders)
        """AVI has no time stamps; FFmpeg guesses them, wrongly where frames are reordered."""
        self.is_in_order: Final = not reorders
        self._finds_holes = _MATROSKA in container.format.name and not reorders
        self.fault: str | None = None
        self._expected: list[int] = []
        self._end: int | None = None
        self._last_pts: int | None = None
        self._steps: deque[int] = deque(maxlen=_INTERVALS)

    def __iter__(self) -> Iterator[av.Packet[Stream]]:
        """Raise VideoError if not even one packet can be read."""
        count = 0
        try:
            for packet in self._demuxed():
                if packet.stream_index == self._stream.index:
                    self._expect(packet)
                    count += 1
                    yield packet
                self._move_end(packet)
        except av.error.FFmpegError as error:
            self.fault = reason_of(error)
            if not count:
                raise VideoError(f"{self._path}: cannot be read: {self.fault}") from error

    def take_expected(self) -> list[int]:
        """Return the time stamps promised since the last call."""
        expected, self._expected = self._expected, []
        return expected

    def _demuxed(self) -> Iterator[av.Packet[Stream]]:
        """To find a hole, the bytes of every stream must be known."""
        streams = self._container.streams if self._finds_holes else [self._stream]
        return self._container.demux(*streams)

    def _expect(self, packet: av.Packet[Stream]) -> None:
        pts = packet.pts
        if not packet.size or pts is None or packet.is_discard or not self.trusts_times:
            return
        if self._last_pts is not None:
            if self._finds_holes:
                self._expected += self._swallowed(self._last_pts, pts, packet.pos)
            self._steps.append(pts - self._last_pts)
        self._expected.append(pts)
        self._last_pts = pts

    def _swallowed(self, last_pts: int, pts: int, position: int | None) -> Iterator[int]:
        """Yield the time stamps of frames whose bytes are gone.

        Both signs must be there: bytes that belong to no frame of any stream, and time without
        frames. Time alone is a pause of the camera.
        """
        if self._end is None or position is None or position - self._end <= _OVERHEAD_BYTES:
            return
        interval = median(self._steps) if self._steps else 0
        if interval <= 0:
            return
        room = (position - self._end) // _SMALLEST_FRAME_BYTES
        missing = min(round((pts - last_pts) / interval) - 1, room)
        for number in range(1, missing + 1):
            yield last_pts + number * (pts - last_pts) // (missing + 1)

    def _move_end(self, packet: av.Packet[Stream]) -> None:
        if packet.pos is not None and packet.size:
            self._end = max(self._end or 0, packet.pos + packet.size)


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
