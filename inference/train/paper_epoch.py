"""Minibatches as the paper draws them.

Source: DeepEthoProfile, "Training": each minibatch holds every behavior and exactly one stack of
the least prevalent; the others occur at least twice as often in an epoch, with a probability that
is calculated; the stacks of a minibatch come from different clips where that can be.
"""

from typing import Final

import numpy as np

from inference.ethogram import BEHAVIORS
from inference.train.epoch import Epoch, Indices, Stacks, repeats_clip, scarcest_first, shares_of

_REACH: Final = 100
"""Minibatches before and behind that are looked at for an exchange."""


def paper_epoch(
    stacks: Stacks, rarest: int, steps: int | None, places: int, generator: np.random.Generator
) -> Epoch:
    """Deal stacks, of which every behavior has some, into minibatches of so many places.

    `steps` None: as many minibatches as the behavior `rarest` has stacks. Which stacks of a
    behavior take part is drawn without replacement, so that exactly as many do as its share's
    probability says. One with fewer stacks than places is used in passes: all of them before any
    is used again.
    """
    available = stacks.count()
    behaviors = _turns(rarest, int(available[rarest]) if steps is None else steps, places)
    needed = np.bincount(behaviors.ravel(), minlength=len(BEHAVIORS))
    dealt, passes = _deal(stacks, behaviors, generator)
    _exchange(stacks.clips, dealt, behaviors, passes)
    return Epoch(stacks, dealt, shares_of(available, needed))


def _turns(rarest: int, steps: int, places: int) -> Indices:
    """Return the behavior of each place: first the rarest, then the others in turn."""
    others = np.array([code for code in range(len(BEHAVIORS)) if code != rarest])
    turns = np.arange(steps * (places - 1)).reshape(steps, places - 1) % len(others)
    return np.concatenate([np.full((steps, 1), rarest), others[turns]], axis=1)


def _deal(
    stacks: Stacks, behaviors: Indices, generator: np.random.Generator
) -> tuple[Indices, Indices]:
    """Return the stack at each place and in which pass through its behavior it was taken."""
    clips = stacks.clips.tolist()
    decks = [
        _Deck(np.flatnonzero(stacks.targets == code), clips, generator)
        for code in range(len(BEHAVIORS))
    ]
    rank = np.argsort(scarcest_first(stacks))
    order = np.argsort(rank[behaviors], axis=1, kind="stable")
    dealt, passes = np.empty_like(behaviors), np.empty_like(behaviors)
    for step, (codes, places) in enumerate(zip(behaviors.tolist(), order.tolist(), strict=True)):
        used: set[int] = set()
        for place in places:
            deck = decks[codes[place]]
            dealt[step, place] = stack = deck.take(used)
            passes[step, place] = deck.passes
            used.add(clips[stack])
    return dealt, passes


class _Deck:
    """The stacks of one behavior, shuffled, and shuffled again when all were taken."""

    def __init__(self, stacks: Indices, clips: list[int], generator: np.random.Generator) -> None:
        self._stacks = stacks
        self._clips = clips
        self._generator = generator
        self._shuffled: list[int] = []
        self._passed_over: dict[int, list[int]] = {}
        """By clip: those whose clip was in use when it was their turn."""
        self.passes = 0

    def take(self, used: set[int]) -> int:
        """Take the next stack, of a clip that is not in `used` if this pass still has one."""
        if not self._shuffled and not self._passed_over:
            self._shuffled = self._generator.permutation(self._stacks).tolist()
            self.passes += 1
        for clip in self._passed_over:
            if clip not in used:
                return self._take_passed_over(clip)
        while self._shuffled:
            stack = self._shuffled.pop()
            clip = self._clips[stack]
            if clip not in used:
                return stack
            self._passed_over.setdefault(clip, []).append(stack)
        return self._take_passed_over(next(iter(self._passed_over)))

    def _take_passed_over(self, clip: int) -> int:
        waiting = self._passed_over[clip]
        stack = waiting.pop()
        if not waiting:
            del self._passed_over[clip]
        return stack


def _exchange(clips: Indices, dealt: Indices, behaviors: Indices, passes: Indices) -> None:
    """Where a minibatch has a clip twice, exchange one of the stacks with a near minibatch.

    Of the same behavior and pass, and only if neither then has a clip twice because of it.
    """
    if len(np.unique(clips)) < dealt.shape[1]:
        return
    clip_at = clips[dealt]
    for step in np.flatnonzero(repeats_clip(clip_at)).tolist():
        first = max(0, step - _REACH)
        near = slice(first, step + _REACH)
        for place in range(dealt.shape[1]):
            clip = clip_at[step, place]
            if (clip_at[step] == clip).sum() < 2:
                continue
            fits = behaviors[near] == behaviors[step, place]
            fits &= passes[near] == passes[step, place]
            fits &= ~np.isin(clip_at[near], clip_at[step])
            fits &= ~(clip_at[near] == clip).any(axis=1)[:, None]
            found = np.argwhere(fits)
            if len(found):
                here, there = (step, place), (first + found[0, 0], found[0, 1])
                for values in (dealt, clip_at):
                    values[here], values[there] = values[there], values[here]
