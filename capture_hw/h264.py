"""Writes luma pictures to a finished H.264 video: it has its name only when it is whole."""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from capture_hw.encoder import EncodedVideo
from capture_hw.error import CaptureError
from capture_hw.matroska import translated
from disk.durable_file import part_path, publish, sync_to_disk


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
        self._part = part_path(path)
        self._size = width, height
        self._fps = fps
        self._tags = dict(tags or {})

    def __enter__(self) -> Self:
        """Create the file; raises StorageError or EncoderError."""
        try:
            self._video = EncodedVideo(self._part, *self._size, self._fps, self._tags)
        except CaptureError:
            self._part.unlink(missing_ok=True)
            raise
        return self

    def write(self, picture: NDArray[np.uint8], time_ms: int) -> None:
        """Append a picture: limited-range luma of shape (height, width), borrowed.

        `time_ms` since the segment's start grows from picture to picture. Raises StorageError,
        EncoderError; ValueError for a picture of another size or a time that does not grow.
        """
        self._video.write(picture, time_ms)

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
            self._video.finish()
            sync_to_disk(self._part)
            publish(self._part, self._path)
        except CaptureError:
            self._discard()
            raise
        except OSError as failure:
            self._discard()
            raise translated(self._path, failure) from failure

    def _discard(self) -> None:
        self._video.abandon()
        self._part.unlink(missing_ok=True)
