"""Which stacks are learned from, and as what."""

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.error import TrainingError
from inference.train.sampler import Sampler, stack_targets


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


def test_every_start_of_a_clip_has_its_target() -> None:
    assert stack_targets(_codes("1" * 11 + "6" * 11), 11).tolist() == [1] * 6 + [6] * 6


def test_a_clip_shorter_than_a_stack_has_no_target() -> None:
    assert stack_targets(_codes("0123456701"), 11).size == 0


@pytest.fixture
def clips() -> list[NDArray[np.int64]]:
    """Return twelve clips with all behaviors, drink only in the first two, none in one."""
    generator = np.random.default_rng(5)
    clips = []
    for number in range(12):
        bouts = generator.permutation(np.arange(0 if number < 2 else 1, 8))
        clips.append(np.repeat(bouts, 40))
    clips[3][100:130] = 8
    return clips


def test_every_minibatch_has_the_same_share_of_each_behavior(
    clips: list[NDArray[np.int64]],
) -> None:
    sampler = Sampler(clips, 11, seed=1)
    for number in range(30):
        targets = [draw.target for draw in sampler.draw(number, per_behavior=3)]
        assert np.bincount(targets).tolist() == [3] * 8


def test_a_drawn_stack_lies_in_its_clip_and_is_what_it_is_learned_as(
    clips: list[NDArray[np.int64]],
) -> None:
    sampler = Sampler(clips, 11, seed=1)
    for draw in (draw for number in range(30) for draw in sampler.draw(number, 2)):
        labels = clips[draw.clip][draw.start : draw.start + 11]
        assert len(labels) == 11
        assert 8 not in labels
        assert stack_targets(labels, 11).tolist() == [draw.target]


def test_a_clip_is_not_used_twice_while_another_has_the_behavior(
    clips: list[NDArray[np.int64]],
) -> None:
    sampler = Sampler(clips, 11, seed=1)
    for number in range(30):
        assert len({draw.clip for draw in sampler.draw(number, per_behavior=1)}) == 8


def test_temporal_offsets_are_not_a_multiple_of_the_stack(
    clips: list[NDArray[np.int64]],
) -> None:
    sampler = Sampler(clips, 11, seed=1)
    offsets = {draw.start % 11 for number in range(60) for draw in sampler.draw(number, 2)}
    assert offsets == set(range(11))


def test_the_seed_alone_decides(clips: list[NDArray[np.int64]]) -> None:
    assert Sampler(clips, 11, 1).draw(7, 2) == Sampler(clips, 11, 1).draw(7, 2)
    assert Sampler(clips, 11, 1).draw(7, 2) != Sampler(clips, 11, 2).draw(7, 2)


def test_a_missing_behavior_is_named() -> None:
    with pytest.raises(TrainingError, match="no stack of the behavior hang"):
        Sampler([np.repeat([0, 1, 2, 4, 5, 6, 7], 20)], 11, seed=0)
