"""Intervals over animals."""

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.error import EvaluationError
from inference.evaluate.bootstrap import (
    RESAMPLES,
    difference_intervals,
    figure_intervals,
    frame_accuracy,
    interval_over_clusters,
)
from inference.evaluate.confusion import figures_of
from inference.evaluate.figures import behavior_figures


def _counts(right: int, wrong: int) -> NDArray[np.int64]:
    """Return counts of one animal: rest, right or called walk."""
    counts = np.zeros((8, 8), np.int64)
    counts[6, 6], counts[6, 7] = right, wrong
    return counts


def _animals(number: int, seed: int) -> dict[str, NDArray[np.int64]]:
    generator = np.random.default_rng(seed)
    return {f"{animal:02}": generator.integers(0, 100, (8, 8)) for animal in range(number)}


def test_values_are_those_of_the_figures() -> None:
    animals = _animals(10, 1)
    found = figure_intervals(animals)
    total = sum(animals.values(), np.zeros((8, 8), np.int64))
    figures = figures_of(total)
    assert found.frame_accuracy is not None
    assert found.macro_accuracy is not None
    assert found.frame_accuracy.value == pytest.approx(figures.frame_accuracy)
    assert found.macro_accuracy.value == pytest.approx(figures.macro_accuracy)
    for each in behavior_figures(total):
        recall, precision = found.recalls[each.behavior], found.precisions[each.behavior]
        f1 = found.f1s[each.behavior]
        assert recall is not None
        assert precision is not None
        assert f1 is not None
        assert (recall.value, precision.value, f1.value) == pytest.approx(
            (each.recall, each.precision, each.f1)
        )
        assert recall.low <= recall.value <= recall.high


def test_resampling_equals_a_plain_loop_over_animals() -> None:
    animals = _animals(6, 2)
    generator = np.random.default_rng(99)
    tables = list(animals.values())
    plain = [
        figures_of(sum(tables[pick] for pick in generator.integers(0, 6, 6))).macro_accuracy
        for _ in range(RESAMPLES)
    ]
    found = figure_intervals(animals).macro_accuracy
    assert found is not None
    low, high = np.percentile(plain, [2.5, 97.5])
    assert found.low == pytest.approx(low, abs=0.003)
    assert found.high == pytest.approx(high, abs=0.003)


def test_the_same_animals_give_the_same_interval() -> None:
    assert figure_intervals(_animals(7, 3)) == figure_intervals(_animals(7, 3))


def test_alike_animals_have_an_interval_without_width() -> None:
    found = figure_intervals({name: _counts(9, 1) for name in "abcdef"})
    assert found.frame_accuracy is not None
    assert found.frame_accuracy.low == found.frame_accuracy.high == 0.9
    assert found.recalls["eat"] is None
    assert found.remark == ""


def test_few_animals_are_said_to_be_few() -> None:
    assert "too few" in figure_intervals(_animals(4, 1)).remark
    one = figure_intervals(_animals(1, 1))
    assert one.frame_accuracy is None
    assert "One animal" in one.remark
    with pytest.raises(EvaluationError, match="no animal"):
        figure_intervals({})


def test_a_behavior_of_one_animal_is_judged_where_it_is_drawn() -> None:
    animals = {name: _counts(5, 5) for name in "abcdef"}
    animals["a"][0, 0] = 10
    found = figure_intervals(animals)
    assert found.recalls["drink"] is not None
    assert found.recalls["drink"].low == found.recalls["drink"].high == 1
    assert found.macro_accuracy is not None
    assert (found.macro_accuracy.low, found.macro_accuracy.high) == (0.5, 0.75)


def test_intervals_cover_what_they_are_of() -> None:
    """In 60 experiments of 20 animals, accuracy of an animal ~ beta with mean 0.8."""
    generator = np.random.default_rng(5)
    covered = 0
    for _ in range(60):
        rights = generator.binomial(200, generator.beta(16, 4, 20))
        found = interval_over_clusters([_counts(n, 200 - n) for n in rights], frame_accuracy)
        assert found is not None
        covered += found.low <= 0.8 <= found.high
    assert 50 <= covered <= 59


def test_differences_are_paired() -> None:
    """Animals differ by far more than the two models do on each of them."""
    first = {f"{n}": _counts(10 * n, 100 - 10 * n) for n in range(1, 9)}
    second = {f"{n}": _counts(10 * n + 2, 98 - 10 * n) for n in range(8, 0, -1)}
    found = difference_intervals(first, second).frame_accuracy
    assert found is not None
    assert (found.value, found.low, found.high) == pytest.approx((0.02, 0.02, 0.02))
    assert found.excludes_zero()
    same = difference_intervals(first, first).frame_accuracy
    assert same is not None
    assert not same.excludes_zero()
    alone = figure_intervals(first).frame_accuracy
    assert alone is not None
    assert alone.high - alone.low > 0.2


def test_models_of_different_animals_are_refused() -> None:
    with pytest.raises(EvaluationError, match="only one of the two was judged on animal 03"):
        difference_intervals(_animals(3, 1), _animals(4, 1))
