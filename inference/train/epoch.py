"""The stacks of one epoch, minibatch by minibatch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from inference.dataset.source import Codes
from inference.ethogram import BEHAVIORS

Indices: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Draw:
    """One stack: the frames `start` .. `start + 10` of a clip, and the behavior to learn."""

    clip: int
    start: int
    target: int


@dataclass(frozen=True, slots=True)
class Share:
    """How often a behavior occurs in an epoch."""

    behavior: str
    available: int
    """Stacks that the epoch could use."""
    needed: int
    """Places that its minibatches have for the behavior."""

    @property
    def probability(self) -> float:
        """With which one of the available stacks takes part."""
        return min(1.0, self.needed / self.available)


@dataclass(frozen=True, slots=True, eq=False)
class Stacks:
    """Stacks to choose from: clip, first frame and target of each, (stacks,)."""

    clips: Indices
    starts: Indices
    targets: Codes

    @classmethod
    def cut(
        cls, targets: Sequence[Codes], offsets: Sequence[int] | Indices, every: int
    ) -> "Stacks":
        """Take the stack at each `every`-th start from each clip's offset on.

        `targets` holds those of every start of each clip; a start whose target is none is left out.
        """
        taken = [clip[int(offset) :: every] for clip, offset in zip(targets, offsets, strict=True)]
        kept = [np.flatnonzero(clip < len(BEHAVIORS)) for clip in taken]
        starts = [int(offset) + every * each for offset, each in zip(offsets, kept, strict=True)]
        return cls(
            np.repeat(np.arange(len(targets)), [len(each) for each in kept]),
            np.concatenate(starts),
            np.concatenate([clip[each] for clip, each in zip(taken, kept, strict=True)]),
        )

    def count(self) -> Indices:
        """Return how many there are of each behavior, (8,)."""
        return np.bincount(self.targets, minlength=len(BEHAVIORS))


@dataclass(frozen=True, slots=True, eq=False)
class Epoch:
    """What an epoch's minibatches are made of."""

    stacks: Stacks
    dealt: Indices
    """Which of the stacks stands at each place, (minibatches, places)."""
    shares: tuple[Share, ...]

    @property
    def steps(self) -> int:
        """Minibatches."""
        return len(self.dealt)

    @property
    def repeating(self) -> int:
        """Minibatches in which a clip occurs twice."""
        return int(repeats_clip(self.stacks.clips[self.dealt]).sum())

    def minibatch(self, step: int) -> list[Draw]:
        """Return the draws of a minibatch, place by place; `step` counts from 0."""
        chosen = self.dealt[step]
        found = (self.stacks.clips, self.stacks.starts, self.stacks.targets)
        columns = (values[chosen].tolist() for values in found)
        return [Draw(*draw) for draw in zip(*columns, strict=True)]


def repeats_clip(clips: Indices) -> NDArray[np.bool_]:
    """Return in which minibatches (minibatches, places) a clip occurs twice."""
    ordered = np.sort(clips, axis=1)
    return np.asarray((ordered[:, 1:] == ordered[:, :-1]).any(axis=1))


def shares_of(available: Indices, needed: Indices) -> tuple[Share, ...]:
    """Return the share of each behavior, from numbers (8,)."""
    counts = zip(BEHAVIORS, available.tolist(), needed.tolist(), strict=True)
    return tuple(Share(*count) for count in counts)


def scarcest_first(stacks: Stacks) -> Indices:
    """Return the behaviors (8,) by the number of clips, then of stacks, that show them."""
    shown = np.zeros((len(BEHAVIORS), int(stacks.clips[-1]) + 1), np.bool_)
    shown[stacks.targets, stacks.clips] = True
    return np.lexsort((stacks.count(), shown.sum(axis=1)))
