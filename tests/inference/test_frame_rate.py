"""The times of the first frames tell a video's rate."""

from collections.abc import Sequence

import pytest

from inference.frame_rate import interval_of, is_at_rate


@pytest.mark.parametrize(
    ("times_ms", "interval_ms"),
    [
        ([], None),
        ([0], None),
        ([0, 33], 33),
        ([0, 40, 80, 5000], 5000 / 3),
        (range(0, 2040, 40), 40),
        ([40 * number + 9 * (number % 2) for number in range(51)], 40),
        ([40 * number + 7000 * (number > 40) for number in range(51)], 40),
    ],
)
def test_the_interval_is_the_median_over_ten_frames(
    times_ms: Sequence[int], interval_ms: float | None
) -> None:
    assert interval_of(times_ms) == interval_ms


@pytest.mark.parametrize(
    ("interval_ms", "rate", "is_same"),
    [(40, 25, True), (40.8, 25, True), (40.9, 25, False), (39.2, 25, True), (39.1, 25, False)],
)
def test_rates_within_two_percent_are_the_same(
    interval_ms: float, rate: int, is_same: bool
) -> None:
    assert is_at_rate(interval_ms, rate) is is_same
