"""Which stacks make up the minibatches of a training."""

from collections.abc import Sequence
from threading import Lock
from typing import Final

import numpy as np

from inference.dataset.source import Codes
from inference.error import TrainingError
from inference.ethogram import BEHAVIORS
from inference.train.epoch import Draw, Epoch, Indices, Share, Stacks
from inference.train.even_epoch import even_epoch
from inference.train.paper_epoch import paper_epoch
from inference.train.plan import Plan
from inference.train.stack_target import stack_targets

_KEPT_EPOCHS: Final = 3
"""The one that is trained, the one that is prepared, and one of which loaders hold the last."""
_MOST_OFFSETS: Final = 1000
"""Tries to find offsets at which every behavior has a stack; one is enough but for tiny data."""
_EPOCH_STREAM: Final = 1
"""First word of the seed, so that no other random choice of a training repeats these."""


class Epochs:
    """The minibatches of every epoch; the plan and the codes decide, and any thread may ask."""

    def __init__(self, codes_of_clips: Sequence[Codes], plan: Plan, length: int) -> None:
        """Prepare for clips with these codes and stacks of `length` frames.

        Raises TrainingError, one sentence, if a behavior is missing.
        """
        self._plan = plan
        self._length = length
        self._targets = [stack_targets(codes, length, plan.label_rule) for codes in codes_of_clips]
        self._count = sum(
            (np.bincount(clip, minlength=len(BEHAVIORS) + 1) for clip in self._targets),
            start=np.zeros(len(BEHAVIORS) + 1, np.int64),
        )[:-1]
        for name, count in zip(BEHAVIORS, self._count, strict=True):
            if not count:
                raise TrainingError(f"the training clips hold no stack of the behavior {name}")
        self._any_start: Stacks | None = None
        if plan.sampling == "even":
            self._any_start = self._cut(np.zeros(len(self._targets), np.int64), 1)
        self._lock = Lock()
        self._kept: dict[int, Epoch] = {}

    def steps(self, epoch: int) -> int:
        """Return how many minibatches an epoch has."""
        return self._epoch(epoch).steps

    def minibatch(self, epoch: int, step: int) -> list[Draw]:
        """Return the stacks of a minibatch, place by place.

        Epochs are told apart by their number (from 0 on, however they are counted); `step` counts
        from 0 to `steps(epoch) - 1`.
        """
        return self._epoch(epoch).minibatch(step)

    def shares(self, epoch: int) -> tuple[Share, ...]:
        """Return how often each behavior occurs."""
        return self._epoch(epoch).shares

    def sampling_table(self, epoch: int) -> str:
        """Return what people should know of an epoch: a line for each behavior, and a last one."""
        drawn = self._epoch(epoch)
        lines = [f"{'behavior':14} {'stacks':>8} {'places':>8} probability"]
        lines += [
            f"{share.behavior:14} {share.available:8} {share.needed:8} {share.probability:11.4f}"
            for share in drawn.shares
        ]
        lines.append(
            f"{drawn.steps} minibatches of {self._plan.minibatch} stacks from "
            f"{len(self._targets)} clips, {drawn.repeating} with a clip twice"
        )
        return "\n".join(lines)

    def _epoch(self, number: int) -> Epoch:
        if (found := self._kept.get(number)) is not None:
            return found  # without waiting for another epoch that is being drawn
        with self._lock:
            if (found := self._kept.get(number)) is None:
                found = self._draw(number)
                while len(self._kept) >= _KEPT_EPOCHS:
                    del self._kept[next(iter(self._kept))]
                self._kept[number] = found
            return found

    def _draw(self, number: int) -> Epoch:
        plan = self._plan
        generator = np.random.default_rng((_EPOCH_STREAM, plan.seed, number))
        if self._any_start is not None:
            assert plan.steps is not None
            return even_epoch(self._any_start, plan.steps, plan.minibatch, generator)
        rarest = int(self._count.argmin())
        stacks = self._shifted(generator)
        return paper_epoch(stacks, rarest, plan.steps, plan.minibatch, generator)

    def _shifted(self, generator: np.random.Generator) -> Stacks:
        """Cut each clip into stacks that do not overlap, from a random frame of its first on."""
        for _ in range(_MOST_OFFSETS):
            offsets = generator.integers(0, self._length, len(self._targets))
            stacks = self._cut(offsets, self._length)
            if stacks.count().all():
                return stacks
        raise TrainingError(
            "the training clips hold too few frames of a behavior to draw an epoch: "
            + ", ".join(f"{name} {n}" for name, n in zip(BEHAVIORS, self._count, strict=True))
        )

    def _cut(self, offsets: Indices, every: int) -> Stacks:
        return Stacks.cut(self._targets, offsets, every)
