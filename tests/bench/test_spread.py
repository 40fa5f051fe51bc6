"""Figures of many measurements."""

from tests.bench.spread import Spread


def test_the_99th_percentile_is_the_worst_but_one_of_two_hundred() -> None:
    values = [*range(200, 0, -1)]
    spread = Spread.of(values)
    assert (spread.count, spread.least, spread.median) == (200, 1, 100.5)
    assert (spread.p99, spread.largest) == (199, 200)


def test_of_a_few_the_99th_percentile_is_the_worst() -> None:
    assert Spread.of([3.0, 1.0]).text("ms") == "median 2.0, p99 3.0, max 3.0 ms of 2"
