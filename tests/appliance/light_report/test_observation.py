"""What the light report says of what nobody saw, or cannot be known today."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from appliance.config import RackConfig
from appliance.light_record import LightRow
from appliance.light_report import UnobservedEntry
from appliance.light_report_building import LightReportError, make_report
from appliance.light_report_words import balance
from capture_hw.light_plan import LightPlan
from tests.appliance.light_day import (
    AFTER,
    BEFORE,
    DAY,
    LATER,
    Stretch,
    at_ns,
    lit_rack,
    row,
    rows_of,
    the_panel,
    the_report,
    write,
)


def test_two_hours_that_nobody_saw_are_never_good(config: RackConfig, good: list[LightRow]) -> None:
    hidden = Stretch("2026-11-21T03:00:00", "2026-11-21T05:00:00")
    panel = the_panel(config, hidden.removed(good))
    assert panel.verdict == "not fully observed"
    assert panel.unobserved == (
        UnobservedEntry(
            cause="nothing was written",
            begin="2026-11-21T01:59:20.000Z",
            end="2026-11-21T04:00:20.000Z",
            length_s=7260.0,
        ),
    )
    assert (panel.dark_s, panel.unobserved_s) == (35_940.0, 7260.0)
    assert panel.sentence == (
        "Not fully observed: 2 h 1 min not observed, from 02:59:20; 12 h of light and 9 h 59 min "
        "of darkness seen."
    )


def test_a_switch_that_nobody_saw_is_said_to_be_so(
    config: RackConfig, good: list[LightRow]
) -> None:
    hidden = Stretch("2026-11-21T06:30:00", "2026-11-21T07:30:00")
    panel = the_panel(config, hidden.removed(good))
    on, off = panel.switches
    assert (on.commanded, on.commanded_late_s, on.note) == (None, None, "not observed")
    assert (off.commanded_late_s, off.note) == (0.4, "")


def test_a_panel_that_does_not_answer_is_not_observed(
    config: RackConfig, plan: LightPlan, good: list[LightRow]
) -> None:
    silent = Stretch("2026-11-21T12:00:00", "2026-11-21T12:03:00")
    rows = silent.change(
        good,
        plan,
        lambda one: replace(
            one,
            white_commanded=None,
            white_measured=None,
            ir_commanded=None,
            ir_measured=None,
            clock_off_s=None,
        ),
    )
    panel = the_panel(config, rows)
    assert [(one.cause, one.length_s) for one in panel.unobserved] == [
        ("the panel did not answer", 180.0)
    ]
    assert panel.verdict == "not fully observed"


def test_a_short_restart_is_stated_and_changes_no_verdict(
    config: RackConfig, plan: LightPlan, good: list[LightRow]
) -> None:
    stop = row(at_ns("2026-11-21T12:00:00"), plan, cause="stop")
    start = row(at_ns("2026-11-21T12:00:04"), plan, cause="start")
    panel = the_panel(config, sorted([*good, stop, start], key=lambda one: one.utc_ns))
    assert panel.verdict == "as planned"
    assert "4 s not observed, from 12:00" in panel.sentence
    assert [(one.cause, one.length_s) for one in panel.unobserved] == [("nobody looked", 4.0)]


def test_the_row_before_a_kill_vouches_for_nothing(
    config: RackConfig, plan: LightPlan, good: list[LightRow]
) -> None:
    start = row(at_ns("2026-11-21T12:00:45"), plan, cause="start")
    panel = the_panel(config, sorted([*good, start], key=lambda one: one.utc_ns))
    assert [(one.cause, one.begin, one.length_s) for one in panel.unobserved] == [
        ("nobody looked", "2026-11-21T11:00:20.000Z", 25.0)
    ]


def test_a_worker_that_dies_every_85_s_has_observed_nothing(
    config: RackConfig, plan: LightPlan
) -> None:
    moments_ns = range(at_ns(BEFORE), at_ns(AFTER), 85_000_000_000)
    rows = [row(utc_ns, plan, cause="start") for utc_ns in moments_ns]
    night_ns = at_ns("2026-11-21T02:00:00")
    near = min(range(len(rows)), key=lambda index: abs(rows[index].utc_ns - night_ns))
    assert the_panel(config, rows).verdict == "not fully observed"
    rows[near] = replace(rows[near], white_commanded=60)
    seen = the_panel(lit_rack(config.rack.data.parent / "lit"), rows)
    assert [(one.kind, one.length_s) for one in seen.deviations] == [
        ("white light in the dark", 1.0)
    ], "the second of a look is known"


def test_a_sensor_that_is_lost_is_said_with_how_long(
    config: RackConfig, good: list[LightRow]
) -> None:
    lost_ns = at_ns("2026-11-21T08:00:20")
    rows = [replace(one, white_measured=None) if one.utc_ns >= lost_ns else one for one in good]
    report = the_report(config, rows)
    (panel,) = report.panels
    assert (panel.has_white_sensor, panel.unmeasured_s) == (True, 57_580.0)
    assert "15 h 59 min 40 s of it commanded, but not measured" in report.sentence
    (remark,) = report.remarks
    assert remark == (
        "Panel front: the sensor for white light gave nothing for 15 h 59 min 40 s; that time is "
        "stated as commanded."
    )
    assert "Observed (measured, but 15 h 59 min 40 s as commanded)" in balance(panel)


def test_a_panel_that_is_gone_from_the_configuration_is_still_reported(
    config: RackConfig, good: list[LightRow]
) -> None:
    report = the_report(config, [replace(one, panel="old") for one in good])
    assert [(one.panel, one.verdict) for one in report.panels] == [
        ("front", "not fully observed"),
        ("old", "as planned"),
    ]
    assert report.sentence == (
        "Not fully observed: panel front: 24 h not observed, from 00:00; 0 s of light and 0 s of "
        "darkness seen; 1 other panel is listed below."
    )


def test_what_was_due_is_taken_from_the_record_if_the_configuration_has_changed(
    tmp_path: Path, config: RackConfig, good: list[LightRow]
) -> None:
    write(config, good)
    changed = lit_rack(tmp_path, "light_hours = 16.0\n")
    report = make_report(changed, DAY, LATER).report
    (panel,) = report.panels
    assert panel.due_from == "record"
    assert (panel.verdict, panel.light_due_s) == ("as planned", 43_200.0)
    assert [(one.to, one.due) for one in panel.switches] == [
        ("light", "2026-11-21T06:00:00.400Z"),
        ("dark", "2026-11-21T18:00:00.400Z"),
    ]
    (remark,) = report.remarks
    assert remark == (
        "Panel front: the configuration says otherwise today than on that day; what was due is "
        "taken from the record."
    )


def test_without_a_sensor_light_counts_as_commanded_and_that_is_said(
    config: RackConfig, good: list[LightRow]
) -> None:
    report = the_report(config, [replace(one, white_measured=None) for one in good])
    (panel,) = report.panels
    assert (panel.light_s, panel.has_white_sensor) == (43_200.0, False)
    assert panel.switches[0].measured is None
    assert "has no sensor for white light" in report.remarks[0]


def test_a_day_that_lasts_is_reported_until_now(config: RackConfig, plan: LightPlan) -> None:
    write(config, rows_of(plan, BEFORE, "2026-11-21T14:00:00"))
    report = make_report(config, DAY, at_ns("2026-11-21T14:00:00")).report
    assert not report.is_finished
    assert report.sentence == (
        "Until 14:00: light was as planned: panel front: 7 h of light and 7 h of darkness seen."
    )


def test_damaged_lines_are_named(config: RackConfig, good: list[LightRow]) -> None:
    write(config, good)
    path = config.rack.data / "lights" / "2026-11-21.csv"
    lines = path.read_text().split("\n")
    lines[5] = lines[5][:30]
    path.write_text("\n".join(lines))
    report = make_report(config, DAY, LATER).report
    assert report.record.damaged_lines == (6,)
    assert report.remarks == ("Line 6 of 2026-11-21.csv cannot be read and does not count.",)
    assert report.panels[0].unobserved_s == 120.0


@pytest.mark.parametrize(
    ("day", "panel", "sentence"),
    [
        (date(2026, 11, 19), None, "there is no light record of 2026-11-19: .*2026-11-19.csv does"),
        (date(2026, 12, 25), None, "2026-12-25 lies in the future"),
        (DAY, "cellar", "there is no panel cellar; known: front"),
    ],
)
def test_a_report_that_cannot_be_is_refused(
    config: RackConfig, good: list[LightRow], day: date, panel: str | None, sentence: str
) -> None:
    write(config, good)
    with pytest.raises(LightReportError, match=sentence):
        make_report(config, day, LATER, panel)
