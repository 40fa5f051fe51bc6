"""Pictures on their way into files, encoded as a recorder does."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from capture_hw.camera import CameraFormat, CapturedFrame
from capture_hw.copied_video import CopiedVideo
from capture_hw.earlier_recording import EarlierRecording
from capture_hw.encoder_choice import EncoderChoice
from capture_hw.encoder_config import EncoderConfig
from capture_hw.encoder_setting import setting_of
from capture_hw.encoding_stage import EncodingStage
from capture_hw.picture_encoder import PictureEncoder
from capture_hw.segment_chain import SegmentChain
from capture_hw.segment_clock import Clock
from capture_hw.segment_file import SegmentPlan
from tests.capture_hw.scripted_camera import LUMA

SOFTWARE = EncoderConfig("libx264")


def stage_for(chain: SegmentChain) -> EncodingStage:
    """Return the stage in front of a chain, with libx264."""
    return EncodingStage(chain, EncoderChoice(SOFTWARE, "cage 03"))


class LumaVideo:
    """A growing video of pictures; it is there when the first one is written."""

    def __init__(
        self, path: Path, width: int, height: int, fps: float, tags: Mapping[str, str]
    ) -> None:
        self._encoder = PictureEncoder(
            CameraFormat("luma", width, height, fps), setting_of(SOFTWARE)
        )
        self._file = path, fps, tags
        self._video: CopiedVideo | None = None

    def write(self, picture: NDArray[np.uint8], time_ms: int) -> None:
        frame = CapturedFrame(time_ms * 1_000_000, time_ms, picture, is_key=True)
        (unit,) = self._encoder.encode(frame)
        path, fps, tags = self._file
        content = bytes(unit.content)
        self._video = self._video or CopiedVideo(path, content, fps, tags)
        self._video.write(content, time_ms, is_key=unit.is_key)

    def finish(self) -> None:
        assert self._video is not None
        self._video.finish()

    def abandon(self) -> None:
        assert self._video is not None
        self._video.abandon()


class FedChain:
    """A chain and the encoder in front of it, as a recorder has them."""

    def __init__(
        self,
        plan: SegmentPlan,
        clock: Clock,
        earlier: EarlierRecording | None = None,
        camera: CameraFormat = LUMA,
        *,
        counts: bool = True,
    ) -> None:
        self.chain = SegmentChain(plan, clock, earlier)
        self.stage = stage_for(self.chain)
        self.stage.open_camera(camera, counts_frames=counts)

    def feed(self, frames: Iterable[CapturedFrame], dropped: int = 0) -> None:
        for frame in frames:
            self.stage.write(frame, dropped)
