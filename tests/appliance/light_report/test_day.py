"""Days made by hand, and what the light report says of them."""

from dataclasses import replace
from datetime import date
from pathlib import Path

from appliance.cage_plan import panel_plan
from appliance.config import RackConfig
from appliance.light_record import LightRow
from appliance.light_report import DeviationEntry
from appliance.light_report_building import make_report
from capture_hw.light_plan import LightPlan
from tests.appliance.light_day import (
    AFTER,
    BEFORE,
    Stretch,
    at_ns,
    lit_rack,
    row,
    rows_of,
    the_panel,
    the_report,
    write,
)


def test_a_perfect_day_is_as_planned_to_the_second(
    config: RackConfig, good: list[LightRow]
) -> None:
    report = the_report(config, good)
    assert report.verdict == "as planned"
    assert report.sentence == (
        "Light was as planned: panel front: 12 h of light and 12 h of darkness seen."
    )
    assert (report.begin, report.end) == ("2026-11-20T23:00:00.000Z", "2026-11-21T23:00:00.000Z")
    assert report.remarks == ()
    (panel,) = report.panels
    assert (panel.light_due_s, panel.dark_due_s) == (43_200.0, 43_200.0)
    assert (panel.light_s, panel.dark_s, panel.unobserved_s) == (43_200.0, 43_200.0, 0.0)
    assert [(one.to, one.due, one.commanded, one.measured) for one in panel.switches] == [
        (
            "light",
            "2026-11-21T06:00:00.000Z",
            "2026-11-21T06:00:00.400Z",
            "2026-11-21T06:00:00.400Z",
        ),
        (
            "dark",
            "2026-11-21T18:00:00.000Z",
            "2026-11-21T18:00:00.400Z",
            "2026-11-21T18:00:00.400Z",
        ),
    ]
    assert [one.commanded_late_s for one in panel.switches] == [0.4, 0.4]
    assert panel.due_from == "configuration"
    assert (panel.deviations, panel.overrides, panel.disagreements) == ((), (), ())


def test_a_lamp_that_is_dead_for_ten_minutes(
    config: RackConfig, plan: LightPlan, good: list[LightRow]
) -> None:
    dead = Stretch("2026-11-21T14:00:00", "2026-11-21T14:10:00")
    text = "panel front: white is measured at 0 % where 60 % is commanded"
    rows = dead.change(good, plan, lambda one: replace(one, white_measured=0, text=text))
    report = the_report(config, rows)
    (panel,) = report.panels
    assert panel.deviations == (
        DeviationEntry(
            kind="too little white light",
            begin="2026-11-21T13:00:00.000Z",
            end="2026-11-21T13:10:00.000Z",
            length_s=600.0,
            worst_percent=0,
            clock_off_s=None,
        ),
    )
    assert [(one.text, one.length_s) for one in panel.disagreements] == [(text, 600.0)]
    assert (panel.light_s, panel.dark_s) == (42_600.0, 43_800.0)
    assert report.sentence == (
        "Not as planned: panel front: too little white light for 10 min, from 14:00, 0 % at "
        "worst; 11 h 50 min of light and 12 h 10 min of darkness seen."
    )


def test_white_light_at_night_is_told_before_everything_else(
    config: RackConfig, plan: LightPlan, good: list[LightRow]
) -> None:
    night = Stretch("2026-11-21T02:00:00", "2026-11-21T02:00:30")
    weak = Stretch("2026-11-21T01:00:00", "2026-11-21T01:05:00")
    rows = night.change(good, plan, lambda one: replace(one, white_measured=44))
    rows = weak.change(rows, plan, lambda one: replace(one, ir_measured=3))
    panel = the_panel(config, rows)
    assert panel.sentence == (
        "Not as planned: white light in the dark for 30 s, from 02:00, 44 % at worst; infrared "
        "too weak for 5 min, from 01:00, 3 % at worst; 12 h 30 s of light and 11 h 59 min 30 s of "
        "darkness seen."
    )


