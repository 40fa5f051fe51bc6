"""Writes luma pictures to an H.264 video in a Matroska file that survives a crash."""

import errno
import os
from collections.abc import Mapping
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import av
import numpy as np
from av.video.reformatter import ColorRange
from numpy.typing import NDArray

from capture_hw.error import CaptureError, EncoderError, StorageError

_ENCODER_OPTIONS: Final = {
    "preset": "superfast",
    "tune": "zerolatency",
    "crf": "28",
    "maxrate": "1500k",
    "bufsize": "3000k",
}
"""Source: measured at 704x576 and 25 frames/s; noise multiplies the rate by 8 without a cap."""
_KEY_FRAME_EVERY: Final = 50
"""Contract: a key frame at least every 2 s."""
_MUXER_OPTIONS: Final = {"cluster_time_limit": "0", "flush_packets": "1"}
"""A cluster per frame: a reader is one frame behind, a crash costs one frame."""
_NEUTRAL_CHROMA: Final = 128
_MILLISECOND: Final = Fraction(1, 1000)
_STORAGE_ERRNOS: Final = {
    errno.ENOSPC,
    errno.EIO,
    errno.EROFS,
    errno.EDQUOT,
    errno.EACCES,
    errno.EPERM,
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EFBIG,
}


class H264Writer:
    """A video file being written; a context manager.

    The file is `<path>.part` until the block ends well; then it is on the disk under its name.
    If the block raises, nothing is left under either name. One thread at a time.
    """

    def __init__(
        self, path: Path, width: int, height: int, fps: int, tags: Mapping[str, str] | None = None
    ) -> None:
        """Describe the file; nothing is opened before the block begins.

        Width and height are even; `tags` become the file's Matroska tags.
        """
        self._path = path
        self._part = path.with_name(path.name + ".part")
        self._size = width, height
        self._fps = fps
        self._tags = dict(tags or {})
        self._frame = av.VideoFrame(width, height, "yuv420p")
        self._last_ms = -1
        for plane in self._frame.planes[1:]:
            np.frombuffer(plane, np.uint8)[:] = _NEUTRAL_CHROMA  # type: ignore[call-overload]

    def __enter__(self) -> Self:
        """Create the file; raises StorageError or EncoderError."""
        try:
            self._container = av.open(
                str(self._part), "w", format="matroska", options=dict(_MUXER_OPTIONS)
            )
        except OSError as error:
            raise self._translated(error) from error
        try:
            self._stream = self._open_stream()
        except (av.FFmpegError, OSError, ValueError) as error:
            self._discard()
            raise self._translated(error) from error
        return self

    def write(self, picture: NDArray[np.uint8], time_ms: int) -> None:
        """Append a picture: limited-range luma of shape (height, width), borrowed.

        `time_ms` since the segment's start grows from picture to picture. Raises StorageError,
        EncoderError; ValueError for a picture of another size or a time that does not grow.
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
        try:
            self._container.mux(self._stream.encode(self._frame))
        except (av.FFmpegError, OSError) as error:
            raise self._translated(error) from error

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Finish the file and give it its name, or remove it; raises StorageError, EncoderError."""
        if kind is not None:
            self._discard()
            return
        try:
            self._container.mux(self._stream.encode(None))
            self._container.close()
            _sync(self._part)
            self._part.replace(self._path)
            _sync(self._path.parent)
        except (av.FFmpegError, OSError) as failure:
            self._discard()
            raise self._translated(failure) from failure

    def _open_stream(self) -> av.VideoStream:
        for name, value in self._tags.items():
            self._container.metadata[name] = value
        stream = self._container.add_stream("libx264", rate=self._fps, options=_ENCODER_OPTIONS)
        context = stream.codec_context
        stream.width, stream.height = self._size
        stream.pix_fmt = "yuv420p"
        context.time_base = stream.time_base = _MILLISECOND
        context.gop_size = _KEY_FRAME_EVERY
        context.max_b_frames = 0
        context.thread_count = 1
        context.color_range = ColorRange.MPEG
        self._container.start_encoding()
        return stream

    def _discard(self) -> None:
        with suppress(av.FFmpegError, OSError):  # the error that led here is the one to report
            self._container.close()
        self._part.unlink(missing_ok=True)

    def _translated(self, error: Exception) -> CaptureError:
        """Return the error of our family that says the same."""
        number = getattr(error, "errno", None)
        if isinstance(error, OSError) and number in _STORAGE_ERRNOS:
            return StorageError(f"{self._path}: cannot be written: {os.strerror(number)}")
        return EncoderError(f"{self._path}: the encoder failed: {error}")


def _sync(path: Path) -> None:
    """Wait until the file or folder is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
