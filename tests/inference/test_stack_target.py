"""What a stack is learned as."""

from typing import get_args

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.error import TrainingError
from inference.train.plan import LabelRule
from inference.train.stack_target import stack_targets


def _codes(text: str) -> NDArray[np.int64]:
    return np.array([int(digit) for digit in text])


@pytest.mark.parametrize(
    ("labels", "target"),
    [
        ("22211111222", 2),  # six of eleven
        ("22221112222", 2),
        ("22222122222", 2),
        ("00000122222", 1),  # five to five: the central frame's
        ("00000222221", 2),  # five to five: the central frame's
        ("33333444445", 4),
        ("77777777777", 7),
        ("01234567012", 5),  # 0, 1 and 2 occur twice: the central frame's
        ("22222822222", 8),  # a frame that nobody could judge
    ],
)
def test_a_stack_is_learned_as_the_majority_or_in_a_tie_as_its_central_frame(
    labels: str, target: int
) -> None:
    assert stack_targets(_codes(labels), 11).tolist() == [target]


@pytest.mark.parametrize(
    ("labels", "target"),
    [
        ("22211111222", 1),  # five central frames are enough
        ("22221112222", 1),  # 8 to 3, but 4 to 3 within frames 2..8
        ("22222122222", 2),
        ("00000122222", 0),  # of two equally frequent ones the first
        ("55555122222", 5),
        ("11112222111", 2),  # 7 to 4, but 3 to 4 within frames 2..8
        ("11222211111", 2),  # 7 to 4, and 3 to 4 within frames 2..8
        ("11111221111", 1),  # 9 to 2, and 5 to 2
        ("01234567012", 8),  # more than two transitions
        ("22122222222", 2),
        ("11222211122", 8),  # three transitions
        ("22222822222", 2),  # one frame of none
        ("22222222288", 2),  # two
        ("22222222888", 8),  # three
        ("11118822222", 8),  # where the original learns none, and crashes
    ],
)
def test_the_center_weighted_rule_is_the_originals(labels: str, target: int) -> None:
    found = stack_targets(_codes(labels), 11, "center-weighted")
    assert found.tolist() == [target]


@pytest.mark.parametrize("rule", get_args(LabelRule))
def test_every_start_of_a_clip_has_its_target(rule: LabelRule) -> None:
    found = stack_targets(_codes("1" * 11 + "6" * 11), 11, rule)
    assert found.tolist() == [1] * 6 + [6] * 6


def test_a_clip_shorter_than_a_stack_has_no_target() -> None:
    assert stack_targets(_codes("0123456701"), 11).size == 0
    assert stack_targets(_codes("0123456701"), 11, "center-weighted").size == 0


def test_the_center_weighted_rule_is_refused_for_another_length() -> None:
    with pytest.raises(TrainingError, match=r"stacks of 11 frames, not 9$"):
        stack_targets(_codes("111111111"), 9, "center-weighted")
