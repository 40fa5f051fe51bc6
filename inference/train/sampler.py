"""Which stacks make up a minibatch."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.error import TrainingError
from inference.ethogram import BEHAVIORS, CODE_NAMES, NONE_CODE


@dataclass(frozen=True, slots=True)
class Draw:
    """One stack: the frames `start` .. `start + 10` of a clip, and the behavior to learn."""

    clip: int
    start: int
    target: int


def stack_targets(codes: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    """Return the target (starts,) of the stack that starts at each frame of a clip.

    The majority of the `length` codes; in a tie the central frame's; `none` if any frame is.
    Source: DeepEthoProfile, "Training".
    """
    starts = len(codes) - length + 1
    if starts <= 0:
        return np.empty(0, np.int64)
    present = codes[:, None] == np.arange(len(CODE_NAMES))
    total = np.concatenate([np.zeros((1, len(CODE_NAMES)), np.int64), present.cumsum(axis=0)])
    counts = total[length:] - total[:-length]
    largest = counts.max(axis=1, keepdims=True)
    tied = (counts == largest).sum(axis=1) > 1
    central = codes[length // 2 :][:starts]
    targets = np.where(tied, central, counts.argmax(axis=1))
    return np.where(counts[:, NONE_CODE] > 0, NONE_CODE, targets)


class Sampler:
    """Draw minibatches with an equal share of each behavior; immutable, so any thread may."""

    def __init__(self, codes: Sequence[NDArray[np.int64]], length: int, seed: int) -> None:
        """Prepare for clips with these codes; raises TrainingError if a behavior is missing."""
        targets = [stack_targets(clip, length) for clip in codes]
        self._seed = seed
        self._starts = [
            [np.flatnonzero(clip == behavior) for clip in targets]
            for behavior in range(len(BEHAVIORS))
        ]
        for name, starts in zip(BEHAVIORS, self._starts, strict=True):
            if not any(len(clip) for clip in starts):
                raise TrainingError(f"the training clips hold no stack of the behavior {name}")

    def draw(self, number: int, per_behavior: int) -> list[Draw]:
        """Return minibatch `number`: `per_behavior` stacks of each of the eight behaviors.

        Within a behavior all stacks are equally likely, but a clip is not used twice in a
        minibatch while another one has the behavior. Same seed and number, same minibatch.
        """
        generator = np.random.default_rng((self._seed, number))
        rarest_first = sorted(
            range(len(BEHAVIORS)), key=lambda code: sum(map(len, self._starts[code]))
        )
        used: set[int] = set()
        draws = []
        for behavior in rarest_first:
            for _ in range(per_behavior):
                clip = self._choose_clip(generator, behavior, used)
                used.add(clip)
                start = int(generator.choice(self._starts[behavior][clip]))
                draws.append(Draw(clip, start, behavior))
        return draws

    def _choose_clip(self, generator: np.random.Generator, behavior: int, used: set[int]) -> int:
        weights = np.array([len(clip) for clip in self._starts[behavior]], np.float64)
        unused = weights.copy()
        unused[list(used)] = 0
        if unused.any():
            weights = unused
        return int(generator.choice(len(weights), p=weights / weights.sum()))
