"""One pass over a video file: its frames from the first to the last, decoded or copied."""

from __future__ import annotations  # PyAV's types take parameters in stubs only

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream
from numpy.typing import NDArray

from capture_hw.driver.annexb import AccessUnit, AccessUnits, is_h264
from capture_hw.driver.limited_luma import limited_luma
from capture_hw.driver.video_file import nominal_rate, open_video_file, reason_of
from capture_hw.error import DeviceLost

_AVI: Final = "avi"


@dataclass(frozen=True, slots=True)
class FileFrame:
    """One frame of the file; `pts` in the stream's time base, None if the file does not say."""

    pts: int | None
    lost_before: int
    """Frames in front of it that the file holds and that cannot be given."""
    content: NDArray[np.uint8] | bytes
    is_key: bool


class FilePass:
    """An open file; `frames` can be run once. One thread at a time."""

    def __init__(self, path: Path, *, copy_h264: bool) -> None:
        """Open the file; raises DeviceLost, also if it cannot be copied as H.264."""
        self._path = path
        self._container, stream = open_video_file(path)
        self._copies = copy_h264
        self._stream: Final = stream
        self.time_base: Final = stream.time_base
        self.rate: Final = nominal_rate(stream)
        self.width: Final = stream.codec_context.width & ~1
        self.height: Final = stream.codec_context.height & ~1
        self.lost_at_end = 0
        """Frames that could not be given behind the last one that was; known after `frames`."""
        self.fault: str | None = None
        """Why reading stopped before the end of the file; known after `frames`."""
        if copy_h264 and not is_h264(stream):
            self._refuse(f"holds {stream.codec_context.name} video, and only H.264 can be copied")
        if copy_h264 and stream.codec_context.has_b_frames:
            self._refuse("reorders its frames, so that it cannot be copied")

    def frames(self) -> Iterator[FileFrame]:
        """Yield the frames in order; copied ones begin with a key frame. Raises DeviceLost."""
        try:
            yield from self._copied() if self._copies else self._decoded()
        except av.FFmpegError as error:
            self.fault = reason_of(error)

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self._container.close()

    def _refuse(self, reason: str) -> None:
        self._container.close()
        raise DeviceLost(f"{self._path}: {reason}")

    def _decoded(self) -> Iterator[FileFrame]:
        # AVI has no time stamps; FFmpeg guesses them, wrongly where frames are reordered.
        reorders = bool(self._stream.codec_context.has_b_frames)
        promises = _Promises(trusts_times=not (_is_avi(self._container) and reorders))
        for packet in self._container.demux(self._stream):
            promises.add(packet)
            for frame in _decode(packet, promises):
                pts, lost = promises.keep(frame)
                luma = limited_luma(frame)
                if luma.shape != (self.height, self.width):
                    height, width = luma.shape
                    raise DeviceLost(
                        f"{self._path}: the picture changes"
                        f" from {self.width}x{self.height} to {width}x{height}"
                    )
                yield FileFrame(pts, lost, luma, is_key=True)
        self.lost_at_end = promises.all_broken()

    def _copied(self) -> Iterator[FileFrame]:
        units = AccessUnits(self._stream)
        lost, started, last_pts = 0, False, None
        for packet in self._container.demux(self._stream):
            if not packet.size or packet.is_discard:
                continue
            pts = packet.pts
            unit = _converted(packet, units)
            if unit is None or not (started or unit.is_key):
                lost += 1
                continue
            if pts is not None and last_pts is not None and pts < last_pts:
                self._refuse("reorders its frames, so that it cannot be copied")
            yield FileFrame(pts, lost, unit.content, unit.is_key)
            lost, started, last_pts = 0, True, pts
        self.lost_at_end = lost


class _Promises:
    """Counts the frames that packets promised and the decoder did not give.

    The decoder returns frames in the order of their time stamps, so whatever waits before a frame
    that came will never come. Without time stamps only refused packets count.
    """

    def __init__(self, *, trusts_times: bool) -> None:
        self._trusts_times = trusts_times
        self._waiting: list[int] = []
        self._uncounted = 0

    def add(self, packet: Packet[VideoStream]) -> None:
        """Note what a packet promises."""
        if packet.size and self._names(packet.pts) and not packet.is_discard:
            heapq.heappush(self._waiting, packet.pts or 0)

    def refuse(self, pts: int | None) -> None:
        """Note that a packet or a frame is useless; one with a time stamp waits anyway."""
        if not self._names(pts):
            self._uncounted += 1

    def keep(self, frame: av.VideoFrame) -> tuple[int | None, int]:
        """Return a frame's trusted time stamp and how many frames are lost in front of it."""
        lost, self._uncounted = self._uncounted, 0
        pts = frame.pts
        if pts is None or not self._trusts_times:
            return None, lost
        while self._waiting and self._waiting[0] <= pts:
            lost += heapq.heappop(self._waiting) < pts
        return pts, lost

    def all_broken(self) -> int:
        """Return how many still wait when the file has ended."""
        return len(self._waiting) + self._uncounted

    def _names(self, pts: int | None) -> bool:
        return self._trusts_times and pts is not None


def _decode(packet: Packet[VideoStream], promises: _Promises) -> list[av.VideoFrame]:
    try:
        frames = packet.decode()
    except av.FFmpegError:
        promises.refuse(packet.pts)
        return []
    for frame in frames:
        if frame.is_corrupt:
            promises.refuse(frame.pts)
    return [frame for frame in frames if not frame.is_corrupt]


def _converted(packet: Packet[VideoStream], units: AccessUnits) -> AccessUnit | None:
    try:
        return units.convert(packet)
    except av.FFmpegError:
        return None


def _is_avi(container: InputContainer) -> bool:
    return container.format.name == _AVI
