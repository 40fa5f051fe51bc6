"""What a sensor would read at full light, from what it reads now: pure."""

from typing import Final

from capture_hw.error import PanelRefused
from capture_hw.panel.state import PanelState, SensorReading

_LEAST_PERMILLE: Final = 200
"""Below a fifth of full light the sensor's steps are too coarse."""
_LEAST_RAW: Final = 20
"""A sensor that reads less at a fifth of full light sees something else or is dead."""
_MOST_RAW: Final = 1023
"""Source: docs/panel-protocol.md, `calibrate`."""


def full_scale(
    name: str, state: PanelState, reading: SensorReading
) -> tuple[int | None, int | None, str]:
    """Return white and infrared at full light, None for one that cannot be told, and the words.

    Raises PanelRefused if neither can, or if a sensor reads what cannot be.
    """
    white, white_said = _full(name, "white", state.white.commanded, reading.white_raw)
    infrared, ir_said = _full(name, "infrared", state.ir.commanded, reading.ir_raw)
    said = f"{white_said}, {ir_said}"
    if white is None and infrared is None:
        raise PanelRefused(f"{name}: nothing to calibrate: {said}")
    return white, infrared, said


def _full(name: str, light: str, commanded: int, raw: int | None) -> tuple[int | None, str]:
    if raw is None:
        return None, f"{light} has no sensor"
    if commanded <= _LEAST_PERMILLE:
        return None, f"{light} is at {commanded / 10:g} % and needs more than 20 %"
    full = round(raw * 1000 / commanded)
    if raw < _LEAST_RAW or full > _MOST_RAW:
        raise PanelRefused(
            f"{name}: its {light} sensor reads {raw} of {_MOST_RAW} at {commanded / 10:g} %, which "
            f"cannot be: {'too little' if raw < _LEAST_RAW else 'too much'} light reaches it"
        )
    return full, f"{light} reads {full} at full light"
