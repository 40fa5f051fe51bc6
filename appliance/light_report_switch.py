"""Lights on and off: when they were due, commanded and measured."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal, TypeAlias

from appliance.light_record import LightRow
from appliance.light_report_episode import Override
from appliance.light_report_piece import LEVEL_POINTS, Piece
from capture_hw.photoperiod import SECOND_NS, Phase

SwitchNote: TypeAlias = Literal["", "not observed", "not seen", "during an override"]
_REACH_NS: Final = 2 * 3600 * SECOND_NS
"""A change that is further from the one that was due is another one."""
_Lit: TypeAlias = Callable[[LightRow], bool | None]


@dataclass(frozen=True, slots=True)
class DueSwitch:
    """A change of phase that was due."""

    utc_ns: int
    to: Phase
    is_ramp: bool
    """Light rises or falls slowly there, so when it is first or last seen says little."""


@dataclass(frozen=True, slots=True)
class Switch:
    """A change that was due, and when it was seen; None if it was not, or without a sensor."""

    due: DueSwitch
    commanded_ns: int | None
    measured_ns: int | None
    note: SwitchNote
    """Why it was not seen to be commanded."""


def switches_of(
    due: Sequence[DueSwitch], pieces: Sequence[Piece], overrides: Sequence[Override]
) -> list[Switch]:
    """Find the rows in which each change is first seen."""
    moments_ns = [one.utc_ns for one in due]
    switches: list[Switch] = []
    for index, one in enumerate(due):
        gaps_ns = [abs(one.utc_ns - other) // 2 for other in _neighbors(moments_ns, index)]
        reach_ns = min([_REACH_NS, *gaps_ns])
        commanded_ns = _nearest(pieces, overrides, one, reach_ns, _is_commanded)
        measured_ns = _nearest(pieces, overrides, one, reach_ns, _is_measured)
        note = "" if commanded_ns is not None else _note(one, pieces, overrides)
        switches.append(Switch(one, commanded_ns, measured_ns, note))
    return switches


def _neighbors(moments_ns: Sequence[int], index: int) -> list[int]:
    return [*moments_ns[max(0, index - 1) : index], *moments_ns[index + 1 : index + 2]]


def _nearest(
    pieces: Sequence[Piece],
    overrides: Sequence[Override],
    due: DueSwitch,
    reach_ns: int,
    lit: _Lit,
) -> int | None:
    """Return the change in the rows that is nearest to the one that was due."""
    found: list[int] = []
    for before, after in pairwise(pieces):
        if before.seen is None or after.seen is None:
            continue
        is_change = (lit(before.seen), lit(after.seen)) == (due.to == "dark", due.to == "light")
        is_ordered = any(after.from_ns in (one.from_ns, one.until_ns) for one in overrides)
        if is_change and not is_ordered and abs(after.from_ns - due.utc_ns) <= reach_ns:
            found.append(after.from_ns)
    return min(found, key=lambda utc_ns: abs(utc_ns - due.utc_ns), default=None)


def _note(due: DueSwitch, pieces: Sequence[Piece], overrides: Sequence[Override]) -> SwitchNote:
    if any(one.covers(due.utc_ns) for one in overrides):
        return "during an override"
    near_ns = 2 * SECOND_NS
    is_hidden = any(
        piece.hole
        and piece.from_ns <= due.utc_ns + near_ns
        and piece.until_ns >= due.utc_ns - near_ns
        for piece in pieces
    )
    return "not observed" if is_hidden else "not seen"


def _is_commanded(row: LightRow) -> bool | None:
    return None if row.white_commanded is None else row.white_commanded > 0


def _is_measured(row: LightRow) -> bool | None:
    return None if row.white_measured is None else row.white_measured > LEVEL_POINTS
