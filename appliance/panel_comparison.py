"""Whether a panel does what it should: pure, one sentence on the worst that is not so."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from appliance.panel_time import DRIFT_NS, Reading
from capture_hw.light_plan import LightPlan
from capture_hw.panel.state import LampState, PanelState

REASONS: Final = (
    "does not answer",
    "another panel answers",
    "white light is on in the dark",
    "infrared is measured at 0 % where 100 % is commanded: ...",
    "white is measured at 0 % where 60 % is commanded: ...",
    "does not know the time, so it gives no white light",
    "its clock differs from this machine's by +60 min",
    "it does not take its program: ...",
    "its program cannot be read back: ...",
    "it runs another program",
    "it runs no program, so it gives no white light",
    "gives the dark phase where light is due",
    "white is commanded to 0 % where 60 % is due",
    "white is measured at 50 % where 60 % is commanded",
    "it was started again (watchdog)",
    "an override ended with its restart",
    "opening its line resets it",
    "another program was on it and ours was uploaded again",
    "its clock does not keep time",
    "its clock cannot be set: ...",
    "its clock cannot be trimmed: ...",
    "its clock was set from a machine whose time is not synchronized",
    "somebody else talks to it",
    "its line is bad",
)
"""What may stand in a panel's `reason`, worst first; docs/lights.md says what each one means."""
_NS_PER_S: Final = 1_000_000_000
_NEAR_STEP_NS: Final = 2 * _NS_PER_S
"""Two clocks and a lamp may disagree that long about the moment of a change."""
_NOISE: Final = 50
"""Per mille that a sensor may differ from what was commanded."""
_DEAD: Final = 50
"""A lamp that is commanded well above this and measured below gives no light."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a panel says at one moment, and what it should do."""

    reading: Reading
    plan: LightPlan
    ir_permille: int
    keeps_schedule: bool
    is_moving: bool
    """Whether a commanded level has just jumped: a sensor may be a moment behind."""
    program_complaint: str = ""
    clock_waiting: str = ""
    """Why a panel that does not know the time has not been set."""


def white_due(plan: LightPlan, due_ns: int, within_s: int) -> tuple[int, int]:
    """Return the least and most white light that is due within some seconds of a moment."""
    due = [
        plan.white_permille(due_ns + shift_s * _NS_PER_S)
        for shift_s in range(-within_s, within_s + 1)
    ]
    return min(due), max(due)


def disagreement(seen: Seen) -> str:
    """Return the worst that is not as it should be, one clause without the panel's name."""
    return next(_clauses(seen), "")


def _clauses(seen: Seen) -> Iterator[str]:
    state = seen.reading.state
    white_override = next((one for one in state.overrides if one.lamp == "white"), None)
    ir_override = next((one for one in state.overrides if one.lamp == "ir"), None)
    if white_override is None:
        yield from _white_in_the_dark(seen, state)
    if not seen.is_moving:
        yield from _dead("infrared", state.ir)
        yield from _dead("white", state.white)
    yield from _wrong_clock(seen)
    if seen.program_complaint:
        yield seen.program_complaint
    elif state.program_crc is None:
        yield "it runs no program, so it gives no white light"
    if state.utc_ns is not None and state.program_crc is not None:
        yield from _wrong_phase(seen, state)
        if white_override is None:
            yield from _wrong_white(seen, state)
    if white_override is not None and state.white.commanded != white_override.permille:
        yield (
            f"white is commanded to {_percent(state.white.commanded)} where its override "
            f"says {_percent(white_override.permille)}"
        )
    ir_due = seen.ir_permille if ir_override is None else ir_override.permille
    if state.ir.commanded != ir_due:
        yield (
            f"infrared is commanded to {_percent(state.ir.commanded)} "
            f"where {_percent(ir_due)} is due"
        )
    if not seen.is_moving:
        yield from _wrong_measure("infrared", state.ir)
        yield from _wrong_measure("white", state.white)


def _white_in_the_dark(seen: Seen, state: PanelState) -> Iterator[str]:
    """By the panel's clock; a panel without time or program owes darkness."""
    knows = state.utc_ns is not None and state.program_crc is not None
    if knows and not _is_surely_dark(seen):
        return
    if seen.is_moving and not state.white.commanded:
        return
    measured = state.white.measured
    if measured is not None and measured > _NOISE:
        yield (
            f"white light is on in the dark: measured at {_percent(measured)} "
            f"where {_percent(state.white.commanded)} is commanded"
        )
    elif state.white.commanded:
        yield f"white light is on in the dark: commanded to {_percent(state.white.commanded)}"


def _is_surely_dark(seen: Seen) -> bool:
    due_ns = seen.reading.due_ns
    return not _is_near_step(seen) and seen.plan.phase(due_ns) == "dark"


def _is_near_step(seen: Seen) -> bool:
    return seen.plan.to_nearest_step_ns(seen.reading.due_ns) <= _NEAR_STEP_NS


def _wrong_clock(seen: Seen) -> Iterator[str]:
    off_ns = seen.reading.clock_off_ns
    if off_ns is None:
        why = f"; {seen.clock_waiting}" if seen.clock_waiting else ""
        yield f"it does not know the time, so it gives no white light{why}"
    elif abs(off_ns) > DRIFT_NS:
        off_min = off_ns / _NS_PER_S / 60
        yield f"its clock differs from this machine's by {off_min:+.0f} min"


def _wrong_phase(seen: Seen, state: PanelState) -> Iterator[str]:
    due = seen.plan.phase(seen.reading.due_ns)
    if state.phase != due and not _is_near_step(seen):
        yield f"it gives the {state.phase} phase where {due} is due"


def _wrong_white(seen: Seen, state: PanelState) -> Iterator[str]:
    """Every second exactly; in a ramp, a second's slope to both sides."""
    if _is_near_step(seen):
        return
    least, most = white_due(seen.plan, seen.reading.due_ns, 1 if seen.keeps_schedule else 2)
    if not least <= state.white.commanded <= most:
        due = seen.plan.white_permille(seen.reading.due_ns)
        yield (
            f"white is commanded to {_percent(state.white.commanded)} where {_percent(due)} is due"
        )


def _dead(light: str, lamp: LampState) -> Iterator[str]:
    if lamp.measured is not None and lamp.measured < _DEAD and lamp.commanded > _DEAD + _NOISE:
        yield (
            f"{light} is measured at {_percent(lamp.measured)} where {_percent(lamp.commanded)} "
            "is commanded: its lamp, the driver or the sensor is dead"
        )


def _wrong_measure(light: str, lamp: LampState) -> Iterator[str]:
    if lamp.measured is not None and abs(lamp.measured - lamp.commanded) > _NOISE:
        yield (
            f"{light} is measured at {_percent(lamp.measured)} "
            f"where {_percent(lamp.commanded)} is commanded"
        )


def _percent(permille: int) -> str:
    return f"{permille / 10:.0f} %"
