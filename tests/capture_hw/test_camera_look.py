"""Decoded pictures of any camera."""

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from capture_hw.camera import open_camera
from capture_hw.camera_config import CameraFault, ReplayCameraConfig, SimulatedCameraConfig
from capture_hw.camera_look import look
from capture_hw.error import DeviceLost
from tests.video_factory import moving_square, write_video


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    options = {"bf": "0", "g": "10", "sc_threshold": "0", "crf": "10"}
    return write_video(
        tmp_path / "clip.mkv", moving_square(30, width=176, height=144), options=options
    )


def test_copied_video_is_seen_as_the_decoded_one(clip: Path) -> None:
    seen = []
    for copied in (False, True):
        config = ReplayCameraConfig(driver="replay", file=clip, loop=False, copy=copied)
        with closing(open_camera(config)) as camera:
            seen.append([picture.luma for picture in look(camera, 0.9)])
    decoded, copy = seen
    assert len(decoded) >= 20
    assert len(copy) >= 20
    for one, other in zip(decoded[:20], copy[:20], strict=True):
        np.testing.assert_array_equal(one, other)


def test_it_lasts_as_long_as_was_asked() -> None:
    config = SimulatedCameraConfig(driver="simulated", seed=2)
    with closing(open_camera(config)) as camera:
        times_ns = [picture.captured_ns for picture in look(camera, 0.4)]
    assert 8 <= len(times_ns) <= 11
    assert times_ns == sorted(times_ns)


def test_a_silent_camera_is_said_to_be_silent() -> None:
    stall = CameraFault(kind="stall", after_s=0, for_s=60)
    config = SimulatedCameraConfig(driver="simulated", seed=2, faults=(stall,))
    with closing(open_camera(config)) as camera, pytest.raises(DeviceLost, match=r"no frame for"):
        list(look(camera, 5.0, silence_s=0.2))
