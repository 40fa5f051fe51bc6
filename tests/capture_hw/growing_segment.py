"""A segment that a test writes picture by picture, encoded as a recorder encodes."""

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from capture_hw.camera import CameraFormat, CapturedFrame
from capture_hw.copied_video import CopiedVideo
from capture_hw.encoder_config import EncoderConfig
from capture_hw.encoder_setting import setting_of
from capture_hw.picture_encoder import PictureEncoder

START_NS: Final = 5_000_000_000_000
FRAME_NS: Final = 40_000_000


class GrowingSegment:
    """An open segment with a frame each 40 ms; a key frame at least every 2 s."""

    def __init__(self, path: Path, crf: int = 28, *, start_ns: int = START_NS) -> None:
        self.path: Final = path
        self._start_ns: Final = start_ns
        self._setting = setting_of(EncoderConfig(encoder="libx264", crf=crf))
        self._encoder: PictureEncoder | None = None
        self._video: CopiedVideo | None = None
        self._number = 0

    def write(self, picture: NDArray[np.uint8], *, force_key: bool = False) -> None:
        if self._encoder is None:
            height, width = picture.shape
            camera = CameraFormat(codec="luma", width=width, height=height, fps=25)
            self._encoder = PictureEncoder(camera, self._setting)
        captured_ns = self._start_ns + self._number * FRAME_NS
        frame = CapturedFrame(captured_ns, self._number, picture, is_key=True)
        for unit in self._encoder.encode(frame, force_key=force_key):
            assert isinstance(unit.content, bytes)
            if self._video is None:
                tags = {"START_UTC_NS": "1", "START_MONOTONIC_NS": str(self._start_ns)}
                self._video = CopiedVideo(self.path, unit.content, 25.0, tags)
            time_ms = (unit.captured_ns - self._start_ns) // 1_000_000
            self._video.write(unit.content, time_ms, is_key=unit.is_key)
        self._number += 1

    def finish(self) -> None:
        assert self._video is not None
        self._video.finish()
