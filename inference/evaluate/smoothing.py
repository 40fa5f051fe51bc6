"""What smoothing over neighboring stacks would bring; nothing in the program smooths.

The paper has none. Smoothing never reaches over the end of a clip, and what it must learn it
learns from the truth of other animals than the one that is judged.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.dataset.source import Codes
from inference.ethogram import BEHAVIORS, NONE_CODE
from inference.evaluate.prediction import ClipPrediction, Probabilities

_KERNEL: Final = (0.25, 0.5, 0.25)
_LEAST: Final = 1e-12
"""A network's zero is a rounded probability: nothing is impossible."""


@dataclass(frozen=True, slots=True, eq=False)
class Transitions:
    """How behaviors follow each other from stack to stack."""

    start: NDArray[np.float64]
    """Probability of each behavior at a clip's begin, which is any moment, (8,)."""
    following: NDArray[np.float64]
    """Probability of the next stack's behavior (column) after a behavior (row), (8, 8)."""


def kernel_smoothed(prediction: ClipPrediction) -> ClipPrediction:
    """Return a prediction with each stack's probabilities averaged with its two neighbors'.

    Weights 1/4, 1/2, 1/4; at a clip's ends the stack itself stands for the missing neighbor.
    """
    padded = np.pad(prediction.probabilities, ((1, 1), (0, 0)), mode="edge")
    before, own, after = _KERNEL
    averaged = before * padded[:-2] + own * padded[1:-1] + after * padded[2:]
    return replace(prediction, probabilities=averaged)


def path_smoothed(prediction: ClipPrediction, transitions: Transitions) -> ClipPrediction:
    """Return a prediction whose labels are the most likely sequence of behaviors.

    Its probabilities are 1 and 0: they say which behavior, not how sure.
    """
    path = most_likely_path(prediction.probabilities, transitions)
    return replace(prediction, probabilities=np.eye(len(BEHAVIORS))[path])


def most_likely_path(probabilities: Probabilities, transitions: Transitions) -> Codes:
    """Return the sequence of codes (stacks,) with the highest product of all probabilities.

    The network's probabilities stand for the likelihood of the pictures, as it has learned every
    behavior equally often. Of equal sequences the lower code wins. Source: Viterbi 1967, IEEE
    Transactions on Information Theory 13, in logarithms.
    """
    seen = np.log(np.maximum(probabilities, _LEAST))
    following = np.log(np.maximum(transitions.following, _LEAST))
    score = np.log(np.maximum(transitions.start, _LEAST)) + seen[0]
    came_from = np.zeros(seen.shape, np.int64)
    for stack in range(1, len(seen)):
        ways = score[:, None] + following
        came_from[stack] = ways.argmax(axis=0)
        score = ways.max(axis=0) + seen[stack]
    path = np.empty(len(seen), np.int64)
    path[-1] = score.argmax()
    for stack in range(len(seen) - 1, 0, -1):
        path[stack - 1] = came_from[stack, path[stack]]
    return path


def transitions_of(predictions: Iterable[ClipPrediction]) -> Transitions:
    """Count how behaviors follow each other in the truth of clips, each pair once more than seen.

    A stack counts as what most of its frames are (the lower code of equals); two stacks that have
    a frame of `none` between them do not follow each other.
    """
    start = np.ones(len(BEHAVIORS))
    following = np.ones((len(BEHAVIORS),) * 2)
    for prediction in predictions:
        codes = truth_of_stacks(prediction)
        start += np.bincount(codes[codes != NONE_CODE], minlength=len(BEHAVIORS))
        known = (codes[:-1] != NONE_CODE) & (codes[1:] != NONE_CODE)
        np.add.at(following, (codes[:-1][known], codes[1:][known]), 1)
    return Transitions(start / start.sum(), following / following.sum(axis=1, keepdims=True))


def smoothed_by_others(predictions: Sequence[ClipPrediction]) -> list[ClipPrediction]:
    """Return each clip's most likely path under the transitions of all other animals.

    Empty if there is only one animal.
    """
    animals = sorted({prediction.animal for prediction in predictions})
    if len(animals) < 2:
        return []
    learned = {
        animal: transitions_of(other for other in predictions if other.animal != animal)
        for animal in animals
    }
    return [path_smoothed(prediction, learned[prediction.animal]) for prediction in predictions]


def truth_of_stacks(prediction: ClipPrediction) -> Codes:
    """Return the code of each stack, (stacks,); `none` if any of its frames is."""
    stacks = len(prediction.probabilities)
    votes = np.zeros((stacks, NONE_CODE + 1), np.int64)
    np.add.at(votes, (prediction.stack_of_frame, prediction.truth), 1)
    codes: Codes = votes[:, :NONE_CODE].argmax(axis=1)
    codes[votes[:, NONE_CODE] > 0] = NONE_CODE
    return codes
