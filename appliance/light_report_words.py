"""What page and terminal say alike: tables and sentences of a light report."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone

from appliance.light_report import LightReportDocument, PanelReport, SwitchEntry, Tolerances
from appliance.light_report_verdict import length
from appliance.light_text import length_text


@dataclass(frozen=True, slots=True)
class Table:
    """Cells with a title; never empty."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def panel_tables(panel: PanelReport, zone: timezone) -> Iterator[Table]:
    """Yield what happened to a panel, without tables that would be empty."""
    for table in _tables(panel, zone):
        if table.rows:
            yield table


def balance(panel: PanelReport) -> str:
    """Return hours of light and dark, due and observed."""
    due = f"{length_text(round(panel.light_due_s))} of light"
    dark_due = f"{length_text(round(panel.dark_due_s))} of darkness"
    seen = f"{length_text(round(panel.light_s))} of light"
    dark_seen = f"{length_text(round(panel.dark_s))} of darkness"
    unseen = length(panel.unobserved_s) if panel.unobserved_s else "nothing"
    source = "measured" if panel.has_white_sensor else "commanded"
    if panel.has_white_sensor and panel.unmeasured_s:
        source = f"measured, but {length(panel.unmeasured_s)} as commanded"
    return (
        f"Due: {due}, {dark_due}. Observed ({source}): {seen}, {dark_seen}. Not observed: {unseen}."
    )


def clock_sentence(panel: PanelReport, zone: timezone) -> str:
    """Return how the panel's clock was."""
    clock = panel.clock
    if clock.worst_off_s is None or clock.worst_at is None:
        return "The panel's clock was never read."
    sets = "not set" if not clock.sets else f"set {clock.sets} time{'s' * (clock.sets > 1)}"
    return (
        f"The panel's clock differed from this machine's by {clock.worst_off_s:+.2f} s at the most "
        f"(at {_clock(clock.worst_at, zone)}); it was {sets}."
    )


def tolerance_sentence(tolerances: Tolerances) -> str:
    """Return what the verdict lets pass."""
    return (
        f"A level within {tolerances.level_points} percent points of what was due is as due; so "
        f"much measured light is darkness. {tolerances.switch_s} s before and after a change are "
        "not judged; a panel's clock may be off by as much. Infrared light must not be weaker than "
        f"{tolerances.least_ir_percent} %. A panel is observed while it answers and a row follows "
        f"within {tolerances.row_vouches_s} s; up to {tolerances.unseen_s:.0f} s a day without "
        "observation do not change the verdict and are stated. Overrides that people ordered are "
        "listed, and are no deviation."
    )


def record_sentence(document: LightReportDocument) -> str:
    """Return what the report is made from, with hashes."""
    record = document.report.record
    rows = f"{record.rows} row{'s' * (record.rows != 1)}"
    return (
        f"Record: {record.file}, {rows}, SHA-256 {record.sha256}. "
        f"Report: SHA-256 {document.report_sha256}."
    )


def signature_lines(document: LightReportDocument, zone: timezone) -> Iterator[str]:
    """Yield who signed, and whether that is still about this record."""
    if not document.signatures:
        yield "Not signed."
        return
    for one in document.signatures:
        moment = _moment(one.time, zone)
        yield f"Signed by {one.name} on {moment:%Y-%m-%d} at {moment:%H:%M:%S}: {one.sentence}"
    if not document.record_has_only_grown:
        yield "WARNING: the record has been changed since it was signed."
    elif not document.record_is_as_signed:
        yield _grown(document)
    elif document.report_is_as_signed:
        yield "Record and report are as they were signed."
    else:
        yield (
            "The record is as it was signed; the report is not, because configuration or software "
            "have changed since."
        )


def _grown(document: LightReportDocument) -> str:
    now = document.report.record.sha256
    if all(one.record_sha256 != now for one in document.signatures):
        return "Rows were added to the record since it was signed; it can be signed anew."
    names = ", ".join(one.name for one in document.signatures if one.record_sha256 == now)
    return (
        f"Rows were added to the record after the first signature; signed as it is now by {names}."
    )


def _tables(panel: PanelReport, zone: timezone) -> Iterator[Table]:
    yield Table(
        "Lights on and off",
        ("", "due", "commanded", "late by", "measured", "late by", ""),
        tuple(_switch(one, zone) for one in panel.switches),
    )
    yield Table(
        "Deviations",
        ("from", "until", "length", "worst level", "what"),
        tuple(
            (
                _clock(one.begin, zone),
                _clock(one.end, zone),
                length(one.length_s),
                "-" if one.worst_percent is None else f"{one.worst_percent} %",
                one.kind
                if one.clock_off_s is None
                else f"{one.kind}, clock off by {one.clock_off_s:+.1f} s",
            )
            for one in panel.deviations
        ),
    )
    yield Table(
        "Not observed",
        ("from", "until", "length", "why"),
        tuple(
            (_clock(one.begin, zone), _clock(one.end, zone), length(one.length_s), one.cause)
            for one in panel.unobserved
        ),
    )
    yield from _episode_tables(panel, zone)


def _episode_tables(panel: PanelReport, zone: timezone) -> Iterator[Table]:
    yield Table(
        "Overrides",
        ("from", "until", "white", "due", "by", "reason", "end"),
        tuple(
            (
                _clock(one.begin, zone),
                "goes on" if one.end is None else _clock(one.end, zone),
                "?" if one.white_percent is None else f"{one.white_percent} %",
                one.phase,
                one.author or "unknown",
                one.reason,
                one.how_it_ended,
            )
            for one in panel.overrides
        ),
    )
    yield Table(
        "Faults, as the program said them",
        ("from", "until", "length", "what"),
        tuple(
            (
                _clock(one.begin, zone),
                "goes on" if one.end is None else _clock(one.end, zone),
                length(one.length_s),
                one.text,
            )
            for one in panel.disagreements
        ),
    )
    yield Table(
        "New starts of the panel",
        ("at", "what"),
        tuple((_clock(one.time, zone), one.text) for one in panel.reboots),
    )


def _switch(switch: SwitchEntry, zone: timezone) -> tuple[str, ...]:
    note = "ramp" if switch.is_ramp and not switch.note else switch.note
    return (
        "on" if switch.to == "light" else "off",
        _clock(switch.due, zone),
        _seen(switch.commanded, zone),
        _late(switch, switch.commanded_late_s),
        _seen(switch.measured, zone),
        _late(switch, switch.measured_late_s),
        note,
    )


def _seen(moment: str | None, zone: timezone) -> str:
    return "-" if moment is None else _clock(moment, zone)


def _late(switch: SwitchEntry, late_s: float | None) -> str:
    """Return a difference; of a ramp it would only say how slow the ramp is."""
    return "-" if late_s is None or switch.is_ramp else f"{late_s:+.1f} s"


def _clock(moment: str, zone: timezone) -> str:
    return f"{_moment(moment, zone):%H:%M:%S}"


def _moment(text: str, zone: timezone) -> datetime:
    return datetime.fromisoformat(text).astimezone(zone)
