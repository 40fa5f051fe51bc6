"""Day and night by the clock."""

from datetime import UTC, datetime, time, timedelta, timezone
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capture_hw.light_config import LightConfig
from capture_hw.panel_schedule import schedule_of
from capture_hw.photoperiod import Photoperiod, photoperiod_of

HOUR_NS: Final = 3_600_000_000_000
DAY_NS: Final = 24 * HOUR_NS
YEAR_2100_NS: Final = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000_000

offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
configs = st.builds(
    LightConfig, lights_on=st.times(), light_hours=st.floats(0.001, 23.999, allow_nan=False)
)
moments = st.integers(0, YEAR_2100_NS)


def ns_of(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 1_000_000_000


def phase_by_the_calendar(config: LightConfig, zone: timezone, utc_ns: int) -> str:
    """Find the last lights on with `datetime` alone."""
    now = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=utc_ns // 1000)
    local = now.astimezone(zone)
    on = datetime.combine(local.date(), config.lights_on, zone)
    on -= timedelta(days=1) if on > local else timedelta()
    return "light" if local - on < timedelta(hours=config.light_hours) else "dark"


@settings(deadline=None)
@given(configs, offsets, moments)
def test_the_phase_is_that_of_the_calendar(
    config: LightConfig, zone: timezone, utc_ns: int
) -> None:
    utc_ns = max(utc_ns, DAY_NS * 2) // 1000 * 1000
    photoperiod = photoperiod_of(config, zone)
    if photoperiod.to_nearest_change_ns(utc_ns) > 1000:
        assert photoperiod.phase(utc_ns) == phase_by_the_calendar(config, zone, utc_ns)


@settings(deadline=None)
@given(configs, offsets, moments)
def test_the_next_change_is_later_and_the_first_to_change_the_phase(
    config: LightConfig, zone: timezone, utc_ns: int
) -> None:
    photoperiod = photoperiod_of(config, zone)
    change_ns = photoperiod.next_change_ns(utc_ns)
    assert utc_ns < change_ns <= utc_ns + DAY_NS
    assert photoperiod.phase(change_ns - 1) == photoperiod.phase(utc_ns)
    assert photoperiod.phase(change_ns) != photoperiod.phase(utc_ns)
    assert photoperiod.to_nearest_change_ns(change_ns) == 0


@settings(deadline=None)
@given(configs, offsets, moments)
def test_zeitgeber_time_counts_from_lights_on_and_repeats_each_day(
    config: LightConfig, zone: timezone, utc_ns: int
) -> None:
    photoperiod = photoperiod_of(config, zone)
    assert 0 <= photoperiod.zt_h(utc_ns) < 24
    assert photoperiod.zt_ns(utc_ns + 1) == (photoperiod.zt_ns(utc_ns) + 1) % DAY_NS
    assert photoperiod.zt_ns(utc_ns + 365 * DAY_NS) == photoperiod.zt_ns(utc_ns)
    lights_on_ns = utc_ns - photoperiod.zt_ns(utc_ns)
    assert photoperiod.phase(lights_on_ns) == "light"
    assert photoperiod.phase(lights_on_ns - 1) == "dark"


@pytest.mark.parametrize(
    ("moment", "phase", "zt_h", "change"),
    [
        ("2026-03-29T05:59:59+00:00", "dark", 23.99972, "2026-03-29T06:00:00+00:00"),
        ("2026-03-29T06:00:00+00:00", "light", 0.0, "2026-03-29T18:00:00+00:00"),
        ("2026-07-15T17:59:59+00:00", "light", 11.99972, "2026-07-15T18:00:00+00:00"),
        ("2026-10-25T18:00:00+00:00", "dark", 12.0, "2026-10-26T06:00:00+00:00"),
        ("1970-01-01T00:00:00+00:00", "dark", 18.0, "1970-01-01T06:00:00+00:00"),
        ("2099-12-31T23:00:00+00:00", "dark", 17.0, "2100-01-01T06:00:00+00:00"),
    ],
)
def test_seven_to_seven_in_berlin_never_follows_daylight_saving(
    moment: str, phase: str, zt_h: float, change: str
) -> None:
    photoperiod = photoperiod_of(LightConfig(), timezone(timedelta(hours=1)))
    assert photoperiod.phase(ns_of(moment)) == phase
    assert photoperiod.zt_h(ns_of(moment)) == pytest.approx(zt_h, abs=1e-5)
    assert photoperiod.next_change_ns(ns_of(moment)) == ns_of(change)


def test_the_nearest_change_is_before_or_after() -> None:
    photoperiod = Photoperiod(lights_on_utc_ns=0, light_ns=6 * HOUR_NS)
    hours = [0, 1, 3, 5, 6, 7, 14, 16, 23]
    assert [photoperiod.to_nearest_change_ns(h * HOUR_NS) // HOUR_NS for h in hours] == [
        *(0, 1, 3, 1, 0, 1, 8, 8, 1)
    ]


@settings(deadline=None)
@given(configs, offsets, moments)
def test_a_panel_and_its_host_agree_but_for_the_last_second(
    config: LightConfig, zone: timezone, utc_ns: int
) -> None:
    photoperiod = photoperiod_of(config, zone)
    schedule = schedule_of(config, photoperiod)
    if photoperiod.to_nearest_change_ns(utc_ns) > 1_500_000_000:
        assert schedule.phase(utc_ns) == photoperiod.phase(utc_ns)


def test_lights_on_has_no_offset_of_its_own() -> None:
    with pytest.raises(ValueError, match="leave the offset out"):
        LightConfig(lights_on=time(7, 0, tzinfo=UTC))
