"""Choosing the stacks by which ranges are measured: equally many of each behavior."""

from collections.abc import Sequence

import numpy as np

from inference.dataset.band_cache import Clip
from inference.error import DataSetError
from inference.ethogram import BEHAVIORS
from inference.preprocessing import Gray
from inference.train.stack_target import stack_targets


def draw_stacks(clips: Sequence[Clip], length: int, per_behavior: int, seed: int = 0) -> Gray:
    """Return stacks (n, length, height, width), uint8, copied, in random order.

    `per_behavior` of each behavior that occurs, fewer where there are not so many. Raises
    DataSetError if no stack shows a behavior.
    """
    places = [
        (target, number, start)
        for number, clip in enumerate(clips)
        for start, target in enumerate(stack_targets(clip.codes, length).tolist())
        if start % length == 0 and 0 <= target < len(BEHAVIORS)
    ]
    if not places:
        raise DataSetError("no stack of any behavior is there to measure ranges by")
    generator = np.random.default_rng(seed)
    chosen = []
    for code in range(len(BEHAVIORS)):
        of_behavior = [place for place in places if place[0] == code]
        order = generator.permutation(len(of_behavior))[:per_behavior]
        chosen += [of_behavior[index] for index in order]
    return np.stack(
        [np.array(clips[number].bands[start : start + length]) for _, number, start in chosen]
    )
