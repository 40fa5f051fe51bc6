"""What a panel's rows and plan say about a stretch of time."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from appliance.light_record import LightRow
from appliance.light_report_deviation import Deviation, deviations_of
from appliance.light_report_episode import (
    Disagreement,
    Override,
    disagreements_of,
    overrides_of,
)
from appliance.light_report_piece import Piece, Span, due_changes, pieces_of
from appliance.light_report_switch import DueSwitch, Switch, switches_of
from capture_hw.light_plan import LightPart, LightPlan
from capture_hw.photoperiod import SECOND_NS

_CLOSE_NS: Final = 2 * SECOND_NS
_NEAR_STEP_NS: Final = 10 * SECOND_NS
"""So near to a step a row says nothing about the configuration."""
_OFF_S: Final = 1.0
"""A panel whose clock is off by as much changes its light at a moment of its own."""
_NEAR_RAMP_NS: Final = 180 * SECOND_NS


@dataclass(frozen=True, slots=True)
class PanelDay:
    """A panel's day, judged."""

    panel: str
    span: Span
    rows: tuple[LightRow, ...]
    """Of the span."""
    pieces: tuple[Piece, ...]
    planned: tuple[LightPart, ...]
    """By the configuration if it agrees with the rows; otherwise by the rows, with holes."""
    is_plan_confirmed: bool
    switches: tuple[Switch, ...]
    overrides: tuple[Override, ...]
    disagreements: tuple[Disagreement, ...]
    deviations: tuple[Deviation, ...]


def panel_day(
    panel: str,
    plan: LightPlan | None,
    rows: Sequence[LightRow],
    span: Span,
    twice: Collection[Span] = (),
) -> PanelDay:
    """Judge a panel's rows, in order, which may begin before the span.

    A configuration that says otherwise than the rows was changed since; what was due is in the
    rows. Without a plan it always is. `twice`: what this machine's clock showed twice.
    """
    from_ns, until_ns = span
    pieces = pieces_of(rows, span, twice)
    within = tuple(row for row in rows if from_ns <= row.utc_ns < until_ns)
    overrides = [one for one in overrides_of(rows) if _touches(one.from_ns, one.until_ns, span)]
    if plan is not None and all(_agrees(plan, row) for row in within):
        planned = list(plan.parts(from_ns, until_ns))
        switches = [*_planned_switches(plan, span)]
        changes_ns = [*_planned_changes(plan, span), *due_changes(pieces, _OFF_S)]
        is_confirmed = True
    else:
        planned = [*_recorded_parts(pieces)]
        switches = [*_recorded_switches(pieces)]
        changes_ns = due_changes(pieces)
        is_confirmed = False
    return PanelDay(
        panel=panel,
        span=span,
        rows=within,
        pieces=tuple(pieces),
        planned=tuple(planned),
        is_plan_confirmed=is_confirmed,
        switches=tuple(switches_of(switches, pieces, overrides)),
        overrides=tuple(overrides),
        disagreements=tuple(
            one for one in disagreements_of(rows) if _touches(one.from_ns, one.until_ns, span)
        ),
        deviations=tuple(
            deviations_of(pieces, overrides, changes_ns, plan if is_confirmed else None)
        ),
    )


def _touches(begin_ns: int, end_ns: int | None, span: Span) -> bool:
    return begin_ns < span[1] and (end_ns is None or end_ns > span[0])


def _agrees(plan: LightPlan, row: LightRow) -> bool:
    """Return whether a plan gives what a row calls due, at its moment by the panel's clock."""
    moment_ns = row.utc_ns + round((row.clock_off_s or 0.0) * SECOND_NS)
    if plan.to_nearest_step_ns(moment_ns) <= _NEAR_STEP_NS:
        return True
    moments_ns = (moment_ns - _CLOSE_NS, moment_ns, moment_ns + _CLOSE_NS)
    levels = [plan.white_permille(one_ns) / 10 for one_ns in moments_ns]
    is_level = min(levels) - 1 <= row.white_scheduled <= max(levels) + 1
    return is_level and plan.phase(moment_ns) == row.phase


def _planned_changes(plan: LightPlan, span: Span) -> list[int]:
    """Return when light changes, or begins or ends to rise or fall, also just outside the span."""
    parts = plan.parts(span[0] - _NEAR_RAMP_NS, span[1] + _NEAR_RAMP_NS)
    return [part.from_ns for part in parts][1:]


def _planned_switches(plan: LightPlan, span: Span) -> Iterator[DueSwitch]:
    from_ns, until_ns = span
    change_ns = plan.next_change_ns(from_ns - 1)
    while change_ns is not None and change_ns < until_ns:
        to = plan.phase(change_ns)
        if to == "light":
            lit = next(plan.parts(change_ns, change_ns + 3600 * SECOND_NS))
        else:
            *_, lit = plan.parts(change_ns - 3600 * SECOND_NS, change_ns)
        yield DueSwitch(change_ns, to, lit.from_permille != lit.to_permille)
        change_ns = plan.next_change_ns(change_ns)


def _recorded_parts(pieces: Sequence[Piece]) -> Iterator[LightPart]:
    for piece in pieces:
        if piece.seen is not None:
            level = piece.seen.white_scheduled * 10
            yield LightPart(piece.from_ns, piece.until_ns, level, level, piece.seen.phase)


def _recorded_switches(pieces: Sequence[Piece]) -> Iterator[DueSwitch]:
    """Yield changes of what was due; of one that nobody saw, no moment is known."""
    for before, after in pairwise(pieces):
        if before.seen is None or after.row is None or before.seen.phase == after.row.phase:
            continue
        levels = {
            piece.row.white_scheduled
            for piece in pieces
            if piece.row is not None
            and piece.row.phase == "light"
            and abs(piece.from_ns - after.from_ns) <= _NEAR_RAMP_NS
        }
        yield DueSwitch(after.from_ns, after.row.phase, len(levels) > 1)
