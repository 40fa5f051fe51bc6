"""What is not as it should be, from a state and a plan alone."""

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.panel_comparison import REASONS, Seen, disagreement
from appliance.panel_time import Reading
from capture_hw.light_config import LightConfig
from capture_hw.light_setting import plan_of
from capture_hw.panel.state import LampState, PanelState, RunningOverride
from tests.appliance.light_room import HOUR_S, MIDNIGHT_S, SECOND_NS, STANDARD_TIME

DARK_H, LIGHT_H = 3.0, 7.0
DARK = PanelState(
    utc_ns=0,
    clock="host",
    phase="dark",
    white=LampState(0, 0),
    ir=LampState(1000, 990),
    program_crc=1,
    overrides=(),
    next_change_utc_s=None,
    host_silent_s=1.0,
    up_s=100.0,
    resets=1,
    commands=5,
    bad_lines=0,
)
LIGHT = replace(DARK, phase="light", white=LampState(600, 590))


def said(state: PanelState, at_h: float, off_s: float = 0.0, **more: object) -> str:
    host_ns = round((MIDNIGHT_S + at_h * HOUR_S) * SECOND_NS)
    utc_ns = None if state.clock == "none" else host_ns + round(off_s * SECOND_NS)
    reading = Reading(replace(state, utc_ns=utc_ns), host_ns, 0, 0.0)
    fields: dict[str, object] = {
        "plan": plan_of(LightConfig(), STANDARD_TIME),
        "ir_permille": 1000,
        "keeps_schedule": True,
        "is_moving": False,
    }
    return disagreement(Seen(reading=reading, **{**fields, **more}))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "at_h", "expected"),
    [
        (DARK, DARK_H, ""),
        (LIGHT, LIGHT_H, ""),
        (
            replace(DARK, white=LampState(0, 51), ir=LampState(1000, 0)),
            DARK_H,
            "white light is on in the dark: measured at 5 % where 0 % is commanded",
        ),
        (replace(DARK, white=LampState(0, 50)), DARK_H, ""),
        (
            replace(DARK, white=LampState(600, None)),
            DARK_H,
            "white light is on in the dark: commanded to 60 %",
        ),
        (
            replace(DARK, clock="none", white=LampState(600, 600)),
            LIGHT_H,
            "white light is on in the dark: measured at 60 % where 60 % is commanded",
        ),
        (
            replace(DARK, clock="none"),
            LIGHT_H,
            "it does not know the time, so it gives no white light",
        ),
        (
            replace(DARK, program_crc=None),
            LIGHT_H,
            "it runs no program, so it gives no white light",
        ),
        (DARK, LIGHT_H, "it gives the dark phase where light is due"),
        (
            replace(LIGHT, white=LampState(599, 599)),
            LIGHT_H,
            "white is commanded to 60 % where 60 % is due",
        ),
        (
            replace(LIGHT, white=LampState(600, 549)),
            LIGHT_H,
            "white is measured at 55 % where 60 % is commanded",
        ),
        (replace(LIGHT, white=LampState(600, None), ir=LampState(1000, None)), LIGHT_H, ""),
        (
            replace(LIGHT, ir=LampState(300, 300)),
            LIGHT_H,
            "infrared is commanded to 30 % where 100 % is due",
        ),
        (
            replace(LIGHT, ir=LampState(300, 300), overrides=(RunningOverride("ir", 300, 1.0),)),
            LIGHT_H,
            "",
        ),
        (
            replace(
                DARK, white=LampState(100, 100), overrides=(RunningOverride("white", 100, 9.0),)
            ),
            DARK_H,
            "",
        ),
        (
            replace(DARK, overrides=(RunningOverride("white", 100, 9.0),)),
            DARK_H,
            "white is commanded to 0 % where its override says 10 %",
        ),
    ],
)
def test_the_worst_is_said(state: PanelState, at_h: float, expected: str) -> None:
    assert said(state, at_h) == expected


@pytest.mark.parametrize(
    ("off_s", "expected"),
    [
        (60.0, ""),
        (61.0, "its clock differs from this machine's by +1 min"),
        (-3600.0, "its clock differs from this machine's by -60 min"),
    ],
)
def test_a_clock_that_differs_by_more_than_drift_is_said(off_s: float, expected: str) -> None:
    assert said(LIGHT, 8.0, off_s) == expected


def test_light_is_judged_by_the_panels_own_day() -> None:
    assert said(DARK, 6.008, off_s=-30.0) == ""


@pytest.mark.parametrize(("seconds", "is_told"), [(1.9, False), (2.1, True)])
def test_around_a_change_two_seconds_are_no_disagreement(seconds: float, is_told: bool) -> None:
    assert bool(said(DARK, 6 + seconds / HOUR_S)) is is_told
    assert bool(said(LIGHT, 6 - seconds / HOUR_S)) is is_told


@pytest.mark.parametrize(("late_s", "is_told"), [(1, False), (2, True)])
def test_in_a_ramp_a_second_is_no_disagreement(late_s: int, is_told: bool) -> None:
    plan = plan_of(LightConfig(dawn_minutes=10), STANDARD_TIME)  # one per mille a second
    state = replace(LIGHT, white=LampState(300 - late_s, 300))
    assert bool(said(state, 6 + 300 / HOUR_S, plan=plan)) is is_told


def test_a_sensor_may_be_a_moment_behind_a_jump() -> None:
    state = replace(LIGHT, white=LampState(600, 0))
    assert said(state, LIGHT_H, is_moving=True) == ""
    assert said(state, LIGHT_H).startswith("white is measured at 0 % where 60 % is commanded: ")


def test_every_reason_is_explained_to_people_once_and_in_order() -> None:
    page = (Path(__file__).parents[2] / "docs" / "lights.md").read_text(encoding="utf-8")
    _before, _head, table = page.partition("| reason | meaning | what to do |\n|---|---|---|\n")
    rows, _blank, _after = table.partition("\n\n")
    assert [row.split(" | ")[0].removeprefix("| ") for row in rows.split("\n")] == list(REASONS)


def test_why_a_panel_without_time_has_not_been_set_is_said() -> None:
    assert said(replace(DARK, clock="none"), LIGHT_H, clock_waiting="it waits") == (
        "it does not know the time, so it gives no white light; it waits"
    )
