"""Proving which light panel a camera sees."""

import threading
import time
from collections.abc import Callable
from typing import Final

from capture_hw.camera import Camera
from capture_hw.camera_look import look
from capture_hw.error import DeviceLost, PanelRefused, PanelSilent
from capture_hw.panel_blink import CODE, DIMMED_PERCENT, STEP_NS, BlinkResult, look_for_blink

_TAIL_S: Final = 0.6
"""A camera may be that late."""
_JOIN_S: Final = 10.0


def prove_panel(dim: Callable[[int, float], None], camera: Camera) -> BlinkResult:
    """Blink infrared light, 4 s, and return how much of it an open camera saw.

    `dim(percent, for_s)` dims the panel's infrared light for a moment; white light is not touched.
    Raises DeviceLost; PanelSilent or PanelRefused as `dim` does.
    """
    refused: list[PanelSilent | PanelRefused] = []
    started_ns = time.monotonic_ns()

    def blink() -> None:
        for step, is_dimmed in enumerate(CODE):
            if not is_dimmed:
                continue
            wait_ns = started_ns + step * STEP_NS - time.monotonic_ns()
            time.sleep(max(0, wait_ns) / 1e9)
            try:
                dim(DIMMED_PERCENT, STEP_NS / 1e9)
            except (PanelSilent, PanelRefused) as error:
                refused.append(error)
                return

    blinking = threading.Thread(target=blink, name="panel blink", daemon=True)
    blinking.start()
    seen = list(look(camera, len(CODE) * STEP_NS / 1e9 + _TAIL_S))
    blinking.join(_JOIN_S)
    if refused:
        raise refused[0]
    try:
        return look_for_blink(
            [picture.captured_ns for picture in seen],
            [float(picture.luma.mean()) for picture in seen],
            started_ns,
        )
    except ValueError as error:
        raise DeviceLost(f"the camera is too slow to see a panel blink: {error}") from error
