"""Confidences against how often labels are right, and the temperature that mends them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, log_loss

from inference.error import EvaluationError
from inference.evaluate.calibration import calibration_of
from inference.evaluate.prediction import ClipPrediction
from inference.evaluate.temperature import (
    HIGHEST,
    LOWEST,
    _LogitTable,
    fit_temperature,
    soften,
    softened,
    temperature_scaling,
)


def _clip(
    probabilities: NDArray[np.float64],
    truth: NDArray[np.int64],
    stack_of_frame: NDArray[np.int64] | None = None,
    animal: str = "01",
) -> ClipPrediction:
    stacks = np.arange(len(truth)) if stack_of_frame is None else stack_of_frame
    return ClipPrediction(animal, animal, "", animal, truth, probabilities, stacks)


def _two(confidence: float, others: float) -> NDArray[np.float64]:
    """Return probabilities of two stacks: behavior 0 with one confidence, 1 with another."""
    rows = np.full((2, 8), (1 - np.array([[confidence], [others]])) / 7)
    rows[0, 0], rows[1, 1] = confidence, others
    return rows


def _network(stacks: int, temperature: float, seed: int) -> ClipPrediction:
    """Return answers whose logits are too large by a temperature, one frame a stack."""
    generator = np.random.default_rng(seed)
    fitting = generator.normal(0, 1.5, (stacks, 8))
    shares = np.exp(fitting) / np.exp(fitting).sum(axis=1, keepdims=True)
    truth = (generator.random((stacks, 1)) > shares.cumsum(axis=1)).sum(axis=1).clip(max=7)
    logits = fitting * temperature
    said = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return _clip(said, truth, animal=f"{seed:02}")


def test_errors_are_those_computed_by_hand() -> None:
    # stack 0 says 0 with 0.9 for 8 frames, 6 right; stack 1 says 1 with 0.6 for 4 frames, all right
    truth = np.array([0] * 6 + [2] * 2 + [1] * 4)
    found = calibration_of([_clip(_two(0.9, 0.6), truth, np.repeat([0, 1], [8, 4]))])
    assert found.frames == 12
    assert [(each.frames, each.accuracy) for each in found.bins] == [(4, 1.0), (8, 0.75)]
    assert [each.confidence for each in found.bins] == pytest.approx([0.6, 0.9])
    assert found.expected_error == pytest.approx((8 * 0.15 + 4 * 0.4) / 12)
    assert found.maximum_error == pytest.approx(0.4)
    logs = 6 * np.log(0.9) + 2 * np.log(0.1 / 7) + 4 * np.log(0.6)
    assert found.negative_log_likelihood == pytest.approx(-logs / 12)
    right_9, wrong_9 = 0.01 + 0.01 / 7, 0.81 + (1 - 0.1 / 7) ** 2 + 6 * (0.1 / 7) ** 2
    right_6 = 0.16 + 0.16 / 7
    assert found.brier == pytest.approx((6 * right_9 + 2 * wrong_9 + 4 * right_6) / 12)


def test_frames_of_none_say_nothing() -> None:
    truth = np.array([0, 0, 8, 8, 1])
    stacks = np.array([0, 0, 0, 1, 1])
    found = calibration_of([_clip(_two(0.9, 0.6), truth, stacks)])
    assert found.frames == 3
    with pytest.raises(EvaluationError, match="no clip has a frame"):
        calibration_of([_clip(_two(0.9, 0.6), np.full(2, 8))])


def test_scores_are_those_of_scikit_learn() -> None:
    clip = _network(3000, 2.0, seed=1)
    found = calibration_of([clip])
    assert found.negative_log_likelihood == pytest.approx(
        log_loss(clip.truth, clip.probabilities, labels=range(8))
    )
    assert found.brier == pytest.approx(
        brier_score_loss(clip.truth, clip.probabilities, labels=range(8), scale_by_half=False)
    )
    share, confidence = calibration_curve(
        clip.labels == clip.truth, clip.confidences, n_bins=15, strategy="uniform"
    )
    assert [each.accuracy for each in found.bins] == pytest.approx(list(share))
    assert [each.confidence for each in found.bins] == pytest.approx(list(confidence))


def test_a_perfect_forecaster_has_no_error_and_an_overconfident_one_has() -> None:
    fitting = calibration_of([_network(20_000, 1.0, seed=2)])
    assert fitting.expected_error < 0.015
    assert fitting.even_error < 0.015
    proud = calibration_of([_network(20_000, 3.0, seed=2)])
    assert proud.expected_error > 0.15
    certain = np.eye(8)[[3, 4, 5]] + 0.0
    found = calibration_of([_clip(certain, np.array([3, 4, 5]))])
    assert (found.expected_error, found.maximum_error, found.brier) == (0, 0, 0)


def test_even_bins_hold_about_equally_many_frames_and_never_part_equal_confidences() -> None:
    found = calibration_of([_network(3000, 1.0, seed=3)])
    assert len(found.even_bins) == 15
    assert {each.frames for each in found.even_bins} == {200}
    alike = _clip(np.tile(_two(0.5, 0.5), (50, 1)), np.tile([0, 1], 50))
    assert [each.frames for each in calibration_of([alike]).even_bins] == [100]


def test_a_stack_counts_as_often_as_it_labels_frames() -> None:
    generator = np.random.default_rng(6)
    shares = generator.dirichlet(np.full(8, 0.5), 40)
    stacks = np.repeat(np.arange(40), generator.integers(1, 12, 40))
    truth = generator.integers(0, 9, len(stacks))
    whole = _clip(shares, truth, stacks)
    frame_by_frame = _clip(shares[stacks], truth)
    assert fit_temperature([whole]) == pytest.approx(fit_temperature([frame_by_frame]))
    one, other = calibration_of([whole]), calibration_of([frame_by_frame])
    assert one.brier == pytest.approx(other.brier)
    assert one.expected_error == pytest.approx(other.expected_error)
    assert one.even_error == pytest.approx(other.even_error)
    assert one.negative_log_likelihood == pytest.approx(other.negative_log_likelihood)


@pytest.mark.parametrize("temperature", [0.4, 1.0, 1.7, 5.0])
def test_a_known_temperature_is_found_again(temperature: float) -> None:
    found = fit_temperature([_network(20_000, temperature, seed=4)])
    assert found == pytest.approx(temperature, rel=0.04)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.3, 4.0))
def test_no_temperature_is_better_than_the_fitted_one(seed: int, temperature: float) -> None:
    clip = _network(80, temperature, seed)
    fitted = fit_temperature([clip])
    best = calibration_of([soften(clip, fitted)]).negative_log_likelihood
    for other in (1.0, fitted * 0.98, fitted * 1.02, 0.3, 3.0):
        if LOWEST <= other <= HIGHEST:
            softer = calibration_of([soften(clip, other)]).negative_log_likelihood
            assert best <= softer + 1e-12


def test_fits_without_an_end_stop_at_the_limits() -> None:
    right = _clip(_two(0.9, 0.6), np.array([0, 1]))
    wrong = _clip(_two(0.9, 0.6), np.array([1, 0]))
    undecided = _clip(np.full((2, 8), 0.125), np.array([0, 1]))
    assert fit_temperature([right]) == LOWEST
    assert fit_temperature([wrong]) == HIGHEST
    assert fit_temperature([undecided]) == 1


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.floats(LOWEST, HIGHEST))
def test_softening_keeps_labels_and_sums(seed: int, temperature: float) -> None:
    shares = np.random.default_rng(seed).dirichlet(np.full(8, 0.3), 20)
    soft = softened(shares, temperature)
    assert soft.sum(axis=1) == pytest.approx(np.ones(20))
    np.testing.assert_array_equal(soft.argmax(axis=1), shares.argmax(axis=1))


def test_softening_divides_logits_and_one_changes_nothing() -> None:
    logits = np.array([[2.0, 1.0, 0.0, -1.0, -2.0, -3.0, -4.0, 3.0]])
    shares = np.exp(logits) / np.exp(logits).sum()
    half = np.exp(logits / 2) / np.exp(logits / 2).sum()
    np.testing.assert_allclose(softened(shares, 2.0), half, rtol=1e-12)
    np.testing.assert_allclose(softened(shares, 1.0), shares, rtol=1e-12)
    certain = softened(np.eye(8), 1.0)
    assert np.isfinite(certain).all()


def test_every_animal_is_judged_with_the_temperature_of_the_others() -> None:
    clips = [_network(4000, temperature, seed) for seed, temperature in ((1, 1.0), (2, 3.0))]
    found = temperature_scaling(clips)
    assert found.by_animal["01"] == pytest.approx(fit_temperature(clips[1:]))
    assert found.by_animal["02"] == pytest.approx(fit_temperature(clips[:1]))
    assert found.temperature == pytest.approx(fit_temperature(clips))
    expected = calibration_of(
        [soften(clips[0], found.by_animal["01"]), soften(clips[1], found.by_animal["02"])]
    )
    assert found.after == expected
    assert found.before == calibration_of(clips)
    with pytest.raises(EvaluationError, match="two or more"):
        temperature_scaling(clips[:1])


def test_an_animal_of_none_alone_judges_no_temperature() -> None:
    clips = [_network(500, 2.0, seed) for seed in (1, 2)]
    nothing = _clip(clips[0].probabilities, np.full(500, 8), animal="03")
    assert temperature_scaling([*clips, nothing]) == temperature_scaling(clips)
    with pytest.raises(EvaluationError, match="two or more"):
        temperature_scaling([clips[0], nothing])


@pytest.mark.parametrize("temperature", [0.1, 0.4, 1.0, 5.0, 15.0])
def test_a_fit_looks_at_all_stacks_a_dozen_times_at_most(
    temperature: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[float] = []
    slope = _LogitTable.slope

    def counted(table: _LogitTable, inverse: float) -> tuple[float, float]:
        looks.append(inverse)
        return slope(table, inverse)

    monkeypatch.setattr(_LogitTable, "slope", counted)
    fit_temperature([_network(2000, temperature, seed=5)])
    assert 3 <= len(looks) <= 12


def test_scaling_mends_what_all_animals_share() -> None:
    found = temperature_scaling([_network(5000, 2.5, seed) for seed in range(4)])
    assert found.before.expected_error > 0.1
    assert found.after.expected_error < 0.02
