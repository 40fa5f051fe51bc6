"""Day and night by the clock, for years and over every change."""

from datetime import UTC, datetime, time, timedelta, timezone
from itertools import pairwise
from typing import Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from capture_hw.light_config import LightConfig
from capture_hw.light_plan import LightPart, LightPlan
from capture_hw.light_setting import plan_of
from tests.capture_hw.light_calendar import (
    MICROSECOND,
    SECOND_NS,
    due,
    lives,
    moments,
    ns_of,
    times_of_day,
    zones,
)

HOUR_NS: Final = 3600 * SECOND_NS
DAY_NS: Final = 24 * HOUR_NS
BERLIN: Final = timezone(timedelta(hours=1))

Life = tuple[LightConfig, timezone, str | None, int]


def plan_for(life: Life) -> LightPlan:
    config, zone, panel, _utc_ns = life
    return plan_of(config, zone, panel)


@settings(deadline=None, max_examples=200)
@given(lives())
def test_light_is_that_of_the_calendar(life: Life) -> None:
    plan, utc_ns = plan_for(life), life[3]
    expected = due(*life)
    assert plan.zt_ns(utc_ns) == expected.zt // MICROSECOND * 1000
    assert plan.white_permille(utc_ns) == expected.white_permille
    assert plan.phase(utc_ns) == expected.phase
    assert plan.zt_h(utc_ns) == plan.zt_ns(utc_ns) / HOUR_NS


@settings(deadline=None, max_examples=50)
@given(lives(), st.integers(1, 5 * 86_400 * 1_000_000), st.lists(st.integers(0, 9999), max_size=8))
def test_parts_leave_no_hole_and_say_what_the_calendar_says(
    life: Life, length_us: int, looks: list[int]
) -> None:
    config, zone, panel, from_ns = life
    until_ns = from_ns + length_us * 1000
    parts = list(plan_for(life).parts(from_ns, until_ns))
    assert (parts[0].from_ns, parts[-1].until_ns) == (from_ns, until_ns)
    assert all(one.until_ns == next_one.from_ns for one, next_one in pairwise(parts))
    for part in parts[:40]:
        length_ns = part.until_ns - part.from_ns
        assert part.from_permille == due(config, zone, panel, part.from_ns).white_permille
        for look in looks:
            at_ns = part.from_ns + length_ns * look // 10_000 // 1000 * 1000
            level = due(config, zone, panel, at_ns)
            assert level.phase == part.phase
            low, high = sorted([part.from_permille, part.to_permille])
            assert low <= level.white_permille <= high


@settings(deadline=None, max_examples=60)
@given(lives())
def test_neighboring_parts_differ(life: Life) -> None:
    for one, other in pairwise(plan_for(life).parts(life[3], life[3] + 3 * DAY_NS)):
        same = one.from_permille == one.to_permille == other.from_permille == other.to_permille
        assert not (same and one.phase == other.phase)


@settings(deadline=None, max_examples=60)
@given(lives(), st.lists(st.integers(0, 9999), min_size=20, max_size=20))
def test_the_next_change_is_the_first(life: Life, looks: list[int]) -> None:
    config, zone, panel, utc_ns = life
    plan = plan_for(life)
    change_ns = plan.next_change_ns(utc_ns)
    phase = due(*life).phase
    until_ns = change_ns
    if until_ns is None:
        until_ns = utc_ns + 100 * 365 * DAY_NS
    else:
        assert change_ns is not None
        assert change_ns > utc_ns
        assert due(config, zone, panel, change_ns).phase != phase
        assert due(config, zone, panel, change_ns - 1000).phase == phase
    for look in looks:
        between_ns = utc_ns + (until_ns - utc_ns) * look // 10_000 // 1000 * 1000
        assert due(config, zone, panel, between_ns).phase == phase


@settings(deadline=None, max_examples=50)
@given(lives())
def test_no_step_is_nearer_than_the_nearest(life: Life) -> None:
    plan, utc_ns = plan_for(life), life[3]
    off_ns = plan.to_nearest_step_ns(utc_ns)
    assert off_ns >= 0
    assert len(list(plan.parts(utc_ns - off_ns, utc_ns + off_ns))) <= 1


