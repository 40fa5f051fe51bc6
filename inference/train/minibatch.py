"""Assembling minibatches ahead of the arithmetic."""

from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from inference.dataset.band_cache import Clip
from inference.preprocessing import Gray, Preprocessing
from inference.train.augment import Augmenter
from inference.train.plan import Plan
from inference.train.sampler import Sampler

_LOADERS: Final = 2
_AHEAD: Final = 4

Minibatch: TypeAlias = tuple[Gray, NDArray[np.int64]]
"""Stacks (n, 11, 128, 256), uint8, and their behaviors (n,)."""


def minibatches(
    clips: Sequence[Clip], plan: Plan, spec: Preprocessing
) -> Generator[Minibatch, None, None]:
    """Yield augmented minibatches without end, in an order that only the plan decides.

    A few are assembled ahead by threads of their own, which end when the iterator is closed.
    """
    sampler = Sampler([clip.codes for clip in clips], spec.stack_length, plan.seed)
    augmenter = Augmenter(plan.augmentation, plan.seed)

    def assemble(number: int) -> Minibatch:
        generator = np.random.default_rng((plan.seed, number))
        draws = sampler.draw(number, plan.per_behavior)
        stacks = [
            augmenter.apply(
                clips[draw.clip].bands[draw.start : draw.start + spec.stack_length], generator
            )
            for draw in draws
        ]
        return np.stack(stacks), np.array([draw.target for draw in draws])

    with ThreadPoolExecutor(_LOADERS) as pool:
        waiting: deque[Future[Minibatch]] = deque()
        for number in count():
            waiting.append(pool.submit(assemble, number))
            if len(waiting) > _AHEAD:
                yield waiting.popleft().result()
