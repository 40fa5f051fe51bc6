"""What a light plan is remarked on for: allowed, and perhaps not meant."""

from pathlib import Path

import pytest

from tests.appliance.light_rack import change, remarks


@pytest.mark.parametrize(
    ("keys", "remark"),
    [
        (
            [change("2026-12-01T07:00:00", "lights_on = 20:00:00", "light_hours = 10")],
            "25 h of darkness at a stretch, from 2026-11-30 19:00",
        ),
        (
            [change("2026-12-01T18:30:00", "lights_on = 19:00:00", "light_hours = 11.5")],
            "only 30 min of darkness, from 2026-12-01 18:30",
        ),
        (["light_hours = 0.5"], "each cycle has only 30 min of light"),
        (
            [change("2026-12-01T00:00:00", "cycle_hours = 60", "light_hours = 20")],
            "each cycle has 40 h of darkness at a stretch",
        ),
        (
            [change("2026-12-01T00:00:00", "lights_on = 07:00:00")],
            "this change changes nothing here",
        ),
        (
            ["white_percent = 1", change("2026-12-01T12:00:00", "white_percent = 100")],
            "the change itself takes white light from 1 % to 100 % by day, at 2026-12-01 12:00",
        ),
        (
            [
                change("2026-12-01T00:00:00", "white_percent = 50"),
                change("2026-12-01T06:00:00", "white_percent = 40"),
            ],
            "the photoperiod before it counts for 6 h only, less than a cycle",
        ),
    ],
)
def test_what_is_unusual_is_remarked(tmp_path: Path, keys: list[str], remark: str) -> None:
    assert remark in remarks(tmp_path, *keys)


@pytest.mark.parametrize(
    "keys",
    [
        [change("2026-12-01T07:00:00", "white_percent = 100")],
        [change("2026-12-01T19:00:00", "white_percent = 100")],
        ["light_hours = 24", change("2026-12-01T12:00:00", "white_percent = 100")],
        ["dusk_minutes = 60", change("2026-12-01T18:30:00", "white_percent = 61")],
    ],
)
def test_another_level_is_no_jump_where_no_moment_would_be_better(
    tmp_path: Path, keys: list[str]
) -> None:
    assert remarks(tmp_path, *keys) == []


def test_a_plan_longer_than_a_panel_holds_says_what_must_come_later(tmp_path: Path) -> None:
    weeks = [
        change(f"2026-12-{day:02d}T00:00:00", f"white_percent = {day + 20}") for day in range(1, 11)
    ]
    assert remarks(tmp_path, *weeks) == [
        (
            "a panel holds a part of this plan: what begins 2026-12-08 00:00 and later is uploaded "
            "when earlier photoperiods are over, so this machine must run until then"
        )
    ]
