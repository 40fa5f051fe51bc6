"""What the light report says of clocks that disagree, or were set back."""

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.cage_plan import panel_plan
from appliance.config import RackConfig
from appliance.light_record import LightRow
from capture_hw.light_plan import LightPlan
from tests.appliance.light_day import (
    AFTER,
    BEFORE,
    SECOND_NS,
    at_ns,
    lit_rack,
    row,
    rows_of,
    the_panel,
    the_report,
)


def by_a_clock_off(
    plan: LightPlan, off_s: float, begin: str = BEFORE, end: str = AFTER
) -> list[LightRow]:
    """Return rows as a panel's clock that is off by so much makes them."""
    off_ns = round(off_s * SECOND_NS)
    rows = rows_of(plan, begin, end)
    return [replace(one, utc_ns=one.utc_ns - off_ns, clock_off_s=off_s) for one in rows]


def test_a_day_that_is_an_hour_late_is_not_as_planned(config: RackConfig, plan: LightPlan) -> None:
    rows = by_a_clock_off(plan, -3600.0, "2026-11-20T22:58:00", "2026-11-21T23:00:00")
    report = the_report(config, rows)
    assert report.remarks == ()
    assert report.sentence == (
        "Not as planned: panel front: light at another time for 2 h 1 s, 2 times, first at 07:00, "
        "clock off by -3600.0 s at worst; 12 h of light and 12 h of darkness seen."
    )
    (panel,) = report.panels
    assert panel.due_from == "configuration"
    assert [
        (one.kind, one.begin, one.length_s, one.clock_off_s, one.worst_percent)
        for one in panel.deviations
    ] == [
        ("light at another time", "2026-11-21T06:00:00.000Z", 3600.4, -3600.0, None),
        ("light at another time", "2026-11-21T18:00:00.000Z", 3600.4, -3600.0, None),
    ]
    assert [(one.due, one.commanded_late_s) for one in panel.switches] == [
        ("2026-11-21T06:00:00.000Z", 3600.4),
        ("2026-11-21T18:00:00.000Z", 3600.4),
    ]


def test_twenty_seconds_late_are_told_and_three_let_pass(
    tmp_path: Path, config: RackConfig, plan: LightPlan
) -> None:
    rows = by_a_clock_off(plan, -20.0, "2026-11-20T23:57:00", "2026-11-22T00:00:00")
    panel = the_panel(config, rows)
    assert [(one.kind, one.length_s) for one in panel.deviations] == [
        ("light at another time", 20.4),
        ("light at another time", 20.4),
    ]
    rows = by_a_clock_off(plan, -3.0)
    assert the_panel(lit_rack(tmp_path / "near"), rows).verdict == "as planned"


def test_a_sensor_settles_at_the_change_that_the_panels_clock_makes(
    config: RackConfig, plan: LightPlan
) -> None:
    rows = by_a_clock_off(plan, -20.0, "2026-11-20T23:57:00", "2026-11-22T00:00:00")
    on_ns = at_ns("2026-11-21T07:00:20.400")
    rows = [replace(one, white_measured=10) if one.utc_ns == on_ns else one for one in rows]
    settled = row(on_ns + 2 * SECOND_NS, plan, cause="reason", clock_off_s=-20.0)
    panel = the_panel(config, sorted([*rows, settled], key=lambda one: one.utc_ns))
    assert {one.kind for one in panel.deviations} == {"light at another time"}


def test_a_clock_that_is_off_moves_nothing_in_constant_darkness(tmp_path: Path) -> None:
    config = lit_rack(tmp_path, "light_hours = 0.0\n")
    rows = by_a_clock_off(panel_plan(config, "front"), -900.0, end="2026-11-22T01:00:00")
    assert the_panel(config, rows).deviations == ()


def test_without_a_plan_light_by_a_wrong_clock_is_never_good(
    tmp_path: Path, plan: LightPlan
) -> None:
    rows = by_a_clock_off(plan, 600.0, end="2026-11-22T00:20:00")
    changed = lit_rack(tmp_path / "other", "light_hours = 16.0\n")
    panel = the_panel(changed, rows)
    assert panel.due_from == "record"
    assert [(one.kind, one.length_s, one.clock_off_s) for one in panel.deviations] == [
        ("light at another time", 86_400.0, 600.0)
    ]


@pytest.mark.parametrize("off_s", [4.0, -4.0, 2.5])
def test_a_row_some_seconds_off_is_no_other_configuration(
    config: RackConfig, plan: LightPlan, off_s: float
) -> None:
    rows = by_a_clock_off(plan, off_s, "2026-11-20T23:57:00", "2026-11-22T00:01:00")
    assert the_panel(config, rows).due_from == "configuration"


def test_a_row_that_is_late_at_a_step_is_no_other_configuration(
    config: RackConfig, plan: LightPlan
) -> None:
    late_ns = at_ns("2026-11-21T07:00:03")
    late = row(late_ns, plan, phase="dark", white_scheduled=0)
    rows = sorted([*rows_of(plan, BEFORE, AFTER), late], key=lambda one: one.utc_ns)
    assert the_panel(config, rows).due_from == "configuration"


def test_what_a_clock_that_was_set_back_shows_twice_is_not_observed(
    config: RackConfig, plan: LightPlan
) -> None:
    before = rows_of(plan, BEFORE, "2026-11-21T04:00:00")
    night_ns = at_ns("2026-11-21T03:45:20")
    before = [replace(one, white_measured=40) if one.utc_ns == night_ns else one for one in before]
    again = rows_of(plan, "2026-11-21T03:30:05", AFTER)
    report = the_report(config, [*before, *again])
    (panel,) = report.panels
    assert [(one.cause, one.begin, one.end) for one in panel.unobserved] == [
        ("the clock was set back", "2026-11-21T02:30:25.000Z", "2026-11-21T02:59:20.000Z")
    ]
    assert [(one.kind, one.length_s) for one in panel.deviations] == [
        ("white light in the dark", 1.0)
    ], "what was seen of it counts all the same"
    (remark,) = report.remarks
    assert remark == (
        "29 rows are earlier than a row before: the clock of this machine was set back, and what "
        "it showed twice does not count as observed."
    )


def test_a_clock_that_was_set_back_over_midnight_is_said_on_both_days(
    config: RackConfig, plan: LightPlan
) -> None:
    before = rows_of(plan, BEFORE, "2026-11-22T00:10:00")
    again = rows_of(plan, "2026-11-21T23:30:05", "2026-11-23T00:00:00")
    report = the_report(config, [*before, *again])
    (panel,) = report.panels
    assert panel.verdict == "not fully observed"
    assert [(one.cause, one.length_s) for one in panel.unobserved] == [
        ("the clock was set back", 1735.0)
    ]
    assert report.remarks[0].startswith("29 rows are earlier than a row before")
