"""Assembling minibatches ahead of the arithmetic."""

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from inference.dataset.band_cache import Clip
from inference.error import TrainingError
from inference.preprocessing import Gray, Preprocessing
from inference.train.augment import Augmenter
from inference.train.plan import Plan
from inference.train.sampler import Epochs

_LOADERS: Final = 2
"""More do not give more. Source: measured, 4,000 stacks/s; one keeps reading while one waits."""
_AHEAD: Final = 4
_LONGEST_WAIT_S: Final = 600.0
"""A disk that hangs ends a training that can be resumed."""
_STACK_STREAM: Final = 2
"""First word of the seed, so that no other random choice of a training repeats these."""

Minibatch: TypeAlias = tuple[Gray, NDArray[np.int64]]
"""Stacks (n, 11, height, 256), uint8, and their behaviors (n,)."""


@dataclass(frozen=True, slots=True)
class Order:
    """A shard's part of a minibatch: epochs count from 1, steps of an epoch and shards from 0."""

    epoch: int
    step: int
    shard: int = 0


_BEGINNING: Final = Order(1, 0)


class Assembler:
    """Cut out, augment and stack what a minibatch is made of; any thread may ask."""

    def __init__(
        self, clips: Sequence[Clip], plan: Plan, spec: Preprocessing, epochs: Epochs
    ) -> None:
        """Prepare for the clips whose codes `epochs` was made with."""
        self._bands = [clip.bands for clip in clips]
        self._plan = plan
        self._length = spec.stack_length
        self._shape = stack_shape(plan, spec)
        self._epochs = epochs
        self._augmenter = Augmenter(plan.augmentation, plan.seed)

    def assemble(self, order: Order) -> Minibatch:
        """Return a shard's part of a minibatch, which only plan and clips decide.

        Raises DataSetError if a clip's file has been harmed.
        """
        draws = self._epochs.minibatch(order.epoch, order.step)
        count = self._plan.minibatch // self._plan.shards
        first = order.shard * count
        stacks: Gray = np.empty((count, *self._shape), np.uint8)
        for place, draw in enumerate(draws[first : first + count], first):
            seed = (_STACK_STREAM, self._plan.seed, order.epoch, order.step, place)
            bands = self._bands[draw.clip][draw.start : draw.start + self._length]
            self._augmenter.apply(bands, np.random.default_rng(seed), stacks[place - first])
        return stacks, np.array([draw.target for draw in draws[first : first + count]])


def stack_shape(plan: Plan, spec: Preprocessing) -> tuple[int, int, int]:
    """Return frames, height and width of the stacks that a plan's network learns from.

    Whole pictures for the paper's network when they are shifted on black, as the original does:
    the band moves into the rows that are otherwise always black. Else bands.
    """
    if plan.network == "ethocnn" and plan.augmentation.fill == "black":
        return spec.stack_length, spec.size, spec.size
    return spec.stack_shape


def minibatches(
    clips: Sequence[Clip],
    plan: Plan,
    spec: Preprocessing,
    epochs: Epochs,
    *,
    first: Order = _BEGINNING,
    shards: Sequence[int] | None = None,
) -> Generator[Minibatch, None, None]:
    """Yield minibatches from `first` (whose shard is not looked at) to the end of the last epoch.

    Of each minibatch one part for each of `shards` (all of the plan's if None), in their order.
    A few are assembled ahead by threads of their own, which end when the iterator is closed.
    Raises TrainingError, DataSetError.
    """
    assembler = Assembler(clips, plan, spec, epochs)
    if shards is None:
        shards = range(plan.shards)
    pool = ThreadPoolExecutor(_LOADERS, thread_name_prefix="loader")
    waiting: deque[Future[Minibatch]] = deque()
    hangs = False
    try:
        for order in _orders(plan, epochs, first, shards, pool):
            waiting.append(pool.submit(assembler.assemble, order))
            if len(waiting) > _AHEAD:
                yield waiting.popleft().result(_LONGEST_WAIT_S)
        while waiting:
            yield waiting.popleft().result(_LONGEST_WAIT_S)
    except TimeoutError as error:
        hangs = True
        raise TrainingError(
            f"the decoded clips gave no minibatch for {_LONGEST_WAIT_S:.0f} s"
        ) from error
    finally:
        pool.shutdown(wait=not hangs, cancel_futures=True)


def _orders(
    plan: Plan, epochs: Epochs, first: Order, shards: Sequence[int], pool: ThreadPoolExecutor
) -> Iterator[Order]:
    for epoch in range(first.epoch, plan.epochs + 1):
        steps = range(first.step if epoch == first.epoch else 0, epochs.steps(epoch))
        if epoch < plan.epochs:
            pool.submit(epochs.steps, epoch + 1)  # drawn while this one is trained
        yield from (Order(epoch, step, shard) for step in steps for shard in shards)
