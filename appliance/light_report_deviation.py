"""Light that was not as due: what a row says of its time, beyond the tolerances."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from appliance.light_record import LightRow
from appliance.light_report_episode import Override
from appliance.light_report_piece import LEVEL_POINTS, Piece, Span, without
from capture_hw.light_config import LEAST_IR_PERCENT
from capture_hw.photoperiod import SECOND_NS

DeviationKind: TypeAlias = Literal[
    "white light in the dark", "too little white light", "too much white light", "infrared too weak"
]
SWITCH_S: Final = 3
"""Around a change that is due, or ordered, light is not judged so long before and after: two
clocks, a look a second, a sensor that settles."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """A stretch of one kind."""

    kind: DeviationKind
    from_ns: int
    until_ns: int
    worst_percent: int
    """The level that is furthest from what was due."""


def deviations_of(
    pieces: Sequence[Piece], overrides: Sequence[Override], changes_ns: Sequence[int]
) -> list[Deviation]:
    """Return what was not as due, or as ordered while an override ran, in order of time."""
    cuts = [_around(moment_ns) for moment_ns in (*changes_ns, *_ordered(overrides))]
    found: list[Deviation] = []
    latest: dict[DeviationKind, int] = {}
    for piece in pieces:
        if piece.seen is None:
            continue
        override = next((one for one in overrides if one.covers(piece.from_ns)), None)
        for kind, worst in _kinds(piece.seen, override):
            for from_ns, until_ns in without(piece.span, cuts):
                position = latest.get(kind)
                if position is not None and found[position].until_ns == from_ns:
                    worse = _worse(kind, found[position].worst_percent, worst)
                    longer = replace(found[position], until_ns=until_ns, worst_percent=worse)
                    found[position] = longer
                else:
                    latest[kind] = len(found)
                    found.append(Deviation(kind, from_ns, until_ns, worst))
    return found


def _around(moment_ns: int) -> Span:
    return moment_ns - SWITCH_S * SECOND_NS, moment_ns + SWITCH_S * SECOND_NS


def _ordered(overrides: Sequence[Override]) -> Iterator[int]:
    for override in overrides:
        yield override.from_ns
        if override.until_ns is not None:
            yield override.until_ns


def _kinds(row: LightRow, override: Override | None) -> Iterator[tuple[DeviationKind, int]]:
    levels = [level for level in (row.white_commanded, row.white_measured) if level is not None]
    ir_levels = [level for level in (row.ir_commanded, row.ir_measured) if level is not None]
    is_ordered = override is not None and override.white_percent is not None
    due = override.white_percent if is_ordered and override else row.white_scheduled
    assert due is not None
    if levels and row.phase == "dark" and not is_ordered:
        if row.white_commanded or max(levels) > LEVEL_POINTS:
            yield "white light in the dark", max(levels)
    elif levels:
        if min(levels) < due - LEVEL_POINTS:
            yield "too little white light", min(levels)
        if max(levels) > due + LEVEL_POINTS:
            yield "too much white light", max(levels)
    if ir_levels and min(ir_levels) < LEAST_IR_PERCENT:
        yield "infrared too weak", min(ir_levels)


def _worse(kind: DeviationKind, one: int, other: int) -> int:
    is_low = kind in ("too little white light", "infrared too weak")
    return min(one, other) if is_low else max(one, other)