@settings(deadline=None, max_examples=50)
@given(lives())
def test_zeitgeber_time_counts_on_until_it_says(life: Life) -> None:
    plan, utc_ns = plan_for(life), life[3]
    end_ns = plan.zt_ends_ns(utc_ns)
    assert end_ns > utc_ns
    assert plan.zt_ns(end_ns - 1) == plan.zt_ns(utc_ns) + end_ns - 1 - utc_ns
    assert plan.zt_ns(end_ns) == 0 or any(era.from_utc_s * SECOND_NS == end_ns for era in plan.eras)


@settings(deadline=None, max_examples=50)
@given(times_of_day, st.integers(1, 86_399), zones, moments)
@example(time(19, 0), 12 * 3600, BERLIN, 1_790_000_000 * SECOND_NS)
@example(time(23, 59, 59), 86_399, UTC, 0)
def test_a_day_has_its_hours_of_light_from_the_first_second(
    lights_on: time, light_s: int, zone: timezone, utc_ns: int
) -> None:
    """Published tools leave the first hour dark, or all of a day that spans midnight."""
    config = LightConfig(lights_on=lights_on, light_hours=light_s / 3600)
    plan = plan_of(config, zone)
    lit = [part for part in plan.parts(utc_ns, utc_ns + DAY_NS) if part.from_permille == 600]
    assert sum(part.until_ns - part.from_ns for part in lit) == light_s * SECOND_NS
    zero_ns = utc_ns - plan.zt_ns(utc_ns)
    assert plan.white_permille(zero_ns) == 600
    assert plan.white_permille(zero_ns - 1) == 0


@pytest.mark.parametrize(
    ("moment", "phase", "zt_h", "change"),
    [
        ("2026-03-29T05:59:59+00:00", "dark", 23.99972, "2026-03-29T06:00:00+00:00"),
        ("2026-03-29T06:00:00+00:00", "light", 0.0, "2026-03-29T18:00:00+00:00"),
        ("2026-07-15T17:59:59+00:00", "light", 11.99972, "2026-07-15T18:00:00+00:00"),
        ("2026-10-25T18:00:00+00:00", "dark", 12.0, "2026-10-26T06:00:00+00:00"),
        ("1970-01-01T00:00:00+00:00", "dark", 18.0, "1970-01-01T06:00:00+00:00"),
        ("2038-01-19T03:14:08+00:00", "dark", 21.23556, "2038-01-19T06:00:00+00:00"),
        ("2099-12-31T23:00:00+00:00", "dark", 17.0, "2100-01-01T06:00:00+00:00"),
    ],
)
def test_seven_to_seven_in_berlin_never_follows_daylight_saving(
    moment: str, phase: str, zt_h: float, change: str
) -> None:
    plan = plan_of(LightConfig(), BERLIN)
    utc_ns = ns_of(datetime.fromisoformat(moment))
    assert plan.phase(utc_ns) == phase
    assert plan.zt_h(utc_ns) == pytest.approx(zt_h, abs=1e-5)
    assert plan.next_change_ns(utc_ns) == ns_of(datetime.fromisoformat(change))


def test_the_nearest_step_is_before_or_after() -> None:
    plan = plan_of(LightConfig(lights_on=time(0), light_hours=6), UTC)
    hours = [0, 1, 3, 5, 6, 7, 14, 16, 23]
    assert [plan.to_nearest_step_ns(h * HOUR_NS) // HOUR_NS for h in hours] == [
        *(0, 1, 3, 1, 0, 1, 8, 8, 1)
    ]


def test_the_begin_of_a_ramp_stays_apart_from_the_dark_before_it() -> None:
    plan = plan_of(LightConfig(lights_on=time(0), dawn_minutes=30, white_percent=1), UTC)
    zero_ns = 100 * DAY_NS
    assert list(plan.parts(zero_ns - HOUR_NS, zero_ns + SECOND_NS)) == [
        LightPart(zero_ns - HOUR_NS, zero_ns, 0, 0, "dark"),
        LightPart(zero_ns, zero_ns + SECOND_NS, 0, 0, "light"),
    ]


def test_a_ramp_that_is_cut_has_its_levels_at_the_cuts() -> None:
    config = LightConfig(lights_on=time(0), dawn_minutes=10, dusk_minutes=1, white_percent=60)
    minute_ns = 60 * SECOND_NS
    plan = plan_of(config, UTC)
    found = list(plan.parts(minute_ns, 12 * HOUR_NS - minute_ns // 2))
    assert [(part.from_permille, part.to_permille) for part in found] == [
        *((60, 600), (600, 600), (600, 300))
    ]
