"""A simulated mouse lives by the light of its cage."""

from collections import Counter
from datetime import UTC, datetime, time
from typing import Final

import pytest

from capture_hw.light_config import LightChange, LightConfig
from capture_hw.light_setting import plan_of
from capture_hw.simulation.mouse_day import MouseDay, MouseHour, day_from
from capture_hw.simulation.script import HOUR_FRAMES, Script

NOON_NS: Final = 1_796_126_400_000_000_000
"""2026-12-01T12:00Z."""


def day_of(*changes: LightChange, **keys: float) -> MouseDay:
    config = LightConfig.model_validate({"lights_on": time(0), "change": changes, **keys})
    return MouseDay(NOON_NS, plan_of(config, UTC))


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (day_from(13.25), MouseHour(14.25, 12.0, 24.0)),
        (day_of(light_hours=16), MouseHour(13.0, 16.0, 24.0)),
        (day_of(skeleton_minutes=15), MouseHour(13.0, 12.0, 24.0)),
        (day_of(light_hours=0), MouseHour(13.0, 12.0, 24.0)),
        (day_of(light_hours=24), MouseHour(13.0, 12.0, 24.0)),
        (
            day_of(LightChange(at=datetime(2026, 12, 1), cycle_hours=22)),
            MouseHour(13.0, 12.0, 22.0),
        ),
        (
            day_of(LightChange(at=datetime(2026, 12, 1, 13), lights_on=time(12))),
            MouseHour(1.0, 12.0, 24.0),
        ),
    ],
)
def test_an_hour_after_frame_0(day: MouseDay, expected: MouseHour) -> None:
    assert day.hour_at(HOUR_FRAMES) == expected


def asleep(script: Script, hours: range) -> float:
    """Return the part of some hours that a mouse sleeps."""
    frames: Counter[bool] = Counter()
    for hour in hours:
        for bout in script.hour(hour).bouts:
            frames[bout.behavior == "rest"] += bout.end - bout.start
    return frames[True] / sum(frames.values())


def test_a_mouse_sleeps_while_it_is_light_in_its_own_cage() -> None:
    short = Script(1, "circadian", day_of(light_hours=6))
    reversed_day = Script(1, "circadian", MouseDay(NOON_NS, plan_of(LightConfig(), UTC)))
    assert asleep(short, range(12, 18)) > 0.6 > 0.45 > asleep(short, range(12))
    assert asleep(reversed_day, range(19, 31)) > 0.6 > 0.45 > asleep(reversed_day, range(7, 19))
