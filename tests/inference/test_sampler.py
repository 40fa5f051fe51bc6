"""Which stacks make up the minibatches of a training."""

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.error import TrainingError
from inference.ethogram import BEHAVIORS
from inference.train.epoch import Draw
from inference.train.plan import Plan
from inference.train.sampler import Epochs
from inference.train.stack_target import stack_targets

PAPER = Plan(network="ethocnn")
EVEN = Plan(network="ethocnn-lite", sampling="even", steps=30, minibatch=16)
Clips = Sequence[NDArray[np.int64]]


def _random_clips(count: int, bouts: int, seed: int) -> Clips:
    """Return clips of random bouts; drink (0) is rare, each has some frames of none."""
    generator = np.random.default_rng(seed)
    shares = np.array([1, 8, 8, 3, 8, 4, 8, 3]) / 43
    clips = []
    for _ in range(count):
        lengths = generator.integers(8, 60, bouts)
        clips.append(np.repeat(generator.choice(8, bouts, p=shares), lengths))
        clips[-1][50:60] = 8
    return clips


def _patchy_clips(seed: int) -> Clips:
    """Return clips of which each shows only some behaviors."""
    generator = np.random.default_rng(seed)
    clips = []
    for number in range(30):
        shown = np.unique([number % 8, *generator.integers(0, 8, 2)])
        clips.append(np.repeat(generator.choice(shown, 25), generator.integers(8, 40, 25)))
    return clips


def _of_one_behavior(stacks: Sequence[int]) -> Clips:
    """Return a clip for each behavior that has so many stacks, whatever the offset."""
    return [np.full(11 * count + 10, code) for code, count in enumerate(stacks)]


def _minibatches(epochs: Epochs, epoch: int) -> list[list[Draw]]:
    return [epochs.minibatch(epoch, step) for step in range(epochs.steps(epoch))]


def _draws(epochs: Epochs, epoch: int) -> list[Draw]:
    return [draw for minibatch in _minibatches(epochs, epoch) for draw in minibatch]


@pytest.fixture(scope="module")
def clips() -> Clips:
    return _random_clips(24, 120, seed=3)


@pytest.fixture(scope="module")
def epochs(clips: Clips) -> Epochs:
    return Epochs(clips, PAPER, 11)


def test_a_minibatch_has_one_stack_of_the_rarest_and_two_or_more_of_the_others(
    epochs: Epochs,
) -> None:
    for minibatch in _minibatches(epochs, 1):
        counts = np.bincount([draw.target for draw in minibatch], minlength=8)
        assert len(minibatch) == 16
        assert counts[0] == 1
        assert counts[1:].min() == 2
        assert counts[1:].max() == 3


def test_an_epoch_uses_each_stack_of_the_rarest_once(clips: Clips, epochs: Epochs) -> None:
    draws = _draws(epochs, 1)
    offsets = {draw.clip: draw.start % 11 for draw in draws}
    cut = [
        (clip, start)
        for clip, offset in offsets.items()
        for start in range(offset, len(clips[clip]) - 10, 11)
        if stack_targets(clips[clip][start : start + 11], 11).tolist() == [0]
    ]
    used = [(draw.clip, draw.start) for draw in draws if draw.target == 0]
    assert sorted(used) == sorted(cut)
    assert epochs.steps(1) == len(cut) > 20


def test_a_drawn_stack_lies_in_its_clip_and_is_what_it_is_learned_as(
    clips: Clips, epochs: Epochs
) -> None:
    for draw in _draws(epochs, 1):
        labels = clips[draw.clip][draw.start : draw.start + 11]
        assert len(labels) == 11
        assert 8 not in labels
        assert stack_targets(labels, 11).tolist() == [draw.target]


def test_stacks_of_a_clip_do_not_overlap_and_begin_anywhere_in_another_epoch(
    epochs: Epochs,
) -> None:
    seen = set()
    for epoch in range(1, 5):
        offsets = {(draw.clip, draw.start % 11) for draw in _draws(epochs, epoch)}
        assert len(offsets) == 24
        seen |= {offset for _, offset in offsets}
    assert seen == set(range(11))


def test_a_stack_is_used_again_only_when_all_of_its_behavior_were() -> None:
    few = Epochs(_of_one_behavior([9, 20, 7, 12, 40, 40, 13, 25]), PAPER, 11)
    used = Counter((draw.clip, draw.start) for draw in _draws(few, 1) if draw.target == 1)
    # Seven minibatches have 105 places for the seven others, 15 for each: 15 of 20.
    assert set(used.values()) == {1}
    assert sum(used.values()) == 15
    again = Counter((draw.clip, draw.start) for draw in _draws(few, 1) if draw.target == 0)
    assert sorted(again.values()) == [1] * 3 + [2] * 6
    in_order = [(draw.clip, draw.start) for draw in _draws(few, 1) if draw.target == 0]
    assert len(set(in_order[:9])) == 9


@pytest.mark.parametrize("seed", range(5))
def test_no_stack_is_used_again_early_for_the_sake_of_different_clips(seed: int) -> None:
    patchy = Epochs(_patchy_clips(seed), PAPER, 11)
    draws = _draws(patchy, 1)
    for share in patchy.shares(1):
        code = BEHAVIORS.index(share.behavior)
        used = [(draw.clip, draw.start) for draw in draws if draw.target == code]
        assert len(used) == share.needed
        for begin in range(0, len(used), share.available):
            one_pass = used[begin : begin + share.available]
            assert len(set(one_pass)) == len(one_pass)
    assert any(share.needed > share.available for share in patchy.shares(1))


