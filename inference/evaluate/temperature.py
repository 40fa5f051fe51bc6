"""One number that makes a network's confidences fit: its temperature.

Logits are divided by it before the softmax: above 1 softer, below 1 sharper, and never another
label. Source: Guo et al. 2017, On Calibration of Modern Neural Networks, section 4.2.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict

from inference.error import EvaluationError
from inference.ethogram import NONE_CODE
from inference.evaluate.calibration import SMALLEST, Calibration, calibration_of
from inference.evaluate.forecast import Forecasts, forecasts_of
from inference.evaluate.prediction import ClipPrediction, Probabilities

LOWEST: Final = 0.05
HIGHEST: Final = 20.0
"""What a model card takes; where a fit ends that has no best temperature, such as of no error."""

_ROUNDING: Final = 1e-14
"""Of sums of float64, as a share."""
_EXACT: Final = 1e-10
"""How far the last step may go, as a share."""
_NEWTON_STEPS: Final = 20
"""Newton needs about six; what has not ended then is halved, which cannot fail."""
_STEPS: Final = 80


class TemperatureScaling(BaseModel):
    """A temperature, and what it brings on animals that it was not fitted on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    temperature: float
    """Fitted on all animals: what a model file gets."""
    by_animal: dict[str, float]
    """Fitted on the others, applied to this one."""
    before: Calibration
    after: Calibration
    """Every animal softened by the temperature of the others."""


def softened(probabilities: Probabilities, temperature: float) -> Probabilities:
    """Return the probabilities that logits divided by a temperature give, same shape.

    The logarithm of a probability is its logit but for a constant, which softmax removes.
    """
    scaled = _logits(probabilities) / temperature
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def fit_temperature(predictions: Iterable[ClipPrediction]) -> float:
    """Return the temperature LOWEST..HIGHEST of the least negative log likelihood over frames.

    Raises EvaluationError if no frame can be judged.
    """
    return _fit(forecasts_of(predictions))


def temperature_scaling(predictions: Sequence[ClipPrediction]) -> TemperatureScaling:
    """Fit a temperature, and judge it animal by animal with that of the other animals.

    Raises EvaluationError for fewer than two animals with frames that can be judged.
    """
    judged = [clip for clip in predictions if (clip.truth != NONE_CODE).any()]
    animals = sorted({clip.animal for clip in judged})
    if len(animals) < 2:
        raise EvaluationError("a temperature is judged on animals left out: two or more are needed")
    by_animal = {
        animal: fit_temperature(clip for clip in judged if clip.animal != animal)
        for animal in animals
    }
    return TemperatureScaling(
        temperature=fit_temperature(judged),
        by_animal=by_animal,
        before=calibration_of(judged),
        after=calibration_of(soften(clip, by_animal[clip.animal]) for clip in judged),
    )


def soften(prediction: ClipPrediction, temperature: float) -> ClipPrediction:
    """Return a prediction with softened probabilities."""
    return replace(prediction, probabilities=softened(prediction.probabilities, temperature))


def _fit(forecasts: Forecasts) -> float:
    """Find where the slope of the likelihood changes sign: Newton's steps within halving.

    The negative log likelihood is convex in 1/T, so that its slope there only rises: there is one
    such place, and what is known to lie on either side of it only shrinks.
    """
    logits = _LogitTable(forecasts)
    low, high = 1 / HIGHEST, 1 / LOWEST
    inverse = 1.0
    slope, curvature = logits.slope(inverse)
    if abs(slope) <= logits.rounding:
        return 1.0  # fits, or every stack is undecided and no temperature changes that
    if slope > 0 and logits.slope(low)[0] > logits.rounding:
        return HIGHEST
    if slope < 0 and logits.slope(high)[0] <= logits.rounding:
        return LOWEST
    for step in range(_STEPS):
        low, high = (low, inverse) if slope > logits.rounding else (inverse, high)
        following = inverse - slope / curvature if curvature > 0 else low
        # Before the bounds: where Newton has ended, it stands on one of them.
        if abs(following - inverse) <= _EXACT * inverse:
            break
        if not low < following < high or step >= _NEWTON_STEPS:
            following = math.sqrt(low * high)
        inverse = following
        slope, curvature = logits.slope(inverse)
    return 1 / inverse


class _LogitTable:
    """Logits of stacks, laid out so that sums over behaviors go fast: a row for each behavior."""

    def __init__(self, forecasts: Forecasts) -> None:
        logits = _logits(forecasts.probabilities)
        # The largest is 0 at every temperature: no power overflows.
        self._logits = np.ascontiguousarray((logits - logits.max(axis=1, keepdims=True)).T)
        self._weights = forecasts.weights
        self._true = float((forecasts.frames.T * self._logits).sum())
        # Labels without an error only ever want to be surer: their slope falls into the rounding.
        self.rounding = _ROUNDING * float((self._weights * np.abs(logits).max(axis=1)).sum())

    def slope(self, inverse: float) -> tuple[float, float]:
        """Return two derivatives of the negative log likelihood by 1/T, summed over frames.

        The first is expected minus true logit, the second the variance of the logit.
        """
        shares = np.exp(self._logits * inverse)
        shares /= shares.sum(axis=0)
        shares *= self._logits
        expected = shares.sum(axis=0)
        shares *= self._logits
        variance = shares.sum(axis=0) - expected**2
        slope = float((self._weights * expected).sum()) - self._true
        return slope, float((self._weights * variance).sum())


def _logits(probabilities: Probabilities) -> Probabilities:
    return np.asarray(np.log(np.maximum(probabilities, SMALLEST)))
