"""An H.264 encoder for one camera's pictures: luma in, access units out."""

from __future__ import annotations  # PyAV's types take parameters in stubs only

from dataclasses import replace
from typing import Final, cast

import av
import numpy as np
from av.codec.hwaccel import HWAccel
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType
from av.video.reformatter import ColorRange, Colorspace
from numpy.typing import NDArray

from capture_hw.camera import CameraFormat, CapturedFrame
from capture_hw.driver.annexb import ParameterSets
from capture_hw.encoder_setting import EncoderSetting
from capture_hw.error import EncoderError
from capture_hw.matroska import rate_of

_KEY_FRAME_EVERY_NS: Final = 2_000_000_000
"""Contract: a key frame at least every 2 s."""
_LONGEST_GROUP_S: Final = 4
"""If an encoder should overhear that a key frame was asked for."""
_NEUTRAL_CHROMA: Final = 128
MOST_WAITING: Final = 1
"""Pictures that an encoder may hold back; a kill costs them, and one that is on its way."""
_PATIENCE: Final = 6
"""Pictures in a row that may come back later: at the beginning, or while hardware is busy."""


class PictureEncoder:
    """An open encoder. One thread at a time; it ends with `flush`, or by being forgotten."""

    def __init__(self, camera_format: CameraFormat, setting: EncoderSetting) -> None:
        """Open it; raises EncoderError. Width and height of the pictures are even."""
        self.description: Final = setting.description
        self._size: Final = camera_format.width, camera_format.height
        self._interval_ns: Final = round(1e9 / camera_format.fps)
        self._frame: Final = _gray_frame(*self._size, setting.pixel_format)
        self._waiting: Final[dict[int, CapturedFrame]] = {}
        """Frames whose unit has not come yet, by their number."""
        self._number = 0
        """Of the next frame that comes in."""
        self._next = 0
        """Of the next one that comes out."""
        self._late = 0
        """Pictures in a row with which more were waiting than may."""
        self._last_key_ns: int | None = None
        self._sets: Final = ParameterSets()
        try:
            self._context: Final = _opened(camera_format, setting)
        except (av.FFmpegError, OSError, ValueError, NotImplementedError) as error:
            raise EncoderError(f"{setting.codec}: cannot be opened: {error}") from error

    @property
    def waiting(self) -> tuple[CapturedFrame, ...]:
        """The frames that were taken and are in no unit yet, also after an error."""
        return tuple(self._waiting.values())

    def encode(self, frame: CapturedFrame, *, force_key: bool = False) -> list[CapturedFrame]:
        """Take a frame of luma, borrowed; return those that are encoded now, in order.

        They are Annex B, a key frame begins with its parameter sets. Raises EncoderError;
        ValueError for a picture of another size.
        """
        width, height = self._size
        picture = frame.content
        if not isinstance(picture, np.ndarray):
            raise EncoderError(f"{self.description}: the camera changed what it delivers")
        if picture.shape != (height, width):
            raise ValueError(f"picture of shape {picture.shape}, not {(height, width)}")
        _samples(self._frame, 0)[:height, :width] = picture
        self._frame.pts = self._number
        self._frame.pict_type = self._kind_of_picture(frame.captured_ns, force_key=force_key)
        self._waiting[self._number] = frame
        self._number += 1
        held_back = len(self._waiting) - 1
        self._late = self._late + 1 if held_back > MOST_WAITING else 0
        if self._late > _PATIENCE:
            raise EncoderError(f"{self.description}: holds back {held_back} pictures")
        return self._units(self._frame)

    def flush(self) -> list[CapturedFrame]:
        """End; return what was still held back. Raises EncoderError."""
        return self._units(None)

    def _kind_of_picture(self, captured_ns: int, *, force_key: bool) -> PictureType:
        """By time, not by count: a camera may be slower than it says."""
        since_ns = captured_ns - (self._last_key_ns or 0) + self._interval_ns // 2
        if force_key or self._last_key_ns is None or since_ns >= _KEY_FRAME_EVERY_NS:
            self._last_key_ns = captured_ns
            return PictureType.I
        return PictureType.NONE

    def _units(self, frame: av.VideoFrame | None) -> list[CapturedFrame]:
        try:
            packets = self._context.encode(frame)
        except (av.FFmpegError, OSError, ValueError) as error:
            raise EncoderError(f"{self.description}: failed: {error}") from error
        units = [self._unit(number, packet) for number, packet in enumerate(packets, self._next)]
        # Only now: what an error leaves in `waiting` can be given to another encoder.
        for number in range(self._next, self._next + len(units)):
            del self._waiting[number]
        self._next += len(units)
        return units

    def _unit(self, number: int, packet: Packet[av.VideoStream]) -> CapturedFrame:
        """Return a packet as the frame that was taken as `number`, the oldest that waits."""
        frame = self._waiting.get(number)
        unit = self._sets.complete(bytes(packet), flagged=packet.is_keyframe)
        if frame is None or packet.pts != number or unit is None:
            raise EncoderError(f"{self.description}: gave picture {packet.pts}, not {number}")
        return replace(frame, content=unit.content, is_key=unit.is_key)


def _opened(camera_format: CameraFormat, setting: EncoderSetting) -> VideoCodecContext:
    device = HWAccel(setting.device_kind) if setting.device_kind else None
    context = cast(VideoCodecContext, av.CodecContext.create(setting.codec, "w", device))
    rate = rate_of(camera_format.fps)
    context.width, context.height = camera_format.width, camera_format.height
    context.pix_fmt = setting.pixel_format
    context.framerate, context.time_base = rate, 1 / rate
    context.gop_size = max(1, round(camera_format.fps * _LONGEST_GROUP_S))
    context.max_b_frames = 0
    context.thread_count = 1
    context.color_range = ColorRange.MPEG
    # Gray has no matrix, but the range is written into the stream only beside one.
    context.colorspace = Colorspace.ITU601
    context.options = dict(setting.options)
    context.open()
    return context


def _gray_frame(width: int, height: int, pixel_format: str) -> av.VideoFrame:
    """Luma is written directly: FFmpeg's conversion from gray would change the levels."""
    frame = av.VideoFrame(width, height, pixel_format)
    for plane in range(1, len(frame.planes)):
        _samples(frame, plane)[:] = _NEUTRAL_CHROMA
    frame.color_range = ColorRange.MPEG
    frame.colorspace = Colorspace.ITU601
    return frame


def _samples(frame: av.VideoFrame, plane: int) -> NDArray[np.uint8]:
    samples = frame.planes[plane]
    flat: NDArray[np.uint8] = np.frombuffer(samples, np.uint8)  # type: ignore[call-overload]
    return flat.reshape(-1, samples.line_size)
