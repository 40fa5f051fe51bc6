"""Cameras: one face over every driver.

Lives in the recorder's process; one thread at a time owns a camera.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from capture_hw.camera_config import CameraConfig
from capture_hw.simulation.mouse_day import MouseDay

_DAY = MouseDay()


@dataclass(frozen=True, slots=True)
class CameraFormat:
    """What an open camera delivers.

    luma: `CapturedFrame.content` is a limited-range array (height, width), uint8.
    h264: it is one access unit in Annex B form (start codes), without reordered frames, SPS and PPS
    in front of every key frame.
    """

    codec: Literal["luma", "h264"]
    width: int
    height: int
    fps: float
    """Nominal."""
    source: str = ""
    """One line on where the pictures come from, for people and the manifest."""


@dataclass(frozen=True, slots=True)
class CapturedFrame:
    """One frame as the camera gave it."""

    captured_ns: int
    """CLOCK_MONOTONIC, when the camera took it; grows from frame to frame."""
    sequence: int
    """Grows by one with each frame that the camera made: a larger step is a proven loss."""
    content: NDArray[np.uint8] | bytes
    is_key: bool
    """Always true for luma."""


class Camera(Protocol):
    """An open camera."""

    @property
    def format(self) -> CameraFormat:
        """What it delivers; constant while it is open."""

    @property
    def counts_frames(self) -> bool:
        """Whether `sequence` shows losses; if not, only pauses in time do."""

    def read(self, timeout_s: float) -> CapturedFrame:
        """Wait for the next frame.

        Raises DeviceStalled after `timeout_s` without one (ask again), DeviceLost if the device is
        gone (close, open again).
        """

    def close(self) -> None:
        """Give the device back; safe to call twice."""


def open_camera(config: CameraConfig, day: MouseDay = _DAY) -> Camera:
    """Open the configured camera within 10 s; raises DeviceLost, one sentence.

    `day` is what a simulated mouse lives by, its frame 0 at monotonic zero.
    """
    # Lazy imports: a box opens one kind of camera and should not load what the others need.
    if config.driver == "simulated":
        from capture_hw.driver.simulated import SimulatedCamera

        return SimulatedCamera(config, day)
    if config.driver == "replay":
        from capture_hw.driver.replay import ReplayCamera

        return ReplayCamera(config)
    if config.driver == "v4l2":
        from capture_hw.driver.v4l2 import V4l2Camera

        return V4l2Camera(config)
    from capture_hw.driver.stream import StreamCamera

    return StreamCamera(config)
