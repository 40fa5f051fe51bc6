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
    animals = sorted({clip.animal for clip in predictions if clip.truth.size})
    if len(animals) < 2:
        raise EvaluationError("a temperature is judged on animals left out: two or more are needed")
    by_animal = {
        animal: fit_temperature(clip for clip in predictions if clip.animal != animal)
        for animal in animals
    }
    return TemperatureScaling(
        temperature=fit_temperature(predictions),
        by_animal=by_animal,
        before=calibration_of(predictions),
        after=calibration_of(soften(clip, by_animal[clip.animal]) for clip in predictions),
    )


def soften(prediction: ClipPrediction, temperature: float) -> ClipPrediction:
    """Return a prediction with softened probabilities."""
    return replace(prediction, probabilities=softened(prediction.probabilities, temperature))


def _fit(forecasts: Forecasts) -> float:
    """Find where the slope of the likelihood changes sign: Newton's steps within halving.

    The negative log likelihood is convex in 1/T, so that its slope there only rises: there is one
    such place, and what is known to lie on either side of it only shrinks.
    """
    logits = _logits(forecasts.probabilities)
    # Labels without an error only ever want to be surer: their slope falls into the rounding.
    level = _ROUNDING * float((forecasts.weights * np.abs(logits).max(axis=1)).sum())
    low, high = 1 / HIGHEST, 1 / LOWEST
    inverse = 1.0
    for step in range(_STEPS):
        slope, curvature = _slope(forecasts, logits, inverse)
        if step == 0 and abs(slope) <= level:
            return 1.0  # fits, or every stack is undecided and no temperature changes that
        if slope > level:
            high = inverse
        else:
            low = inverse
        if step == 0 and slope > level and _slope(forecasts, logits, low)[0] > level:
            return HIGHEST
        if step == 0 and slope <= level and _slope(forecasts, logits, high)[0] <= level:
            return LOWEST
        following = inverse - slope / curvature if curvature > 0 else low
        if not low < following < high or step >= _NEWTON_STEPS:
            following = math.sqrt(low * high)
        if abs(following - inverse) <= _EXACT * inverse:
            break
        inverse = following
    return 1 / inverse


def _slope(forecasts: Forecasts, logits: Probabilities, inverse: float) -> tuple[float, float]:
    """Return the first two derivatives of the negative log likelihood by 1/T, summed over frames.

    The first is expected minus true logit, the second the variance of the logit.
    """
    scaled = logits * inverse
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    shares = powers / powers.sum(axis=1, keepdims=True)
    expected = (shares * logits).sum(axis=1)
    variance = (shares * logits**2).sum(axis=1) - expected**2
    slope = (forecasts.weights * expected).sum() - (forecasts.frames * logits).sum()
    return float(slope), float((forecasts.weights * variance).sum())


def _logits(probabilities: Probabilities) -> Probabilities:
    return np.asarray(np.log(np.maximum(probabilities, SMALLEST)))