def test_three_seconds_around_a_switch_are_not_judged_and_the_fourth_is(
    config: RackConfig, plan: LightPlan, good: list[LightRow]
) -> None:
    late = Stretch("2026-11-21T19:00:00.100", "2026-11-21T19:00:03.000")
    on = {"white_commanded": 60, "white_measured": 60}
    rows = late.change(good, plan, lambda one: replace(one, **on))  # type: ignore[arg-type]
    assert the_panel(config, rows).deviations == ()
    later = Stretch("2026-11-22T19:00:00.100", "2026-11-22T19:00:04.500")
    rows = rows_of(plan, "2026-11-21T23:58:00", "2026-11-23T00:00:00")
    rows = later.change(rows, plan, lambda one: replace(one, **on))  # type: ignore[arg-type]
    panel = the_panel(config, rows, date(2026, 11, 22))
    assert [(one.kind, one.length_s) for one in panel.deviations] == [
        ("white light in the dark", 1.5)
    ]
    assert panel.switches[1].commanded_late_s == 4.5


def test_of_two_times_that_light_came_on_the_one_that_was_due_counts(
    config: RackConfig, plan: LightPlan, good: list[LightRow]
) -> None:
    wrong = Stretch("2026-11-21T06:30:00", "2026-11-21T06:31:00")
    panel = the_panel(
        config, wrong.change(good, plan, lambda one: replace(one, white_commanded=60))
    )
    assert panel.switches[0].commanded_late_s == 0.4
    assert [(one.kind, one.length_s) for one in panel.deviations] == [
        ("white light in the dark", 60.0)
    ]


def test_a_leap_day_has_its_report(config: RackConfig, plan: LightPlan) -> None:
    rows = rows_of(plan, "2028-02-28T23:58:00", "2028-03-01T00:00:00")
    write(config, rows)
    made = make_report(config, date(2028, 2, 29), at_ns("2028-03-05T12:00:00"))
    assert made.report.verdict == "as planned"
    assert made.report.panels[0].light_s == 43_200.0


def test_the_day_on_which_staff_turn_their_clocks_has_24_hours(
    config: RackConfig, plan: LightPlan
) -> None:
    rows = rows_of(plan, "2026-10-24T23:58:00", "2026-10-26T00:00:00")
    panel = the_panel(config, rows, date(2026, 10, 25))
    assert (panel.light_s, panel.dark_s, panel.unobserved_s) == (43_200.0, 43_200.0, 0.0)


def test_a_cycle_of_23_hours_with_two_lights_off_on_a_day(tmp_path: Path) -> None:
    t_cycle = (
        "[[lights.change]]\nat = 2026-11-20\nlights_on = 13:30:00\n"
        "cycle_hours = 23.0\nlight_hours = 11.5\n"
    )
    config = lit_rack(tmp_path, t_cycle)
    plan = panel_plan(config, "front")
    rows = rows_of(plan, BEFORE, AFTER)
    panel = the_panel(config, rows)
    assert [(one.to, one.due, one.commanded_late_s) for one in panel.switches] == [
        ("dark", "2026-11-21T00:00:00.000Z", 0.4),
        ("light", "2026-11-21T11:30:00.000Z", 0.4),
    ]
    assert panel.verdict == "as planned"
    # From 12:30 on, 11.5 h of light; it began at 00:00 still lit, until 01:00.
    assert panel.light_due_s == 3600.0 + 11.5 * 3600


def test_dusk_and_dawn_are_marked_as_ramps(tmp_path: Path) -> None:
    config = lit_rack(tmp_path, "dawn_minutes = 60\ndusk_minutes = 60\n")
    panel = the_panel(config, rows_of(panel_plan(config, "front"), BEFORE, AFTER))
    assert [one.is_ramp for one in panel.switches] == [True, True]
    assert panel.verdict == "as planned"


def test_clock_and_new_starts_are_counted(
    config: RackConfig, plan: LightPlan, good: list[LightRow]
) -> None:
    off = row(at_ns("2026-11-21T12:00:00"), plan, cause="clock", clock_off_s=-3.25)
    boot = row(at_ns("2026-11-21T13:00:00"), plan, cause="reboot", text="started again: watchdog")
    panel = the_panel(config, sorted([*good, off, boot], key=lambda one: one.utc_ns))
    assert (panel.clock.worst_off_s, panel.clock.worst_at, panel.clock.sets) == (
        -3.25,
        "2026-11-21T11:00:00.000Z",
        1,
    )
    assert [(one.time, one.text) for one in panel.reboots] == [
        ("2026-11-21T12:00:00.000Z", "started again: watchdog")
    ]
