"""Held-out figures count frames as the running program labels them."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.ethogram import BEHAVIORS
from inference.preprocessing import Gray
from inference.train.clip import Clip
from inference.train.evaluate import confusion_by_mouse, figures_of, sum_by_group


def _clip(mouse: str, codes: list[int]) -> Clip:
    """Return a clip whose frame n is a picture of level n."""
    bands = np.arange(len(codes), dtype=np.uint8)[:, None, None] * np.ones((1, 4, 4), np.uint8)
    return Clip(Path(mouse), mouse, bands, np.array(codes))


def _say(codes: list[int]) -> tuple[list[list[int]], object]:
    """Return a judge that gives these answers in turn, and the frames that it is shown."""
    shown: list[list[int]] = []
    answers = iter(codes)

    def judge(stacks: Gray) -> NDArray[np.int64]:
        shown.extend(stacks[:, :, 0, 0].tolist())
        return np.array([next(answers) for _ in stacks])

    return shown, judge


@pytest.mark.parametrize(
    ("frames", "first_frames"),
    [(22, [0, 11]), (23, [0, 11, 12]), (32, [0, 11, 21]), (11, [0])],
)
def test_what_is_left_at_the_end_is_judged_with_the_last_eleven_frames(
    frames: int, first_frames: list[int]
) -> None:
    shown, judge = _say([0] * 3)
    confusion_by_mouse(judge, [_clip("01", [0] * frames)], 11, batch=2)  # type: ignore[arg-type]
    assert shown == [list(range(first, first + 11)) for first in first_frames]


def test_a_clip_shorter_than_a_stack_repeats_its_last_frame() -> None:
    shown, judge = _say([3])
    counts = confusion_by_mouse(judge, [_clip("01", [3] * 4)], 11, batch=2)  # type: ignore[arg-type]
    assert shown == [[0, 1, 2, 3, 3, 3, 3, 3, 3, 3, 3]]
    assert counts["01"][3, 3] == 4


def test_every_frame_counts_once_and_none_does_not_count() -> None:
    codes = [1] * 9 + [2] * 2 + [8] * 5 + [6] * 6 + [7]
    _, judge = _say([1, 6, 7])
    counts = confusion_by_mouse(judge, [_clip("01", codes)], 11, batch=16)  # type: ignore[arg-type]
    expected = np.zeros((8, 8), np.int64)
    expected[1, 1], expected[2, 1], expected[6, 6], expected[7, 7] = 9, 2, 6, 1
    np.testing.assert_array_equal(counts["01"], expected)


def test_mice_are_counted_apart_and_summed_by_group() -> None:
    clips = [_clip(mouse, [code] * 11) for mouse, code in (("01", 0), ("02", 1), ("06", 2))]
    _, judge = _say([0, 0, 2])
    counts = confusion_by_mouse(judge, clips, 11, batch=16)  # type: ignore[arg-type]
    groups = sum_by_group(counts, {"01": "black", "02": "black", "06": "white"})
    assert groups["black"][:2, :2].tolist() == [[11, 0], [11, 0]]
    assert groups["white"].sum() == groups["white"][2, 2] == 11


def test_accuracies_are_over_frames_and_over_behaviors() -> None:
    confusion = np.zeros((8, 8), np.int64)
    confusion[6, 6], confusion[0, 0], confusion[0, 1] = 90, 2, 8
    figures = figures_of(confusion)
    assert figures.frame_accuracy == pytest.approx(0.92)
    assert figures.macro_accuracy == pytest.approx(0.6)
    assert figures.recalls == pytest.approx({"drink": 0.2, "rest": 1.0})
    assert set(figures.recalls) <= set(BEHAVIORS)
