"""The pictures of a clip before its first key frame, encoded again without loss."""

from __future__ import annotations  # PyAV's types take parameters in stubs only

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

import av
from av.stream import Stream

from capture_hw.camera import CapturedFrame
from capture_hw.lossless_encoder import LosslessEncoder
from capture_hw.matroska import MILLISECOND

_MS: Final = 1_000_000


class ClipHead:
    """Decodes from the key frame before a clip on. One thread at a time."""

    def __init__(self, rate: Fraction) -> None:
        self.rate: Final = rate
        self.frames = 0
        """Pictures that were encoded."""
        self._decoder: Final = av.CodecContext.create("h264", "r")
        # Threads would each keep pictures of their own: as everywhere, a picture a packet.
        self._decoder.thread_type, self._decoder.thread_count = "NONE", 1
        self._encoder: LosslessEncoder | None = None
        self._before: av.VideoFrame | None = None
        self._due: list[int] = []
        """Times of frames that the clip shows and whose picture has not come yet."""

    def add(self, frame: CapturedFrame, *, is_shown: bool) -> Iterator[CapturedFrame]:
        """Take the next access unit; yield what is encoded now. Raises EncoderError."""
        time_ms = frame.captured_ns // _MS
        if is_shown:
            self._due.append(time_ms)
        packet = av.Packet(bytes(frame.content))
        packet.pts = packet.dts = time_ms
        packet.time_base = MILLISECOND
        yield from self._shown(packet)

    def end(self) -> Iterator[CapturedFrame]:
        """Yield the rest; raises EncoderError."""
        yield from self._shown(None)
        yield from self._repeat(len(self._due))
        if self._encoder is not None:
            yield from self._encoder.flush()

    def _shown(self, packet: av.Packet[Stream] | None) -> Iterator[CapturedFrame]:
        try:
            decoded = self._decoder.decode(packet)
        except av.FFmpegError:
            return  # its time stays due, and the picture before it is shown
        for picture in decoded:
            if picture.is_corrupt or picture.pts is None:
                continue
            lost = sum(time_ms < picture.pts for time_ms in self._due)
            yield from self._repeat(lost)
            self._before = picture
            if self._due and self._due[0] == picture.pts:
                yield from self._repeat(1)

    def _repeat(self, count: int) -> Iterator[CapturedFrame]:
        """Encode the newest picture for each of the oldest times that are due."""
        for _ in range(count):
            time_ms = self._due.pop(0)
            if self._before is None:
                continue  # nothing to show: the frame is left out
            if self._encoder is None:
                self._encoder = LosslessEncoder(self._before, self.rate)
            self.frames += 1
            yield from self._encoder.encode(self._before, time_ms)
