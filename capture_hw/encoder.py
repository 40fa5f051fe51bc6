"""A growing H.264 video of luma pictures, encoded as they come."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.container import OutputContainer
from av.video.frame import PictureType
from av.video.reformatter import ColorRange
from numpy.typing import NDArray

from capture_hw.matroska import MILLISECOND, open_matroska, rate_of, translated

_ENCODER_OPTIONS: Final = {
    "preset": "superfast",
    "tune": "zerolatency",
    "crf": "28",
    "maxrate": "1500k",
    "bufsize": "3000k",
    "forced-idr": "1",
}
"""Source: measured at 704x576 and 25 frames/s; noise multiplies the rate by 8 without a cap."""
_KEY_FRAME_EVERY_MS: Final = 2000
"""Contract: a key frame at least every 2 s."""
_NEUTRAL_CHROMA: Final = 128


class EncodedVideo:
    """An open Matroska file; `finish` or `abandon` it. One thread at a time."""

    def __init__(
        self, path: Path, width: int, height: int, fps: float, tags: Mapping[str, str]
    ) -> None:
        """Create or overwrite the file; raises StorageError or EncoderError.

        Width and height are even; `tags` become the file's Matroska tags.
        """
        self._path: Final = path
        self._size: Final = width, height
        self._frame: Final = _gray_frame(width, height)
        self._last_ms = -1
        self._last_key_ms: int | None = None
        try:
            self._container = open_matroska(path, tags)
        except (av.FFmpegError, OSError) as error:
            raise translated(path, error) from error
        try:
            self._stream: Final = _add_encoder(self._container, width, height, fps)
            self._container.start_encoding()
        except (av.FFmpegError, OSError, ValueError) as error:
            self.abandon()
            raise translated(path, error) from error

    def write(self, picture: NDArray[np.uint8], time_ms: int) -> int:
        """Append a picture: limited-range luma of shape (height, width), borrowed.

        `time_ms` since the file's start grows from picture to picture. Returns the bytes that were
        written. Raises StorageError, EncoderError; ValueError for a picture of another size or a
        time that does not grow.
        """
        width, height = self._size
        if picture.shape != (height, width):
            raise ValueError(f"picture of shape {picture.shape}, not {(height, width)}")
        if time_ms <= self._last_ms:
            raise ValueError(f"time {time_ms} ms does not follow {self._last_ms} ms")
        self._last_ms = time_ms
        luma = self._frame.planes[0]
        samples = np.frombuffer(luma, np.uint8)  # type: ignore[call-overload]
        samples.reshape(-1, luma.line_size)[:height, :width] = picture
        self._frame.pts = time_ms
        self._frame.pict_type = self._kind_of_picture(time_ms)
        return self._mux(self._frame)

    def finish(self) -> None:
        """Write what is left, index and duration, and close; raises StorageError, EncoderError."""
        self._mux(None)
        try:
            self._container.close()
        except (av.FFmpegError, OSError) as error:
            raise translated(self._path, error) from error

    def abandon(self) -> None:
        """Close whatever state the file is in; safe to call twice and after `finish`."""
        with suppress(av.FFmpegError, OSError):  # the error that led here is the one to report
            self._container.close()

    def _kind_of_picture(self, time_ms: int) -> PictureType:
        """By time, not by count: a camera may be slower than it says."""
        if self._last_key_ms is None or time_ms - self._last_key_ms >= _KEY_FRAME_EVERY_MS:
            self._last_key_ms = time_ms
            return PictureType.I
        return PictureType.NONE

    def _mux(self, frame: av.VideoFrame | None) -> int:
        try:
            packets = self._stream.encode(frame)
            size = sum(packet.size for packet in packets)
            self._container.mux(packets)
        except (av.FFmpegError, OSError) as error:
            raise translated(self._path, error) from error
        return size


def _add_encoder(container: OutputContainer, width: int, height: int, fps: float) -> av.VideoStream:
    rate = rate_of(fps)
    stream = container.add_stream("libx264", rate=rate, options=_ENCODER_OPTIONS)
    context = stream.codec_context
    stream.width, stream.height = width, height
    stream.pix_fmt = "yuv420p"
    context.time_base = stream.time_base = MILLISECOND
    context.gop_size = max(1, int(rate * _KEY_FRAME_EVERY_MS / 1000))
    context.max_b_frames = 0
    context.thread_count = 1
    context.color_range = ColorRange.MPEG
    return stream


def _gray_frame(width: int, height: int) -> av.VideoFrame:
    frame = av.VideoFrame(width, height, "yuv420p")
    for plane in frame.planes[1:]:
        np.frombuffer(plane, np.uint8)[:] = _NEUTRAL_CHROMA  # type: ignore[call-overload]
    return frame
