"""Light that was not as due: what a row says of its time, beyond the tolerances."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from appliance.light_record import LightRow
from appliance.light_report_episode import Override
from appliance.light_report_piece import LEVEL_POINTS, Piece, Span, without
from capture_hw.light_config import LEAST_IR_PERCENT
from capture_hw.light_plan import LightPlan
from capture_hw.photoperiod import SECOND_NS

DeviationKind: TypeAlias = Literal[
    "white light in the dark",
    "light at another time",
    "too little white light",
    "too much white light",
    "infrared too weak",
]
SWITCH_S: Final = 3
"""Around a change that is due, or ordered, light is not judged so long before and after: two
clocks, a look a second, a sensor that settles. By so much a panel's clock may be off."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """A stretch of one kind."""

    kind: DeviationKind
    from_ns: int
    until_ns: int
    worst: float
    """The level that is furthest from what was due, in percent; of light at another time by how
    many seconds the panel's clock was ahead."""


def deviations_of(
    pieces: Sequence[Piece],
    overrides: Sequence[Override],
    changes_ns: Sequence[int],
    plan: LightPlan | None,
) -> list[Deviation]:
    """Return what was not as due, or as ordered while an override ran, in order of time.

    Without a plan, light by a clock that is off counts as light at another time throughout.
    """
    ordered = [one for one in overrides if one.author]
    cuts = [_around(moment_ns) for moment_ns in (*changes_ns, *_ordered(ordered))]
    found: list[Deviation] = []
    latest: dict[DeviationKind, int] = {}
    for one in _fragments(pieces, ordered, cuts, plan):
        position = latest.get(one.kind)
        if position is not None and found[position].until_ns == one.from_ns:
            worst = _worse(one.kind, found[position].worst, one.worst)
            found[position] = replace(found[position], until_ns=one.until_ns, worst=worst)
        else:
            latest[one.kind] = len(found)
            found.append(one)
    return found


def _fragments(
    pieces: Sequence[Piece],
    ordered: Sequence[Override],
    cuts: Sequence[Span],
    plan: LightPlan | None,
) -> Iterator[Deviation]:
    for piece in pieces:
        row, span = piece.row, piece.judged
        if row is None or span is None:
            continue
        override = next((one for one in ordered if one.covers(piece.from_ns)), None)
        for kind, worst in _kinds(row, override):
            for from_ns, until_ns in without(span, cuts):
                yield Deviation(kind, from_ns, until_ns, worst)
        off_s = row.clock_off_s
        if override is None and off_s is not None and abs(off_s) > SWITCH_S:
            for from_ns, until_ns in _mistimed(row, span, plan):
                yield Deviation("light at another time", from_ns, until_ns, off_s)


def _mistimed(row: LightRow, span: Span, plan: LightPlan | None) -> Iterator[Span]:
    """Yield when the panel's clock made something else due than this machine's."""
    if plan is None:
        yield span
        return
    for part in plan.parts(*span):
        low, high = sorted((part.from_permille / 10, part.to_permille / 10))
        is_level = low - LEVEL_POINTS <= row.white_scheduled <= high + LEVEL_POINTS
        if part.phase != row.phase or not is_level:
            yield part.from_ns, part.until_ns


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


def _worse(kind: DeviationKind, one: float, other: float) -> float:
    if kind == "light at another time":
        return max(one, other, key=abs)
    is_low = kind in ("too little white light", "infrared too weak")
    return min(one, other) if is_low else max(one, other)
