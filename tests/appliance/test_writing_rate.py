"""How long a disk lasts, from what the recorders wrote in the last hour."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.writing_rate import WritingRate, hours_left

_GB = 1_000_000_000


def _rate_of(*minutes: float) -> float | None:
    """Return the rate after minutes of these rates, a value a second."""
    rate = WritingRate()
    for number, bytes_per_s in enumerate(minutes):
        for second in range(60):
            rate.add(bytes_per_s, number * 60.0 + second)
    rate.add(0.0, len(minutes) * 60.0)
    return rate.bytes_per_s


def test_nobody_knows_before_anything_was_recorded() -> None:
    assert WritingRate().bytes_per_s is None
    assert _rate_of(0.0, 0.0) is None


def test_the_first_seconds_say_something_already() -> None:
    rate = WritingRate()
    rate.add(100_000.0, 5.0)
    rate.add(300_000.0, 6.0)
    assert rate.bytes_per_s == 200_000.0


def test_the_rate_is_the_mean_of_the_minutes() -> None:
    assert _rate_of(100_000.0, 300_000.0) == 200_000.0


def test_a_minute_without_recording_does_not_make_the_disk_last_longer() -> None:
    assert _rate_of(100_000.0, 0.0, 300_000.0) == 200_000.0


def test_a_wild_minute_does_not_count() -> None:
    assert _rate_of(*[100_000.0] * 19, 90_000_000.0) == 100_000.0


def test_what_was_more_than_an_hour_ago_does_not_count() -> None:
    assert _rate_of(*[900_000.0] * 30, *[100_000.0] * 60) == 100_000.0
    assert _rate_of(100_000.0, *[0.0] * 60) is None


def test_a_sleeping_hour_and_a_waking_one_are_told_apart_within_the_hour() -> None:
    assert _rate_of(*[50_000.0] * 30, *[500_000.0] * 30) == 275_000.0


@pytest.mark.parametrize(
    ("free", "keep", "rate", "hours"),
    [
        (100 * _GB, 10 * _GB, 1_250_000.0, 20.0),
        (10 * _GB, 10 * _GB, 1_250_000.0, 0.0),
        (1 * _GB, 10 * _GB, 1_250_000.0, 0.0),
        (100 * _GB, 10 * _GB, None, None),
        (100 * _GB, 10 * _GB, 0.0, None),
    ],
)
def test_hours_are_the_room_above_the_limit_over_the_rate(
    free: float, keep: float, rate: float | None, hours: float | None
) -> None:
    assert hours_left(free, keep, rate) == hours


_BYTES = st.floats(0, 1e15)


@given(_BYTES, _BYTES, st.none() | st.floats(0, 1e9))
def test_hours_are_never_negative_and_none_without_a_rate(
    free: float, keep: float, rate: float | None
) -> None:
    hours = hours_left(free, keep, rate)
    assert (hours is None) is (rate is None or rate < 1.0)
    assert hours is None or hours >= 0


@given(_BYTES, _BYTES, st.floats(1, 1e9), st.floats(1, 1e9))
def test_less_room_or_a_higher_rate_never_means_more_hours(
    free: float, keep: float, slow: float, more: float
) -> None:
    hours, faster = hours_left(free, keep, slow), hours_left(free / 2, keep, slow + more)
    assert hours is not None
    assert faster is not None
    assert faster <= hours


@given(st.lists(st.floats(0, 1e9), max_size=200))
def test_the_rate_lies_between_what_was_written(values: list[float]) -> None:
    rate = WritingRate()
    for number, value in enumerate(values):
        rate.add(value, number * 20.0)
    recorded = [value for value in values if value >= 1.0]
    found = rate.bytes_per_s
    assert found is None or min(recorded) * 0.999 <= found <= max(recorded) * 1.001
