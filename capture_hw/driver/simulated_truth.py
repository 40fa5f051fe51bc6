"""What a simulated camera's mouse truly does at a moment, without drawing a picture."""

from typing import Final

from capture_hw.camera_config import SimulatedCameraConfig
from capture_hw.simulation.behavior import BehaviorName
from capture_hw.simulation.mouse_day import MouseDay
from capture_hw.simulation.rig import FPS
from capture_hw.simulation.script import Script

FRAME_NS: Final = 1_000_000_000 // FPS
"""Frame n is taken at n * FRAME_NS of CLOCK_MONOTONIC."""


class SimulatedTruth:
    """The mouse's life on CLOCK_MONOTONIC, the same for every process since the last boot.

    Faults of the camera do not change it. One thread at a time.
    """

    def __init__(self, config: SimulatedCameraConfig, day: MouseDay) -> None:
        """Know the mouse of a camera; `day` is the one that the camera was opened with."""
        self._script = Script(config.seed, config.routine, day)

    def behavior(self, captured_ns: int) -> BehaviorName:
        """Return what the mouse visibly does in the frame nearest to `captured_ns`."""
        return self._script.bout((captured_ns + FRAME_NS // 2) // FRAME_NS).behavior
