"""Agreement beyond chance."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import cohen_kappa_score

from inference.evaluate.confusion import count_pairs
from inference.evaluate.kappa import (
    alpha_of,
    cohen_kappa,
    coincidences_of,
    fleiss_kappa_of,
    kappa_of,
    one_against_rest,
)

COHEN = np.array([[88, 14, 18], [10, 40, 10], [2, 6, 12]])
"""Cohen 1960, table 1: proportions of 200."""


def _alpha(ratings: list[list[int]], kinds: int) -> float:
    return float(alpha_of(coincidences_of(list(map(np.array, ratings)), kinds)[np.newaxis])[0])


def test_the_example_of_cohen_1960() -> None:
    found = cohen_kappa([COHEN])
    assert found is not None
    assert found.value == pytest.approx(0.492, abs=0.0005)
    assert found.interval is None


def test_the_standard_error_is_that_of_the_slope_of_kappa() -> None:
    """The delta method with numeric derivatives, which the published formula is in closed form."""
    frames = COHEN.sum()
    share = COHEN / frames
    slope = np.zeros((3, 3))
    for cell in np.ndindex(3, 3):
        moved = np.zeros((3, 3))
        moved[cell] = 1e-6
        up, down = (
            (np.trace(p) - p.sum(0) @ p.sum(1)) / (1 - p.sum(0) @ p.sum(1))
            for p in (share + moved, share - moved)
        )
        slope[cell] = (up - down) / 2e-6
    variance = ((share * slope**2).sum() - (share * slope).sum() ** 2) / frames
    found = cohen_kappa([COHEN])
    assert found is not None
    assert found.standard_error == pytest.approx(np.sqrt(variance), rel=1e-5)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=50))
def test_kappa_is_that_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    first, second = np.array(pairs).T
    found = cohen_kappa([count_pairs(first, second, 4)])
    if found is None:
        assert len(set(first) | set(second)) == 1
    else:
        assert found.value == pytest.approx(cohen_kappa_score(first, second))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=50),
    st.permutations(range(4)),
)
def test_names_of_codes_do_not_matter(pairs: list[tuple[int, int]], names: list[int]) -> None:
    first, second = np.array(pairs).T
    counts = count_pairs(first, second, 4)
    renamed = count_pairs(np.array(names)[first], np.array(names)[second], 4)
    one, other = (kappa_of(table[np.newaxis].astype(float)) for table in (counts, renamed))
    np.testing.assert_allclose(one, other, atol=1e-12)


def test_identical_codes_have_kappa_one_and_permuted_ones_none() -> None:
    codes = np.random.default_rng(1).integers(0, 8, 20_000)
    alike = cohen_kappa([count_pairs(codes, codes, 8)])
    assert alike is not None
    assert [alike.value, alike.standard_error] == pytest.approx([1.0, 0.0])
    shuffled = cohen_kappa([count_pairs(codes, np.random.default_rng(2).permutation(codes), 8)])
    assert shuffled is not None
    assert abs(shuffled.value) < 4 * shuffled.standard_error


def test_one_code_for_everything_has_no_kappa() -> None:
    codes = np.full(7, 3)
    assert cohen_kappa([count_pairs(codes, codes, 8)]) is None
    ratings = coincidences_of([codes, codes, codes], 8)
    assert np.isnan(alpha_of(ratings[np.newaxis])[0])
    assert np.isnan(fleiss_kappa_of(ratings[np.newaxis])[0])


def test_one_against_the_rest_keeps_all_frames() -> None:
    assert one_against_rest(COHEN, 1).tolist() == [[40, 20], [20, 120]]


def test_kappa_of_many_raters_is_that_of_a_plain_count() -> None:
    """Fourteen raters, ten subjects, five classes: the often shown example, kappa 0.210."""
    table = [
        [0, 0, 0, 0, 14],
        [0, 2, 6, 4, 2],
        [0, 0, 3, 5, 6],
        [0, 3, 9, 2, 0],
        [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0],
        [3, 2, 6, 3, 0],
        [2, 5, 3, 2, 2],
        [6, 5, 2, 1, 0],
        [0, 2, 2, 3, 7],
    ]
    codes = np.array([np.repeat(range(5), row) for row in table])
    kappa = fleiss_kappa_of(coincidences_of(list(codes.T), 5)[np.newaxis])[0]
    assert kappa == pytest.approx(_plain_fleiss(table), abs=1e-12)
    assert kappa == pytest.approx(0.210, abs=0.0005)


def _plain_fleiss(counts: list[list[int]]) -> float:
    raters = sum(counts[0])
    agreed = sum(sum(n * (n - 1) for n in row) / (raters * (raters - 1)) for row in counts) / len(
        counts
    )
    shares = [sum(row[k] for row in counts) / (raters * len(counts)) for k in range(len(counts[0]))]
    chance = sum(share**2 for share in shares)
    return (agreed - chance) / (1 - chance)


def test_the_example_of_krippendorff_2011() -> None:
    """Four observers, 12 units, missing data (9 here); nominal alpha 0.743. Source: section C."""
    ratings = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, 9, 9, 9],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 9, 3],
        [9, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 9],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 9],
    ]
    assert _alpha(ratings, 6) == pytest.approx(0.743, abs=0.0005)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.integers(0, 3), min_size=3, max_size=3), min_size=2, max_size=30))
def test_alpha_is_one_minus_observed_over_expected_disagreement(units: list[list[int]]) -> None:
    values: NDArray[np.int64] = np.array(units)
    everything = values.ravel()
    expected = np.mean(
        [a != b for i, a in enumerate(everything) for j, b in enumerate(everything) if i != j]
    )
    if expected == 0:
        return
    observed = np.mean(
        [unit[i] != unit[j] for unit in units for i in range(3) for j in range(3) if i != j]
    )
    assert _alpha(values.T.tolist(), 4) == pytest.approx(1 - observed / expected)
