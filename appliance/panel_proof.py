"""Proving which light panel a camera sees."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Final

from capture_hw.camera import Camera
from capture_hw.camera_look import look
from capture_hw.error import DeviceLost, PanelRefused, PanelSilent
from capture_hw.panel_blink import CODE, DIMMED_PERCENT, STEP_NS, BlinkResult, look_for_blink

_TAIL_S: Final = 0.6
"""A camera may be that late."""
_JOIN_S: Final = 10.0
_MOST_LATE_NS: Final = STEP_NS // 2
"""A step that begins later spoils the rhythm: what the camera saw then says nothing."""
_TRIES: Final = 3
"""A busy machine spoils a rhythm now and then."""


class _RhythmSpoiled(PanelSilent):
    """The panel was too slow; blink again."""


def prove_panel(dim: Callable[[int, float], None], camera: Camera) -> BlinkResult:
    """Blink infrared light, 4 s, and return how much of it an open camera saw.

    `dim(percent, for_s)` dims the panel's infrared light for a moment, which the panel ends by
    itself; white light is not touched. Raises DeviceLost; PanelSilent or PanelRefused as `dim`
    does, PanelSilent also if the panel is too slow for the rhythm three times.
    """
    for _ in range(_TRIES - 1):
        try:
            return _prove_once(dim, camera)
        except _RhythmSpoiled:
            continue
    return _prove_once(dim, camera)


def dimmed_steps() -> Iterator[tuple[int, int]]:
    """Yield each stretch of the rhythm that is dimmed: its first step, and how many follow on."""
    first = None
    for step, is_dimmed in enumerate((*CODE, 0)):
        if is_dimmed and first is None:
            first = step
        elif not is_dimmed and first is not None:
            yield first, step - first
            first = None


def _prove_once(dim: Callable[[int, float], None], camera: Camera) -> BlinkResult:
    refused: list[PanelSilent | PanelRefused] = []
    started_ns = time.monotonic_ns()

    def blink() -> None:
        try:
            _blink(dim, started_ns)
        except (PanelSilent, PanelRefused) as error:
            refused.append(error)

    blinking = threading.Thread(target=blink, name="panel blink", daemon=True)
    blinking.start()
    captured_ns: list[int] = []
    mean_luma: list[float] = []
    for picture in look(camera, len(CODE) * STEP_NS / 1e9 + _TAIL_S):
        if refused:
            break
        captured_ns.append(picture.captured_ns)
        mean_luma.append(float(picture.luma.mean()))
    blinking.join(_JOIN_S)
    if refused:
        raise refused[0]
    try:
        return look_for_blink(captured_ns, mean_luma, started_ns)
    except ValueError as error:
        raise DeviceLost(f"the camera is too slow to see a panel blink: {error}") from error


def _blink(dim: Callable[[int, float], None], started_ns: int) -> None:
    """Give one order for each dimmed stretch, so that no answer between two can spoil it."""
    for first, steps in dimmed_steps():
        due_ns = started_ns + first * STEP_NS
        time.sleep(max(0, due_ns - time.monotonic_ns()) / 1e9)
        dim(DIMMED_PERCENT, steps * STEP_NS / 1e9)
        late_ns = time.monotonic_ns() - due_ns
        if late_ns > _MOST_LATE_NS:
            raise _RhythmSpoiled(
                f"dimming took {late_ns / 1e9:.1f} s, too slow for the rhythm; try again"
            )
