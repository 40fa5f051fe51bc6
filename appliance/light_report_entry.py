"""From a judged day of a panel to the entries of its report."""

from collections.abc import Iterator, Sequence
from datetime import timezone

from appliance.event import rfc3339
from appliance.light_record import LightRow
from appliance.light_report import (
    ClockFacts,
    DeviationEntry,
    DisagreementEntry,
    OverrideEntry,
    PanelReport,
    RebootEntry,
    SwitchEntry,
    UnobservedEntry,
)
from appliance.light_report_day import PanelDay
from appliance.light_report_piece import Piece, Span, total_s
from appliance.light_report_switch import Switch
from appliance.light_report_verdict import (
    delivered_s,
    has_white_sensor,
    panel_sentence,
    panel_verdict,
    unmeasured_s,
    unseen,
)
from capture_hw.photoperiod import SECOND_NS


def panel_report(day: PanelDay, zone: timezone) -> PanelReport:
    """Return what the report says of a panel."""
    lit_s, dark_s = delivered_s(day)
    return PanelReport(
        panel=day.panel,
        verdict=panel_verdict(day),
        sentence=panel_sentence(day, zone),
        due_from="configuration" if day.is_plan_confirmed else "record",
        light_due_s=_due_s(day, "light"),
        dark_due_s=_due_s(day, "dark"),
        light_s=lit_s,
        dark_s=dark_s,
        unobserved_s=total_s(unseen(day)),
        has_white_sensor=has_white_sensor(day),
        unmeasured_s=unmeasured_s(day),
        has_ir_sensor=any(row.ir_measured is not None for row in day.rows),
        switches=tuple(_switch(one) for one in day.switches),
        deviations=tuple(
            DeviationEntry(
                kind=one.kind,
                begin=rfc3339(one.from_ns),
                end=rfc3339(one.until_ns),
                length_s=total_s([(one.from_ns, one.until_ns)]),
                worst_percent=None if one.kind == "light at another time" else int(one.worst),
                clock_off_s=one.worst if one.kind == "light at another time" else None,
            )
            for one in day.deviations
        ),
        unobserved=tuple(_unobserved(day.pieces)),
        overrides=tuple(_overrides(day)),
        disagreements=tuple(
            DisagreementEntry(
                text=one.text,
                begin=rfc3339(one.from_ns),
                end=_moment(one.until_ns),
                length_s=_within_s(one.from_ns, one.until_ns, day.span),
            )
            for one in day.disagreements
        ),
        clock=_clock(day.rows),
        reboots=tuple(
            RebootEntry(time=rfc3339(row.utc_ns), text=row.text)
            for row in day.rows
            if row.cause == "reboot"
        ),
    )


def _due_s(day: PanelDay, phase: str) -> float:
    return total_s((part.from_ns, part.until_ns) for part in day.planned if part.phase == phase)


def _switch(switch: Switch) -> SwitchEntry:
    due_ns = switch.due.utc_ns
    return SwitchEntry(
        to=switch.due.to,
        due=rfc3339(due_ns),
        commanded=_moment(switch.commanded_ns),
        measured=_moment(switch.measured_ns),
        commanded_late_s=_late_s(switch.commanded_ns, due_ns),
        measured_late_s=_late_s(switch.measured_ns, due_ns),
        is_ramp=switch.due.is_ramp,
        note=switch.note,
    )


def _unobserved(pieces: Sequence[Piece]) -> Iterator[UnobservedEntry]:
    """Yield stretches of one cause; pieces that follow each other are one."""
    for index, piece in enumerate(pieces):
        if piece.hole is None or (index and pieces[index - 1].hole == piece.hole):
            continue
        following = index
        while following + 1 < len(pieces) and pieces[following + 1].hole == piece.hole:
            following += 1
        until_ns = pieces[following].until_ns
        yield UnobservedEntry(
            cause=piece.hole,
            begin=rfc3339(piece.from_ns),
            end=rfc3339(until_ns),
            length_s=total_s([(piece.from_ns, until_ns)]),
        )


def _overrides(day: PanelDay) -> Iterator[OverrideEntry]:
    for one in day.overrides:
        is_over = one.until_ns is not None and one.until_ns < day.span[1]
        yield OverrideEntry(
            author=one.author,
            reason=one.reason,
            white_percent=one.white_percent,
            phase=one.phase,
            begin=rfc3339(one.from_ns),
            end=_moment(one.until_ns) if is_over else None,
            length_s=_within_s(one.from_ns, one.until_ns, day.span),
            how_it_ended=one.end_text,
        )


def _clock(rows: Sequence[LightRow]) -> ClockFacts:
    known = [(abs(row.clock_off_s), row) for row in rows if row.clock_off_s is not None]
    worst = max(known, key=lambda one: one[0], default=None)
    return ClockFacts(
        worst_off_s=None if worst is None else worst[1].clock_off_s,
        worst_at=None if worst is None else rfc3339(worst[1].utc_ns),
        sets=sum(row.cause == "clock" for row in rows),
    )


def _within_s(begin_ns: int, end_ns: int | None, span: Span) -> float:
    last_ns = span[1] if end_ns is None else min(end_ns, span[1])
    return total_s([(max(begin_ns, span[0]), last_ns)])


def _late_s(seen_ns: int | None, due_ns: int) -> float | None:
    return None if seen_ns is None else round((seen_ns - due_ns) / SECOND_NS, 3)


def _moment(utc_ns: int | None) -> str | None:
    return None if utc_ns is None else rfc3339(utc_ns)
