"""Light records made by hand: what a panel's rows would be on a day, and what went wrong."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from appliance.config import RackConfig
from appliance.light_record import LightRecord, LightRow
from appliance.light_report import LightReport, PanelReport
from appliance.light_report_building import make_report
from appliance.rack_path import light_record
from capture_hw.light_plan import LightPlan
from tests.appliance.rack_factory import rack

SECOND_NS = 1_000_000_000
MINUTE_NS = 60 * SECOND_NS
DAY = date(2026, 11, 21)
BEFORE = "2026-11-20T23:58:00"
AFTER = "2026-11-22T00:00:00"
"""Two minutes before the day, and its end."""
PANEL = """
[lights]
lights_on = 07:00:00
{lights}
[[lights.panel]]
name = "front"
driver = "simulated"
"""


def lit_rack(folder: Path, lights: str = "") -> RackConfig:
    """Return a rack in UTC+1 with a panel `front`: 12 h of light at 60 % from 07:00."""
    return rack(folder, 1, extra=PANEL.format(lights=lights))


def at_ns(text: str) -> int:
    """Return a moment of standard time, UTC+1, such as 2026-11-21T07:00:00."""
    return round(datetime.fromisoformat(f"{text}+01:00").timestamp() * 1000) * 1_000_000


LATER = at_ns("2026-12-24T12:00:00")


def row(utc_ns: int, plan: LightPlan, **changes: object) -> LightRow:
    """Return a row in which all is as planned, but for the changes."""
    white = round(plan.white_permille(utc_ns) / 10)
    good = LightRow(
        utc_ns=utc_ns,
        panel="front",
        cause="minute",
        phase=plan.phase(utc_ns),
        zt_h=plan.zt_h(utc_ns),
        white_scheduled=white,
        white_commanded=white,
        white_measured=white + 1 if white else 0,
        ir_commanded=100,
        ir_measured=99,
        clock_off_s=0.2,
        author="",
        text="",
    )
    return replace(good, **changes)  # type: ignore[arg-type]


def rows_of(plan: LightPlan, begin: str, end: str) -> list[LightRow]:
    """Return a row each minute, at 20 s, and one 0.4 s after each change of phase."""
    begin_ns, end_ns = at_ns(begin), at_ns(end)
    rows = [row(utc_ns, plan) for utc_ns in range(begin_ns + 20 * SECOND_NS, end_ns, MINUTE_NS)]
    change_ns = plan.next_change_ns(begin_ns - 1)
    while change_ns is not None and change_ns < end_ns:
        rows.append(row(change_ns + 400_000_000, plan, cause="schedule"))
        change_ns = plan.next_change_ns(change_ns)
    return sorted(rows, key=lambda one: one.utc_ns)


@dataclass(frozen=True)
class Stretch:
    """A part of a day in which something is otherwise: from its first moment on, not at its end."""

    begin: str
    end: str

    def change(
        self, rows: Iterable[LightRow], plan: LightPlan, change: Callable[[LightRow], LightRow]
    ) -> list[LightRow]:
        """Return rows with the change, and with a row at the stretch's begin and at its end."""
        begin_ns, end_ns = at_ns(self.begin), at_ns(self.end)
        first, last = row(begin_ns, plan, cause="reason"), row(end_ns, plan, cause="reason")
        changed = [
            change(one) if begin_ns <= one.utc_ns < end_ns else one for one in [first, last, *rows]
        ]
        return sorted(changed, key=lambda one: one.utc_ns)

    def removed(self, rows: Iterable[LightRow]) -> list[LightRow]:
        """Return rows without those of the stretch."""
        begin_ns, end_ns = at_ns(self.begin), at_ns(self.end)
        return [one for one in rows if not begin_ns <= one.utc_ns < end_ns]


def write(config: RackConfig, rows: list[LightRow]) -> None:
    """Write rows as the lights worker does."""
    LightRecord(light_record(config), config.standard_time).write(rows)


def the_report(config: RackConfig, rows: list[LightRow], day: date = DAY) -> LightReport:
    """Write rows and return the report of a day, made much later."""
    write(config, rows)
    return make_report(config, day, LATER).report


def the_panel(config: RackConfig, rows: list[LightRow], day: date = DAY) -> PanelReport:
    """Write rows and return the report of the only panel."""
    (panel,) = the_report(config, rows, day).panels
    return panel
