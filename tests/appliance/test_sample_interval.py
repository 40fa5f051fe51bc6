"""Which stretches become clips."""

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.sample_interval import (
    Recorded,
    Rhythm,
    evenly_spaced,
    intervals_of,
    standard_moment,
    utc_ns_of,
)

_PAPER = Rhythm(timedelta(minutes=30), timedelta(minutes=5))
_DAY = datetime(2018, 4, 18)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(f"2018-04-18T{text}")


def test_a_six_hour_recording_gives_twelve_clips_at_the_top_of_each_half_hour() -> None:
    recorded = Recorded(_at("12:00:00.030"), _at("17:59:59.990"))
    intervals = intervals_of(recorded, _PAPER, None, None)
    assert [f"{moment:%H:%M}" for moment in intervals.whole] == [
        f"{hour}:{minute}" for hour in range(12, 18) for minute in ("00", "30")
    ]
    assert intervals.partial == ()


@pytest.mark.parametrize(
    ("first", "last", "whole", "partial"),
    [
        ("12:00:01.900", "12:05:00", ["12:00"], []),
        ("12:00:02.100", "12:05:00", [], ["12:00"]),
        ("12:00:00", "12:04:58.100", ["12:00"], []),
        ("12:00:00", "12:04:57.900", [], ["12:00"]),
        ("12:04:58.100", "12:30:01.900", [], []),
        ("12:04:57.900", "12:30:02.100", [], ["12:00", "12:30"]),
    ],
)
def test_two_seconds_at_either_end_decide_what_is_whole(
    first: str, last: str, whole: list[str], partial: list[str]
) -> None:
    found = intervals_of(Recorded(_at(first), _at(last)), _PAPER, None, None)
    assert [f"{moment:%H:%M}" for moment in found.whole] == whole
    assert [f"{moment:%H:%M}" for moment in found.partial] == partial


def test_only_what_lies_between_two_moments_is_chosen() -> None:
    recorded = Recorded(_at("06:00:00"), _at("12:00:00"))
    found = intervals_of(recorded, _PAPER, _at("07:30:00"), _at("08:35:00"))
    assert [f"{moment:%H:%M}" for moment in found.whole] == ["07:30", "08:00", "08:30"]


def test_four_of_eight_recordings_show_each_quarter_of_the_day() -> None:
    begins = [_DAY + timedelta(hours=6 * number) for number in range(8)]
    chosen = evenly_spaced(begins, 4)
    assert chosen == [0, 2, 5, 7]
    assert sorted(begins[place].hour for place in chosen) == [0, 6, 12, 18]


@given(st.lists(st.integers(0, 10_000), unique=True, max_size=12), st.integers(1, 14))
def test_as_many_as_asked_for_are_chosen_with_both_ends(minutes: list[int], count: int) -> None:
    moments = [_DAY + timedelta(minutes=minute) for minute in sorted(minutes)]
    chosen = evenly_spaced(moments, count)
    assert len(set(chosen)) == len(chosen) == min(count, len(moments))
    assert chosen == sorted(chosen)
    if len(chosen) > 1:
        assert (chosen[0], chosen[-1]) == (0, len(moments) - 1)


@given(st.integers(0, 2**60), st.integers(-720, 840))
def test_a_moment_in_standard_time_comes_back(microseconds: int, minutes: int) -> None:
    zone = timezone(timedelta(minutes=minutes))
    utc_ns = microseconds % (10**15) * 1000
    assert utc_ns_of(standard_moment(utc_ns, zone), zone) == utc_ns
