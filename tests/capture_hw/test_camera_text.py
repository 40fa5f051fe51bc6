"""What a manifest says of a camera: enough to find it, nothing secret."""

from pathlib import Path

import pytest

from capture_hw.camera_config import (
    CameraConfig,
    ReplayCameraConfig,
    SimulatedCameraConfig,
    StreamCameraConfig,
    V4l2CameraConfig,
)
from capture_hw.camera_text import camera_text


@pytest.mark.parametrize(
    ("config", "text"),
    [
        (SimulatedCameraConfig(driver="simulated", seed=7), "simulated seed 7"),
        (ReplayCameraConfig(driver="replay", file=Path("/data/cage.mkv")), "replay cage.mkv"),
        (
            StreamCameraConfig(driver="stream", url="rtsp://anna:secret@10.0.0.21:554/a/b?key=1"),
            "stream rtsp://10.0.0.21:554/a/b",
        ),
        (
            StreamCameraConfig(driver="stream", url="rtsp://anna:secret@host:nonsense/a"),
            "stream at an address that cannot be read",
        ),
        (V4l2CameraConfig(driver="v4l2", device="usb-1.2", node=1), "v4l2 usb-1.2 node 1"),
    ],
)
def test_driver_and_source_without_user_password_and_query(config: CameraConfig, text: str) -> None:
    assert camera_text(config) == text
