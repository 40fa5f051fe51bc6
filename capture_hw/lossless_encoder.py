"""An H.264 encoder that changes no pixel: decoded pictures in, access units out."""

from __future__ import annotations  # PyAV's types take parameters in stubs only

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

import av
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from capture_hw.camera import CapturedFrame
from capture_hw.driver.annexb import AccessUnit, ParameterSets
from capture_hw.error import EncoderError
from capture_hw.matroska import MILLISECOND

_CODEC: Final = "libx264"
_OPTIONS: Final = {
    "preset": "superfast",
    "tune": "zerolatency",
    # Source: x264 --fullhelp: "--qp: 0 = lossless". Levels, range and chroma stay what they are.
    "qp": "0",
    "forced-idr": "1",
    "sc_threshold": "0",
}
_GROUP_S: Final = 2
"""Contract: a key frame at least every 2 s."""


class LosslessEncoder:
    """An open encoder for pictures like the first one. One thread at a time."""

    def __init__(self, like: av.VideoFrame, rate: Fraction) -> None:
        """Open it for the size, pixel format and range of a picture; raises EncoderError."""
        self._form: Final = _form_of(like)
        self._sets: Final = ParameterSets()
        try:
            self._context: Final = _opened(like, rate)
        except (av.FFmpegError, OSError, ValueError) as error:
            name = like.format.name
            raise EncoderError(
                f"pictures of {name} cannot be kept without loss: {error}"
            ) from error

    def encode(self, frame: av.VideoFrame, time_ms: int) -> Iterator[CapturedFrame]:
        """Take a picture; yield what is encoded now. Raises EncoderError."""
        if _form_of(frame) != self._form:
            raise EncoderError(f"the pictures change at {time_ms} ms: {_form_of(frame)}")
        # A decoder leaves the kind of picture that it found, which would be asked for again.
        frame.pict_type = PictureType.NONE
        frame.pts, frame.time_base = time_ms, MILLISECOND
        yield from self._units(frame)

    def flush(self) -> Iterator[CapturedFrame]:
        """End; yield what was held back. Raises EncoderError."""
        yield from self._units(None)

    def _units(self, frame: av.VideoFrame | None) -> Iterator[CapturedFrame]:
        try:
            packets = self._context.encode(frame)
        except (av.FFmpegError, OSError, ValueError) as error:
            raise EncoderError(f"{_CODEC} without loss: failed: {error}") from error
        for packet in packets:
            unit = self._sets.complete(bytes(packet), flagged=packet.is_keyframe)
            assert unit is not None
            assert packet.pts is not None
            yield _captured(unit, packet.pts)


def _captured(unit: AccessUnit, time_ms: int) -> CapturedFrame:
    return CapturedFrame(time_ms * 1_000_000, 0, unit.content, is_key=unit.is_key)


def _form_of(frame: av.VideoFrame) -> str:
    return f"{frame.width}x{frame.height} {frame.format.name}, range {int(frame.color_range)}"


def _opened(like: av.VideoFrame, rate: Fraction) -> VideoCodecContext:
    context = av.CodecContext.create(_CODEC, "w")
    context.width, context.height = like.width, like.height
    context.pix_fmt = like.format.name
    context.framerate, context.time_base = rate, MILLISECOND
    context.gop_size = max(1, round(rate * _GROUP_S))
    context.max_b_frames = 0
    context.thread_count = 1
    context.color_range = like.color_range
    context.colorspace = like.colorspace
    context.color_primaries = like.color_primaries
    context.color_trc = like.color_trc
    context.options = dict(_OPTIONS)
    context.open()
    return context
