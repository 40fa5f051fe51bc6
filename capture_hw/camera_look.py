"""Looking through a camera: decoded pictures, whatever it delivers."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from numpy.typing import NDArray

from capture_hw.camera import Camera, CapturedFrame
from capture_hw.driver.limited_luma import limited_luma
from capture_hw.error import DeviceLost, DeviceStalled


@dataclass(frozen=True, slots=True)
class SeenPicture:
    """A picture and when it was taken."""

    captured_ns: int
    """On CLOCK_MONOTONIC."""
    luma: NDArray[np.uint8]
    """Limited range, of shape (height, width)."""
    is_key: bool
    """Whether the recorder would make or has got a key frame of it; always for luma."""


@dataclass(frozen=True, slots=True)
class LookResult:
    """What is kept of many pictures: when they were taken, and the last one."""

    captured_ns: tuple[int, ...]
    """On CLOCK_MONOTONIC; at least two."""
    luma: NDArray[np.uint8]
    """Limited range, of shape (height, width)."""


def look_over(camera: Camera, for_s: float) -> LookResult:
    """Look through an open camera for so long; one picture at a time is held.

    Raises DeviceLost as `look` does, and for fewer than two pictures.
    """
    captured_ns: list[int] = []
    luma = None
    for picture in look(camera, for_s):
        captured_ns.append(picture.captured_ns)
        luma = picture.luma
    if luma is None or len(captured_ns) < 2:
        raise DeviceLost(f"{len(captured_ns)} pictures in {for_s:g} s are too few")
    return LookResult(tuple(captured_ns), luma)


def look(camera: Camera, for_s: float, silence_s: float = 2.0) -> Iterator[SeenPicture]:
    """Yield the pictures that an open camera takes from now on, for so long.

    What it took earlier and still had waiting is left out. H.264 is shown from a key frame on,
    which may be one of those. Raises DeviceLost, also for a camera that is silent for `silence_s`
    or whose H.264 cannot be decoded.
    """
    decoder = Decoder() if camera.format.codec == "h264" else None
    begin_ns = time.monotonic_ns()
    end_ns = begin_ns + round(for_s * 1e9)
    while True:
        try:
            frame = camera.read(silence_s)
        except DeviceStalled as error:
            raise DeviceLost(str(error)) from error
        if frame.captured_ns >= end_ns:
            return
        pictures = _seen(frame) if decoder is None else decoder.seen(frame)
        # Also asked for those that are left out: a decoder needs them for the next.
        yield from (picture for picture in pictures if picture.captured_ns >= begin_ns)


def _seen(frame: CapturedFrame) -> Iterator[SeenPicture]:
    assert isinstance(frame.content, np.ndarray)
    yield SeenPicture(frame.captured_ns, frame.content, is_key=True)


class Decoder:
    """Decodes a camera's access units one by one; one thread at a time."""

    def __init__(self) -> None:
        decoder = av.CodecContext.create("h264", "r")
        assert isinstance(decoder, VideoCodecContext)
        self._decoder = decoder
        self._decoder.thread_count = 1  # more would hold pictures back
        self._has_begun = False

    def seen(self, frame: CapturedFrame) -> Iterator[SeenPicture]:
        """Yield a unit's picture; nothing before the first key frame. Raises DeviceLost."""
        self._has_begun = self._has_begun or frame.is_key
        if not self._has_begun:
            return
        assert isinstance(frame.content, bytes)
        try:
            pictures = self._decoder.decode(av.Packet(frame.content))
        except av.FFmpegError as error:
            raise DeviceLost(f"the camera's H.264 cannot be decoded: {error.strerror}") from error
        for picture in pictures:
            yield SeenPicture(frame.captured_ns, limited_luma(picture), frame.is_key)
