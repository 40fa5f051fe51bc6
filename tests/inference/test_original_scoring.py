"""The original's way of scoring, rewritten, beside frame accuracy: how far apart they can be."""

import numpy as np
import pytest

from inference.dataset.source import Codes
from inference.evaluate.confusion import confusion_of, figures_of
from inference.evaluate.prediction import ClipPrediction, stacks_of_frames

_LENGTH = 11
_BATCH = 16


def _average_of_batch_averages(predictions: list[ClipPrediction]) -> float:
    """Score as TestInterval.py and TestModel.py do: batches, then clips, each counts the same.

    Whole stacks only: the original drops what is left at a clip's end.
    """
    clips = []
    for prediction in predictions:
        frames = len(prediction.truth) // _LENGTH * _LENGTH
        right = prediction.truth[:frames] == prediction.labels[:frames]
        batch = _BATCH * _LENGTH
        batches = [right[first : first + batch].mean() for first in range(0, frames, batch)]
        clips.append(float(np.mean(batches)))
    return float(np.mean(clips))


def _prediction(name: str, truth: Codes, labels_of_stacks: list[int]) -> ClipPrediction:
    return ClipPrediction(
        clip=name,
        animal=name,
        strain="",
        recording=name,
        truth=truth,
        probabilities=np.eye(8)[labels_of_stacks],
        stack_of_frame=stacks_of_frames(len(truth), _LENGTH),
    )


def _accuracy(predictions: list[ClipPrediction]) -> float:
    return figures_of(confusion_of(predictions)).frame_accuracy


def test_both_agree_where_all_batches_and_clips_are_of_one_size() -> None:
    truth = np.full(2 * _BATCH * _LENGTH, 6)
    one = _prediction("01", truth, [6] * 24 + [7] * 8)
    two = _prediction("02", truth, [6] * 32)
    assert _average_of_batch_averages([one, two]) == pytest.approx(0.875)
    assert _accuracy([one, two]) == pytest.approx(0.875)


def test_a_last_batch_of_one_stack_counts_as_much_as_sixteen() -> None:
    truth = np.full((_BATCH + 1) * _LENGTH, 6)
    clip = _prediction("01", truth, [6] * _BATCH + [7])
    assert _accuracy([clip]) == pytest.approx(16 / 17)
    assert _average_of_batch_averages([clip]) == pytest.approx(0.5)


def test_a_short_clip_counts_as_much_as_a_long_one() -> None:
    long = _prediction("01", np.full(10 * _BATCH * _LENGTH, 6), [6] * 10 * _BATCH)
    short = _prediction("02", np.full(_BATCH * _LENGTH, 6), [7] * _BATCH)
    assert _accuracy([long, short]) == pytest.approx(10 / 11)
    assert _average_of_batch_averages([long, short]) == pytest.approx(0.5)


def test_nine_wrong_stacks_at_the_end_of_a_published_clip_cost_two_thirds_more() -> None:
    """7,500 frames are 42 batches of 16 stacks, one of 9, and 9 frames that are in no stack."""
    clip = _prediction("01", np.full(7500, 6), [6] * 42 * _BATCH + [7] * 10)
    assert _accuracy([clip]) == pytest.approx(1 - 108 / 7500)
    assert _average_of_batch_averages([clip]) == pytest.approx(1 - 1 / 43)
