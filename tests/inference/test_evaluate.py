"""Held-out figures count frames as the running program labels them."""

import numpy as np
import pytest

from inference.evaluate.confusion import confusion_by_animal
from inference.evaluate.prediction import ClipPrediction, stacks_of_frames
from inference.preprocessing import Gray
from inference.train.predict import stack_at


def _bands(frames: int) -> Gray:
    """Return pictures of which number n is of level n."""
    return np.arange(frames, dtype=np.uint8)[:, None, None] * np.ones((1, 4, 4), np.uint8)


def _shown(frames: int) -> list[list[int]]:
    """Return the frames of each stack that labels a clip."""
    stacks = stacks_of_frames(frames, 11)[-1] + 1
    bands = _bands(frames)
    return [stack_at(bands, number * 11, 11)[:, 0, 0].tolist() for number in range(stacks)]


def _said(codes: list[int], truth: list[int]) -> ClipPrediction:
    """Return a prediction whose stacks are labelled so."""
    stacks = stacks_of_frames(len(truth), 11)
    return ClipPrediction("c", "01", "", "r", np.array(truth), np.eye(8)[codes], stacks)


@pytest.mark.parametrize(
    ("frames", "first_frames"),
    [(22, [0, 11]), (23, [0, 11, 12]), (32, [0, 11, 21]), (11, [0])],
)
def test_what_is_left_at_the_end_is_judged_with_the_last_eleven_frames(
    frames: int, first_frames: list[int]
) -> None:
    assert _shown(frames) == [list(range(first, first + 11)) for first in first_frames]


def test_a_clip_shorter_than_a_stack_repeats_its_last_frame() -> None:
    assert _shown(4) == [[0, 1, 2, 3, 3, 3, 3, 3, 3, 3, 3]]


def test_every_frame_counts_once_and_none_does_not_count() -> None:
    truth = [1] * 9 + [2] * 2 + [8] * 5 + [6] * 6 + [7]
    counts = confusion_by_animal([_said([1, 6, 7], truth)])
    expected = np.zeros((8, 8), np.int64)
    expected[1, 1], expected[2, 1], expected[6, 6], expected[7, 7] = 9, 2, 6, 1
    np.testing.assert_array_equal(counts["01"], expected)


def test_labels_and_confidences_are_those_of_the_stack() -> None:
    prediction = _said([3, 5], [3] * 12)
    assert prediction.labels.tolist() == [3] * 11 + [5]
    assert prediction.confidences.tolist() == [1.0] * 12