def test_a_clip_with_most_stacks_of_a_behavior_does_not_crowd_minibatches(clips: Clips) -> None:
    crowded = Epochs([*clips, np.full(11 * 5000, 6)], PAPER, 11)
    for minibatch in _minibatches(crowded, 1):
        assert len({draw.clip for draw in minibatch}) == 16


def test_the_probability_of_taking_part_is_computed() -> None:
    few = Epochs(_of_one_behavior([7, 20, 14, 30, 60, 15, 16, 75]), PAPER, 11)
    shares = [(share.available, share.needed, share.probability) for share in few.shares(1)]
    assert shares == [
        (7, 7, 1.0),
        (20, 15, 0.75),
        (14, 15, 1.0),
        (30, 15, 0.5),
        (60, 15, 0.25),
        (15, 15, 1.0),
        (16, 15, 0.9375),
        (75, 15, 0.2),
    ]


def test_what_people_are_told_of_an_epoch_is_what_it_does() -> None:
    few = Epochs(_of_one_behavior([7, 20, 14, 30, 60, 15, 16, 75]), PAPER, 11)
    lines = few.sampling_table(1).splitlines()
    assert lines[4].split() == ["hang", "30", "15", "0.5000"]
    assert lines[-1] == "7 minibatches of 16 stacks from 8 clips, 7 with a clip twice"


def test_the_rarest_need_not_be_drink() -> None:
    few = Epochs(_of_one_behavior([9, 9, 9, 9, 9, 5, 9, 9]), PAPER, 11)
    for minibatch in _minibatches(few, 2):
        assert [draw.target for draw in minibatch].count(5) == 1
    assert few.steps(2) == 5


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("make", [lambda seed: _random_clips(24, 60, seed), _patchy_clips])
def test_stacks_of_a_minibatch_come_from_different_clips_if_they_can(
    make: Callable[[int], Clips], seed: int
) -> None:
    many = Epochs(make(seed), PAPER, 11)
    for minibatch in _minibatches(many, 1):
        assert len({draw.clip for draw in minibatch}) == 16


def test_a_number_of_steps_is_followed(clips: Clips) -> None:
    short = Epochs(clips, Plan(network="ethocnn", steps=5), 11)
    assert short.steps(1) == 5
    rarest = [(draw.clip, draw.start) for draw in _draws(short, 1) if draw.target == 0]
    assert len(set(rarest)) == 5


@pytest.mark.parametrize("plan", [PAPER, EVEN], ids=["paper", "even"])
def test_seed_and_epoch_decide_whatever_was_asked_before(clips: Clips, plan: Plan) -> None:
    forward, backward = Epochs(clips, plan, 11), Epochs(clips, plan, 11)
    asked = [(epoch, step) for epoch in range(1, 6) for step in (0, 7, 19)]
    found = {where: forward.minibatch(*where) for where in asked}
    assert found == {where: backward.minibatch(*where) for where in reversed(asked)}
    assert found[1, 0] != found[2, 0]
    other = Epochs(clips, plan.model_copy(update={"seed": 1}), 11)
    assert found[1, 0] != other.minibatch(1, 0)


def test_even_minibatches_have_the_same_share_of_each_behavior(clips: Clips) -> None:
    even = Epochs(clips, EVEN, 11)
    assert even.steps(1) == 30
    for minibatch in _minibatches(even, 1):
        assert np.bincount([draw.target for draw in minibatch]).tolist() == [2] * 8
        assert len({draw.clip for draw in minibatch}) == 16
        assert [draw.target for draw in minibatch[:8]] == list(range(8))


def test_even_stacks_begin_anywhere_and_are_what_they_are_learned_as(clips: Clips) -> None:
    draws = _draws(Epochs(clips, EVEN, 11), 1)
    assert {draw.start % 11 for draw in draws} == set(range(11))
    for draw in draws:
        labels = clips[draw.clip][draw.start : draw.start + 11]
        assert stack_targets(labels, 11).tolist() == [draw.target]


def test_all_stacks_of_a_behavior_are_equally_likely_in_even_minibatches() -> None:
    codes = [*_of_one_behavior([2] * 8), *([np.full(11 * 8 + 10, 3)] * 2)]
    plan = EVEN.model_copy(update={"steps": 1000, "minibatch": 8})
    draws = [draw for draw in _draws(Epochs(codes, plan, 11), 1) if draw.target == 3]
    # 22 starts in the short clip, 88 in each of the long ones: 11 %, 44 % and 44 %.
    assert len({(draw.clip, draw.start) for draw in draws}) > 185
    counts = Counter(draw.clip for draw in draws)
    assert [counts[clip] for clip in (3, 8, 9)] == pytest.approx([111, 444, 444], abs=60)


def test_a_missing_behavior_is_named() -> None:
    codes = [np.repeat([0, 1, 2, 4, 5, 6, 7], 20)]
    with pytest.raises(TrainingError, match=r"no stack of the behavior hang$"):
        Epochs(codes, PAPER, 11)


def test_a_rare_behavior_is_in_every_epoch_although_an_offset_can_miss_it() -> None:
    rest = [np.repeat(np.arange(1, 8), 40)]
    short_drink = [np.concatenate([np.full(30, 6), np.zeros(7, np.int64), np.full(30, 6)])]
    few = Epochs(rest + short_drink, PAPER, 11)
    assert [few.steps(epoch) for epoch in range(10)] == [1] * 10
