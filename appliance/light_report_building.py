"""Making the light report of a day from the record and the configuration."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

from appliance.cage_plan import panel_plan
from appliance.config import RackConfig
from appliance.event import rfc3339
from appliance.light_record import LightRow, day_path
from appliance.light_record_reading import (
    DayRecord,
    LightRecordError,
    day_bounds_ns,
    read_day,
)
from appliance.light_report import LightReport, PanelReport, RecordFacts
from appliance.light_report_day import PanelDay, panel_day
from appliance.light_report_entry import panel_report
from appliance.light_report_finish import unfinished
from appliance.light_report_piece import Span
from appliance.light_report_verdict import length, rack_sentence, rack_verdict
from appliance.light_text import clock_text
from appliance.rack_path import light_record
from capture_hw.photoperiod import SECOND_NS


class LightReportError(Exception):
    """There is no such report; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class MadeReport:
    """A report, and the days that its drawings show."""

    report: LightReport
    days: tuple[PanelDay, ...]
    """In the order of `report.panels`."""
    record: DayRecord
    unfinished: str
    """Why it cannot be signed yet, one clause; empty if it can."""

    @property
    def sha256(self) -> str:
        """Return the hash that a signature holds."""
        document = self.report.model_dump(mode="json", by_alias=True)
        text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def make_report(config: RackConfig, day: date, now_ns: int, panel: str | None = None) -> MadeReport:
    """Make the report of all panels or of one. Raises LightReportError, LightRecordError."""
    zone = config.standard_time
    begin_ns, end_ns = day_bounds_ns(day, zone)
    if begin_ns > now_ns:
        raise LightReportError(f"{day} lies in the future")
    folder = light_record(config)
    try:
        record = read_day(folder, day)
    except FileNotFoundError:
        raise LightReportError(
            f"there is no light record of {day}: {day_path(folder, day)} does not exist"
        ) from None
    names = [*_names(config, record, panel)]
    earlier, remarks = _day_before(folder, day)
    span = begin_ns, min(end_ns, now_ns)
    days = [_panel_day(config, name, earlier, record, span) for name in names]
    panels = tuple(panel_report(day_of_panel, zone) for day_of_panel in days)
    missing = unfinished(record, folder, day, end_ns, now_ns)
    until = clock_text(now_ns, zone) if now_ns < end_ns else None
    if missing and until is None:
        remarks.append(f"{missing[0].upper()}{missing[1:]}.")
    report = LightReport(
        facility=config.rack.facility,
        rack=config.rack.name,
        day=day.isoformat(),
        utc_offset=config.rack.utc_offset,
        begin=rfc3339(span[0]),
        end=rfc3339(span[1]),
        is_finished=not missing,
        verdict=rack_verdict(panels),
        sentence=rack_sentence(panels, until),
        remarks=(*_record_remarks(record), *remarks, *_panel_remarks(config, panels)),
        record=RecordFacts(
            file=record.path.name,
            sha256=record.sha256,
            rows=len(record.rows),
            damaged_lines=record.damaged_lines,
            backward_rows=record.backward_rows,
        ),
        panels=panels,
    )
    return MadeReport(report, tuple(days), record, missing)


def yesterday(now_ns: int, zone: timezone) -> date:
    """Return the last day of standard time that is over."""
    today = datetime.fromtimestamp(now_ns // SECOND_NS, UTC).astimezone(zone).date()
    return today - timedelta(days=1)


def _names(config: RackConfig, record: DayRecord, panel: str | None) -> Iterator[str]:
    """Yield the panels of the configuration, then those that only the record knows."""
    configured = [one.name for one in config.lights.panel]
    others = sorted({row.panel for row in record.rows} - set(configured))
    if panel is None:
        yield from (*configured, *others)
    elif panel in (*configured, *others):
        yield panel
    else:
        known = ", ".join((*configured, *others)) or "none"
        raise LightReportError(f"there is no panel {panel}; known: {known}")


def _day_before(folder: Path, day: date) -> tuple[Sequence[LightRow], list[str]]:
    """Return the rows in which an override may have begun that went on past midnight."""
    try:
        return read_day(folder, day - timedelta(days=1)).rows, []
    except (FileNotFoundError, OverflowError):
        return (), []
    except LightRecordError as error:
        return (), [f"An override that began the day before is not known: {error}."]


def _panel_day(
    config: RackConfig, name: str, earlier: Sequence[LightRow], record: DayRecord, span: Span
) -> PanelDay:
    is_configured = name in {one.name for one in config.lights.panel}
    plan = panel_plan(config, name) if is_configured else None
    rows = [row for row in (*earlier, *record.rows) if row.panel == name]
    twice = [(one.from_ns, one.until_ns) for one in record.set_back if one.panel == name]
    return panel_day(name, plan, rows, span, twice)


def _record_remarks(record: DayRecord) -> Iterator[str]:
    if damaged := record.damaged_lines:
        lines = ", ".join(str(number) for number in damaged[:10])
        more = f" and {len(damaged) - 10} more" if len(damaged) > 10 else ""
        if len(damaged) == 1:
            yield f"Line {lines} of {record.path.name} cannot be read and does not count."
        else:
            yield f"Lines {lines}{more} of {record.path.name} cannot be read and do not count."
    if record.backward_rows:
        rows = "1 row is" if record.backward_rows == 1 else f"{record.backward_rows} rows are"
        yield (
            f"{rows} earlier than a row before: the clock of this machine was set back, and what "
            "it showed twice does not count as observed."
        )


def _panel_remarks(config: RackConfig, panels: Sequence[PanelReport]) -> Iterator[str]:
    configured = {one.name for one in config.lights.panel}
    for panel in panels:
        if panel.panel not in configured:
            yield (
                f"Panel {panel.panel} is not in the configuration any more; what was due is "
                "taken from the record."
            )
        elif panel.due_from == "record":
            yield (
                f"Panel {panel.panel}: the configuration says otherwise today than on that day; "
                "what was due is taken from the record."
            )
        if not panel.has_white_sensor and panel.light_s + panel.dark_s > 0:
            yield (
                f"Panel {panel.panel} has no sensor for white light, or it was not read: light "
                "is stated as commanded, not as measured."
            )
        elif panel.has_white_sensor and panel.unmeasured_s:
            yield (
                f"Panel {panel.panel}: the sensor for white light gave nothing for "
                f"{length(panel.unmeasured_s)}; that time is stated as commanded."
            )
