"""Writes luma pictures to a finished H.264 video: it has its name only when it is whole."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from capture_hw.camera import CameraFormat, CapturedFrame
from capture_hw.copied_video import CopiedVideo
from capture_hw.encoder_config import EncoderConfig
from capture_hw.encoder_setting import setting_of
from capture_hw.error import CaptureError
from capture_hw.matroska import translated
from capture_hw.picture_encoder import PictureEncoder
from disk.durable_file import part_path, publish, sync_to_disk


class H264Writer:
    """A video file being written; a context manager.

    The file is `<path>.part` until the block ends well; then it is on the disk under its name.
    If the block raises, nothing is left under either name, and without a picture there is no file.
    Encoded by libx264 as a recorder does by default. One thread at a time.
    """

    def __init__(
        self, path: Path, width: int, height: int, fps: int, tags: Mapping[str, str] | None = None
    ) -> None:
        """Describe the file; nothing is opened before the block begins.

        Width and height are even; `tags` become the file's Matroska tags.
        """
        self._path = path
        self._part = part_path(path)
        self._format = CameraFormat("luma", width, height, fps)
        self._tags = dict(tags or {})
        self._video: CopiedVideo | None = None
        self._last_ms = -1

    def __enter__(self) -> Self:
        """Create the file; raises StorageError or EncoderError."""
        self._encoder = PictureEncoder(self._format, setting_of(EncoderConfig()))
        try:
            self._part.touch()
        except OSError as error:
            raise translated(self._path, error) from error
        return self

    def write(self, picture: NDArray[np.uint8], time_ms: int) -> None:
        """Append a picture: limited-range luma of shape (height, width), borrowed.

        `time_ms` since the segment's start grows from picture to picture. Raises StorageError,
        EncoderError; ValueError for a picture of another size or a time that does not grow.
        """
        if time_ms <= self._last_ms:
            raise ValueError(f"time {time_ms} ms does not follow {self._last_ms} ms")
        self._last_ms = time_ms
        frame = CapturedFrame(time_ms * 1_000_000, 0, picture, is_key=True)
        self._mux(self._encoder.encode(frame))

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
            self._mux(self._encoder.flush())
            if self._video is None:
                self._discard()
                return
            self._video.finish()
            sync_to_disk(self._part)
            publish(self._part, self._path)
        except CaptureError:
            self._discard()
            raise
        except OSError as failure:
            self._discard()
            raise translated(self._path, failure) from failure

    def _mux(self, units: Iterable[CapturedFrame]) -> None:
        for unit in units:
            content = bytes(unit.content)
            if self._video is None:
                self._video = CopiedVideo(self._part, content, self._format.fps, self._tags)
            self._video.write(content, unit.captured_ns // 1_000_000, is_key=unit.is_key)

    def _discard(self) -> None:
        if self._video is not None:
            self._video.abandon()
        self._part.unlink(missing_ok=True)
