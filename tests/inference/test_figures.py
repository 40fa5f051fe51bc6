"""Figures of frames: confusion, precision, recall, F1, groups, distribution."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from inference.ethogram import BEHAVIORS
from inference.evaluate.confusion import (
    confusion_by_animal,
    confusion_by_strain,
    confusion_of,
    count_frames,
    figures_of,
    row_shares,
    sum_by_group,
)
from inference.evaluate.distribution import distributions_of
from inference.evaluate.figures import (
    behavior_figures,
    group_figures,
    macro_f1,
    spread_of,
)
from inference.evaluate.prediction import ClipPrediction


def _clip(animal: str, truth: list[int], labels: list[int], strain: str = "") -> ClipPrediction:
    """Return a prediction that judges every frame on its own."""
    probabilities = np.full((len(labels), 8), 0.01)
    probabilities[np.arange(len(labels)), labels] = 0.93
    return ClipPrediction(
        clip=f"{animal}_{len(truth)}",
        animal=animal,
        strain=strain,
        recording=animal,
        truth=np.array(truth),
        probabilities=probabilities,
        stack_of_frame=np.arange(len(labels)),
    )


def _small() -> NDArray[np.int64]:
    """90 of 90 rest right, 2 of 10 drink right and 8 of them called eat."""
    confusion = np.zeros((8, 8), np.int64)
    confusion[6, 6], confusion[0, 0], confusion[0, 1] = 90, 2, 8
    return confusion


def test_accuracies_are_over_frames_and_over_behaviors() -> None:
    figures = figures_of(_small())
    assert figures.frame_accuracy == pytest.approx(0.92)
    assert figures.macro_accuracy == pytest.approx(0.6)
    assert figures.recalls == pytest.approx({"drink": 0.2, "rest": 1.0})


def test_what_is_not_there_has_no_figure_instead_of_zero() -> None:
    drink, eat, groom, *_, rest, _ = behavior_figures(_small())
    assert (drink.precision, drink.recall, drink.support, drink.labelled) == (1.0, 0.2, 10, 2)
    assert drink.f1 == pytest.approx(1 / 3)
    assert (eat.precision, eat.recall, eat.f1, eat.labelled) == (0.0, None, 0.0, 8)
    assert (groom.precision, groom.recall, groom.f1) == (None, None, None)
    assert rest.f1 == 1
    assert macro_f1(behavior_figures(_small())) == pytest.approx(2 / 3)
    assert macro_f1(behavior_figures(np.zeros((8, 8), np.int64))) is None


def test_none_of_either_side_counts_nowhere() -> None:
    counted = count_frames(np.array([0, 8, 3, 7]), np.array([0, 3, 8, 6]))
    assert counted.sum() == 2
    assert counted[0, 0] == counted[7, 6] == 1


def test_rows_become_shares_and_empty_rows_stay_zero() -> None:
    shares = row_shares(_small())
    assert shares[0].tolist() == [0.2, 0.8, 0, 0, 0, 0, 0, 0]
    assert shares[6, 6] == 1
    assert shares.sum() == pytest.approx(2)


def test_folds_are_summed_before_they_are_normalized() -> None:
    clips = [_clip("01", [0] * 30, [0] * 30), _clip("02", [0] * 10, [1] * 10)]
    assert row_shares(confusion_of(clips))[0, 0] == 0.75


def test_animals_and_strains_are_counted_apart() -> None:
    clips = [
        _clip("02", [1, 1], [1, 2], "SWISS"),
        _clip("01", [0, 0, 0], [0, 0, 1], "C57BL/6"),
        _clip("03", [2], [2], "SWISS"),
        _clip("02", [1], [1], "SWISS"),
    ]
    by_animal = confusion_by_animal(clips)
    assert {animal: count.sum() for animal, count in by_animal.items()} == {
        "01": 3,
        "02": 3,
        "03": 1,
    }
    table = {row.name: row for row in group_figures(confusion_by_strain(clips))}
    assert list(table) == ["C57BL/6", "SWISS"]
    assert table["SWISS"].frames == 4
    assert table["SWISS"].frame_accuracy == 0.75
    assert table["SWISS"].macro_accuracy == pytest.approx((2 / 3 + 1) / 2)
    strains = sum_by_group(by_animal, {"01": "C57BL/6", "02": "SWISS", "03": "SWISS"})
    np.testing.assert_array_equal(strains["SWISS"], confusion_by_strain(clips)["SWISS"])


def test_a_spread_counts_each_animal_alike() -> None:
    spread = spread_of([0.5, 0.7, 0.9])
    assert spread is not None
    assert spread.mean == pytest.approx(0.7)
    assert spread.standard_deviation == pytest.approx(0.2)
    assert (spread.lowest, spread.highest, spread.animals) == (0.5, 0.9, 3)
    one = spread_of([0.5])
    assert one is not None
    assert one.standard_deviation is None
    assert spread_of([]) is None


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), min_size=1, max_size=60))
def test_figures_are_those_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    truth, labels = np.array(pairs).T
    counted = count_frames(truth, labels)
    np.testing.assert_array_equal(counted, confusion_matrix(truth, labels, labels=range(8)))
    precision, recall, f1, support = precision_recall_fscore_support(
        truth, labels, labels=range(8), zero_division=0.0
    )
    for code, figures in enumerate(behavior_figures(counted)):
        assert figures.behavior == BEHAVIORS[code]
        assert figures.support == support[code]
        assert (figures.precision or 0.0) == pytest.approx(precision[code])
        assert (figures.recall or 0.0) == pytest.approx(recall[code])
        assert (figures.f1 or 0.0) == pytest.approx(f1[code])


def test_a_distribution_counts_frames_and_leaves_none_out_of_shares() -> None:
    clips = [
        _clip("01", [6, 6, 6, 8], [6] * 4, "SWISS"),
        _clip("02", [0], [6], ""),
        _clip("01", [8], [6], "SWISS"),
    ]
    found = distributions_of(clips)
    assert found.all.frames["rest"] == 3
    assert found.all.frames["walk"] == 0
    assert found.all.shares == pytest.approx(
        dict.fromkeys(BEHAVIORS, 0.0) | {"rest": 0.75, "drink": 0.25}
    )
    assert found.all.none == 2
    assert [(each.name, each.none) for each in found.by_animal] == [("01", 2), ("02", 0)]
    assert [each.name for each in found.by_strain] == ["SWISS"]
