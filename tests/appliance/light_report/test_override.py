"""Light that people ordered, in the light report."""

from dataclasses import replace

import pytest

from appliance.config import RackConfig
from appliance.light_record import LightRow
from capture_hw.light_plan import LightPlan
from tests.appliance.light_day import (
    AFTER,
    Stretch,
    at_ns,
    row,
    rows_of,
    the_panel,
)


def at_night(rows: list[LightRow], plan: LightPlan, *, is_end_seen: bool) -> list[LightRow]:
    begin_ns, end_ns = at_ns("2026-11-21T22:15:00"), at_ns("2026-11-21T22:35:00")
    lit = [
        replace(one, white_commanded=20, white_measured=21)
        if begin_ns <= one.utc_ns < end_ns
        else one
        for one in rows
    ]
    begin = row(
        begin_ns,
        plan,
        cause="override",
        author="Maria",
        text="cage change",
        white_commanded=20,
        white_measured=20,
    )
    end = row(end_ns, plan, cause="override-end", author="Maria", text="it ended by itself")
    return sorted([*lit, begin, *([end] if is_end_seen else [])], key=lambda one: one.utc_ns)


def test_an_override_at_night_is_listed_and_no_deviation(
    config: RackConfig, plan: LightPlan, good: list[LightRow]
) -> None:
    panel = the_panel(config, at_night(good, plan, is_end_seen=True))
    assert panel.verdict == "as planned"
    (override,) = panel.overrides
    assert override.model_dump() == {
        "author": "Maria",
        "reason": "cage change",
        "white_percent": 20,
        "phase": "dark",
        "begin": "2026-11-21T21:15:00.000Z",
        "end": "2026-11-21T21:35:00.000Z",
        "length_s": 1200.0,
        "how_it_ended": "it ended by itself",
    }
    assert panel.light_s == 44_400.0
    assert len(panel.switches) == 2


def test_an_override_whose_end_nobody_wrote_excuses_no_later_light(
    config: RackConfig, plan: LightPlan, good: list[LightRow]
) -> None:
    rows = at_night(good, plan, is_end_seen=False)
    again = Stretch("2026-11-21T23:00:00", "2026-11-21T23:01:00")
    rows = again.change(rows, plan, lambda one: replace(one, white_commanded=20))
    panel = the_panel(config, rows)
    assert [one.end for one in panel.overrides] == ["2026-11-21T21:35:20.000Z"]
    assert [(one.kind, one.begin) for one in panel.deviations] == [
        ("white light in the dark", "2026-11-21T22:00:00.000Z")
    ]


@pytest.mark.parametrize("cause", ["override-end", "reboot"])
def test_an_override_to_the_level_that_is_due_ends_when_that_is_written(
    config: RackConfig, plan: LightPlan, good: list[LightRow], cause: str
) -> None:
    begin = row(at_ns("2026-11-21T12:00:00"), plan, cause="override", author="Eva", text="look")
    end = row(at_ns("2026-11-21T12:05:00"), plan, cause=cause, text="it was started again")
    panel = the_panel(config, sorted([*good, begin, end], key=lambda one: one.utc_ns))
    assert [(one.end, one.how_it_ended) for one in panel.overrides] == [
        ("2026-11-21T11:05:00.000Z", "it was started again")
    ]


def test_an_override_that_nobody_here_ordered_excuses_nothing(
    config: RackConfig, plan: LightPlan, good: list[LightRow]
) -> None:
    rows = [replace(one, author="") for one in at_night(good, plan, is_end_seen=True)]
    panel = the_panel(config, rows)
    assert panel.verdict == "not as planned"
    assert [(one.kind, one.length_s, one.worst_percent) for one in panel.deviations] == [
        ("white light in the dark", 1200.0, 21)
    ]
    assert [one.author for one in panel.overrides] == [""]


def test_more_light_than_was_ordered_is_a_deviation(
    config: RackConfig, plan: LightPlan, good: list[LightRow]
) -> None:
    rows = [
        replace(one, white_measured=90) if one.white_commanded == 20 else one
        for one in at_night(good, plan, is_end_seen=True)
    ]
    panel = the_panel(config, rows)
    # Three seconds after the begin and three before the end are not judged.
    assert [(one.kind, one.length_s, one.worst_percent) for one in panel.deviations] == [
        ("too much white light", 1194.0, 90)
    ]


def test_an_override_over_midnight_is_known_the_next_day(
    config: RackConfig, plan: LightPlan
) -> None:
    rows = rows_of(plan, "2026-11-20T23:00:00", AFTER)
    begin_ns, end_ns = at_ns("2026-11-20T23:50:00"), at_ns("2026-11-21T00:10:00")
    lit = [
        replace(one, white_commanded=20) if begin_ns <= one.utc_ns < end_ns else one for one in rows
    ]
    begin = row(begin_ns, plan, cause="override", author="Eva", text="late", white_commanded=20)
    end = row(end_ns, plan, cause="override-end", author="Eva", text="ended by itself")
    panel = the_panel(config, sorted([*lit, begin, end], key=lambda one: one.utc_ns))
    assert [(one.author, one.begin, one.length_s) for one in panel.overrides] == [
        ("Eva", "2026-11-20T22:50:00.000Z", 600.0)
    ]


def test_lights_on_during_an_override_are_not_taken_for_early(
    config: RackConfig, plan: LightPlan, good: list[LightRow]
) -> None:
    begin_ns, end_ns = at_ns("2026-11-21T06:50:00"), at_ns("2026-11-21T07:10:00")
    lit = {"white_commanded": 20, "white_measured": 20}
    rows = [
        replace(one, **lit) if begin_ns <= one.utc_ns < end_ns else one  # type: ignore[arg-type]
        for one in good
    ]
    begin = row(begin_ns, plan, cause="override", author="Eva", text="early", **lit)
    end = row(end_ns, plan, cause="override-end", author="Eva", text="it ended by itself")
    panel = the_panel(config, sorted([*rows, begin, end], key=lambda one: one.utc_ns))
    on = panel.switches[0]
    assert (on.commanded, on.measured, on.note) == (None, None, "during an override")
    assert panel.deviations == ()
