"""A simulated cage as a camera, with faults on request."""

import time
from typing import Final

import numpy as np
from numpy.typing import NDArray

from capture_hw.camera import CameraFormat, CapturedFrame
from capture_hw.camera_config import SimulatedCameraConfig
from capture_hw.driver.camera_fault import FaultSchedule, FaultWindow
from capture_hw.driver.simulated_truth import FRAME_NS
from capture_hw.driver.spoilt_picture import SPOILING, spoil
from capture_hw.error import DeviceLost, DeviceStalled
from capture_hw.panel_light import PanelLight
from capture_hw.simulation.cage import SimulatedCage
from capture_hw.simulation.mouse_day import MouseDay
from capture_hw.simulation.rig import FPS, HEIGHT, WIDTH

_SECOND_NS: Final = 1_000_000_000
_BUFFERED: Final = 8
"""As many frames as a capture card keeps for a reader that is late."""
_SLOW_NS: Final = 300_000_000
_LOOK_NS: Final = 50_000_000
"""How often a waiting reader looks for faults that begin now."""
_BLACK: Final = (16, 19)
_FULL: Final = 100
_NOISE: Final = (16, 236)
"""Luma from (included) and to (excluded)."""


class SimulatedCamera:
    """Delivers frame n of its cage at n * 40 ms of CLOCK_MONOTONIC, with `sequence` n.

    So the mouse lives on while nobody looks, and `simulated_truth` knows what it does in any
    recorded frame. One thread at a time.
    """

    def __init__(self, config: SimulatedCameraConfig, day: MouseDay) -> None:
        """Draw the cage, a quarter of a second of work; raises DeviceLost if unplugged."""
        self._name: Final = f"simulated camera {config.seed}"
        self._seed = config.seed
        self._faults = FaultSchedule(config)
        self._faults.refresh()
        self._check_plugged(time.monotonic_ns())
        self._cage = SimulatedCage(
            config.seed,
            fur=config.fur,
            day=day,
            routine=config.routine,
        )
        self._light: Final = PanelLight(config.light_file)
        self._frozen: tuple[FaultWindow, NDArray[np.uint8]] | None = None
        self._closed = False
        self._next = time.monotonic_ns() // FRAME_NS + 1
        self.counts_frames: Final = True
        """`sequence` is the frame's number."""
        self.format: Final = CameraFormat(codec="luma", width=WIDTH, height=HEIGHT, fps=FPS)

    def read(self, timeout_s: float) -> CapturedFrame:
        """Wait for the next frame; see `capture_hw.camera.Camera`."""
        if self._closed:
            raise DeviceLost(f"{self._name}: is closed")
        deadline_ns = time.monotonic_ns() + round(timeout_s * _SECOND_NS)
        while True:
            self._faults.refresh()
            now_ns = time.monotonic_ns()
            self._check_plugged(now_ns)
            number = self._take(now_ns)
            if number is not None:
                return self._captured(number)
            if now_ns >= deadline_ns:
                raise DeviceStalled(f"{self._name}: no frame for {timeout_s:.1f} s")
            wake_ns = min(self._due_ns(), deadline_ns, now_ns + _LOOK_NS)
            time.sleep(max(0, wake_ns - now_ns) / _SECOND_NS)

    def close(self) -> None:
        """Give the camera back; safe to call twice."""
        self._closed = True

    def _check_plugged(self, now_ns: int) -> None:
        if self._faults.window("disconnect", now_ns):
            raise DeviceLost(f"{self._name}: is not connected")

    def _take(self, now_ns: int) -> int | None:
        """Return the number of the oldest frame that is waiting; None if there is none yet."""
        newest = (now_ns - self._delay_ns()) // FRAME_NS
        self._next = max(self._next, newest - _BUFFERED + 1)
        while self._due_ns() <= now_ns:
            number = self._next
            self._next += 1
            if not self._is_missing(number):
                return number
        return None

    def _delay_ns(self) -> int:
        return _SLOW_NS if self._faults.window("slow", self._next * FRAME_NS) else 0

    def _due_ns(self) -> int:
        return self._next * FRAME_NS + self._delay_ns()

    def _is_missing(self, number: int) -> bool:
        taken_ns = number * FRAME_NS
        if self._faults.window("stall", taken_ns):
            return True
        return number % 2 == 1 and self._faults.window("drop", taken_ns) is not None

    def _captured(self, number: int) -> CapturedFrame:
        taken_ns = number * FRAME_NS
        picture = self._lit(self._picture(number, taken_ns), taken_ns)
        return CapturedFrame(taken_ns, number, picture, is_key=True)

    def _lit(self, picture: NDArray[np.uint8], taken_ns: int) -> NDArray[np.uint8]:
        """Dim a picture like the panel behind the cage."""
        percent = self._light.percent_at(taken_ns)
        if percent == _FULL:
            return picture
        black = np.uint8(_BLACK[0])
        above = np.maximum(picture, black).astype(np.uint16) - black
        return np.asarray(above * percent // _FULL + black, np.uint8)

    def _picture(self, number: int, taken_ns: int) -> NDArray[np.uint8]:
        if self._faults.window("black", taken_ns):
            return self._random(number, _BLACK)
        if self._faults.window("garbage", taken_ns):
            return self._random(number, _NOISE)
        if frozen := self._faults.window("freeze", taken_ns):
            return self._frozen_picture(frozen)
        picture = self._cage.picture(number)
        for kind in SPOILING:
            if self._faults.window(kind, taken_ns):
                picture = spoil(kind, picture, np.random.default_rng([self._seed, number]))
        return picture

    def _random(self, number: int, levels: tuple[int, int]) -> NDArray[np.uint8]:
        random = np.random.default_rng([self._seed, number])
        return random.integers(*levels, size=(HEIGHT, WIDTH), dtype=np.uint8)

    def _frozen_picture(self, window: FaultWindow) -> NDArray[np.uint8]:
        """Return a copy of the last picture before the fault."""
        if self._frozen is None or self._frozen[0] != window:
            self._frozen = window, self._cage.picture((window.from_ns - 1) // FRAME_NS)
        return self._frozen[1].copy()
