"""Probabilities of stacks beside how many frames of each behavior they were given for."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.error import EvaluationError
from inference.ethogram import CODE_NAMES, NONE_CODE
from inference.evaluate.prediction import ClipPrediction, Probabilities


@dataclass(frozen=True, slots=True, eq=False)
class Forecasts:
    """Stacks that label at least one frame with a truth other than `none`.

    A stack counts as often as it labels frames, because a label file gives its confidence to each
    of them.
    """

    probabilities: Probabilities
    """(stacks, 8)."""
    frames: NDArray[np.float64]
    """Frames of each behavior by the truth, (stacks, 8), a whole number each."""

    @property
    def weights(self) -> NDArray[np.float64]:
        """Frames of each stack, (stacks,), at least 1."""
        return np.asarray(self.frames.sum(axis=1))


def forecasts_of(predictions: Iterable[ClipPrediction]) -> Forecasts:
    """Return the stacks of all clips; raises EvaluationError if no frame can be judged."""
    probabilities, frames = [], []
    for clip in predictions:
        kinds = len(CODE_NAMES)
        count = np.bincount(
            clip.stack_of_frame * kinds + clip.truth, minlength=len(clip.probabilities) * kinds
        ).reshape(-1, kinds)[:, :NONE_CODE]
        judged = count.any(axis=1)
        probabilities.append(clip.probabilities[judged])
        frames.append(count[judged])
    if not sum(map(len, probabilities)):
        raise EvaluationError("no clip has a frame whose behavior is known")
    return Forecasts(np.concatenate(probabilities), np.concatenate(frames).astype(np.float64))


def chosen(forecasts: Forecasts) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the confidence of each stack's label and how many of its frames it hits, (stacks,)."""
    best = forecasts.probabilities.argmax(axis=1)
    every = np.arange(len(best))
    return forecasts.probabilities[every, best], forecasts.frames[every, best]
