"""The clock of a network camera: smooth, never backward, never in the future, never far off."""

from itertools import pairwise
from typing import Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capture_hw.driver.stream_clock import Arrival, StreamClock, with_stamps

_MS: Final = 1_000_000
_FRAME: Final = 40 * _MS
_HOUR_FRAMES: Final = 90_000


def _times(arrivals: list[Arrival], burst: int = 1) -> list[int]:
    """Return what the clock says of frames of which the first `burst` came while opening."""
    clock = StreamClock(arrivals[:burst])
    return [clock.captured_ns(arrival) for arrival in arrivals]


def test_frames_of_the_opening_get_the_times_at_which_they_were_taken() -> None:
    opened_ns = 1000 * _MS
    burst = [Arrival(number * _FRAME, opened_ns) for number in range(25)]
    live = [Arrival(number * _FRAME, opened_ns + (number - 24) * _FRAME) for number in (25, 26)]
    times_ns = _times([*burst, *live], burst=25)
    assert times_ns == [opened_ns + (number - 24) * _FRAME for number in range(27)]


@pytest.mark.parametrize("drift", [-200e-6, 0.0, 200e-6])
def test_an_hour_of_drift_and_jitter_is_followed_within_ten_milliseconds(drift: float) -> None:
    jitter_ns = np.random.default_rng(3).gamma(2.0, 4.0, _HOUR_FRAMES) * _MS
    taken_ns = [10**12 + number * _FRAME for number in range(_HOUR_FRAMES)]
    arrivals = [
        Arrival(round(number * _FRAME * (1 + drift)), taken + round(jitter))
        for number, (taken, jitter) in enumerate(zip(taken_ns, jitter_ns, strict=True))
    ]
    times_ns = _times(arrivals)
    errors_ms = (np.array(times_ns[500:]) - np.array(taken_ns[500:])) / _MS
    assert np.abs(errors_ms).max() < 10
    steps_ms = np.diff(times_ns[500:]) / _MS
    assert np.abs(steps_ms - 40).max() < 5
    assert np.median(np.abs(steps_ms - 40)) < 0.05


def test_a_network_pause_does_not_change_the_times_of_what_it_held_up() -> None:
    arrivals = [
        Arrival(number * _FRAME, max(number * _FRAME, 5_000 * _MS if number > 50 else 0))
        for number in range(200)
    ]
    assert _times(arrivals) == [number * _FRAME for number in range(200)]


@pytest.mark.parametrize("jump_ns", [-30_000 * _MS, 30_000 * _MS])
def test_a_camera_that_sets_its_clock_is_followed_at_once(jump_ns: int) -> None:
    arrivals = [
        Arrival(10**12 + number * _FRAME + (jump_ns if number >= 50 else 0), number * _FRAME)
        for number in range(100)
    ]
    assert _times(arrivals) == [number * _FRAME for number in range(100)]


def test_a_clock_that_stood_still_with_the_camera_is_caught_up_within_twenty_seconds() -> None:
    pause_ns = 2_000 * _MS
    arrivals = [
        Arrival(number * _FRAME, number * _FRAME + (pause_ns if number >= 50 else 0))
        for number in range(600)
    ]
    times_ns = _times(arrivals)
    assert times_ns[49] == 49 * _FRAME
    assert times_ns[550:] == [number * _FRAME + pause_ns for number in range(550, 600)]


def test_frames_without_stamps_were_taken_when_they_arrived() -> None:
    arrivals = [Arrival(None, number * 33 * _MS + 7) for number in range(10)]
    assert _times(arrivals) == [number * 33 * _MS + 7 for number in range(10)]


def test_a_missing_first_stamp_is_counted_back_from_the_second() -> None:
    burst = [Arrival(None, 5), Arrival(100 * _MS, 6), Arrival(140 * _MS, 7)]
    assert with_stamps(burst, _FRAME) == [
        Arrival(60 * _MS, 5),
        Arrival(100 * _MS, 6),
        Arrival(140 * _MS, 7),
    ]


def test_an_opening_without_any_stamps_is_spread_before_its_last_arrival() -> None:
    burst = [Arrival(None, 1000 * _MS + number) for number in range(3)]
    assert with_stamps(burst, _FRAME) == [
        Arrival(None, 920 * _MS + 2),
        Arrival(None, 960 * _MS + 2),
        Arrival(None, 1000 * _MS + 2),
    ]


@settings(deadline=None, max_examples=150)
@given(
    st.lists(
        st.tuples(st.none() | st.integers(-(10**13), 10**13), st.integers(0, 20_000_000_000)),
        min_size=1,
        max_size=60,
    )
)
def test_no_camera_makes_time_go_back(steps: list[tuple[int | None, int]]) -> None:
    arrived_ns, arrivals = 10**12, []
    for stamp_ns, pause_ns in steps:
        arrived_ns += pause_ns
        arrivals.append(Arrival(stamp_ns, arrived_ns))
    times_ns = _times(arrivals)
    assert all(after - before >= _MS for before, after in pairwise(times_ns))
    assert times_ns[0] <= arrivals[0].arrived_ns
    allowance = range(len(times_ns))  # frames that arrive together stand a millisecond apart
    assert all(
        time <= arrival.arrived_ns + extra * _MS
        for time, arrival, extra in zip(times_ns, arrivals, allowance, strict=True)
    )
