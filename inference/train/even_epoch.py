"""Minibatches with equally many stacks of each behavior."""

from typing import Final

import numpy as np

from inference.ethogram import BEHAVIORS
from inference.train.epoch import Epoch, Indices, Stacks, scarcest_first, shares_of

_TRIES: Final = 16


def even_epoch(stacks: Stacks, steps: int, places: int, generator: np.random.Generator) -> Epoch:
    """Draw `steps` minibatches of `places` stacks, a multiple of eight.

    Within a behavior all stacks are equally likely, but a clip is not used twice in a minibatch
    while another one has the behavior. Each eight places hold the eight behaviors.
    """
    rounds = places // len(BEHAVIORS)
    dealt = np.empty((steps, rounds, len(BEHAVIORS)), np.int64)
    choices = [np.flatnonzero(stacks.targets == code) for code in range(len(BEHAVIORS))]
    guesses = [
        generator.choice(stacks_of_one, (steps, rounds, _TRIES)) for stacks_of_one in choices
    ]
    order = scarcest_first(stacks).tolist()
    for step in range(steps):
        used: set[int] = set()
        for code in order:
            for place in range(rounds):
                few = guesses[code][step, place]
                stack = _choose(stacks.clips, few, choices[code], used, generator)
                dealt[step, place, code] = stack
                used.add(int(stacks.clips[stack]))
    needed = np.full(len(BEHAVIORS), steps * rounds)
    return Epoch(stacks, dealt.reshape(steps, places), shares_of(stacks.count(), needed))


def _choose(
    clips: Indices, guesses: Indices, choices: Indices, used: set[int], random: np.random.Generator
) -> int:
    """Return the first guess whose clip is not in use; if all are, one of all such stacks."""
    for guess, clip in zip(guesses.tolist(), clips[guesses].tolist(), strict=True):
        if clip not in used:
            return int(guess)
    unused = choices[~np.isin(clips[choices], list(used))]
    return int(random.choice(unused if len(unused) else choices))
