"""Whether confidences say how often labels are right.

Sources: Guo et al. 2017, On Calibration of Modern Neural Networks (reliability, expected and
maximum calibration error); Nguyen and O'Connor 2015 (bins of equal size); Brier 1950; Gneiting and
Raftery 2007 (proper scores).
"""

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from inference.evaluate.forecast import Forecasts, chosen, forecasts_of
from inference.evaluate.prediction import ClipPrediction

BINS: Final = 15
"""Source: Guo et al. 2017, section 5."""
SMALLEST: Final = float(np.finfo(np.float32).tiny)
"""A network's float32 softmax tells no smaller probability from 0; its logarithm is -87."""


class ReliabilityBin(BaseModel):
    """Frames whose labels have about the same confidence."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    low: float
    """Confidences above this ..."""
    high: float
    """... up to this."""
    frames: int
    confidence: float
    """Mean of the frames."""
    accuracy: float
    """Share of the frames whose label is right."""


class Calibration(BaseModel):
    """How well confidences fit; all figures are of frames, and 0 is best."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    frames: int
    bins: tuple[ReliabilityBin, ...]
    """Of equal width; those without frames are left out."""
    even_bins: tuple[ReliabilityBin, ...]
    """Of about equally many frames."""
    expected_error: float
    """Mean over frames of |confidence - accuracy| of their bin of equal width."""
    even_error: float
    """The same over the bins of equally many frames."""
    maximum_error: float
    """The largest of the bins of equal width."""
    brier: float
    """Mean of the squared differences of the eight probabilities from 1 and 0, summed: 0..2."""
    negative_log_likelihood: float
    """Mean of -ln of the probability of the true behavior."""


def calibration_of(predictions: Iterable[ClipPrediction]) -> Calibration:
    """Return how well confidences fit; raises EvaluationError if no frame can be judged."""
    forecasts = forecasts_of(predictions)
    confidences, hits = chosen(forecasts)
    weights = forecasts.weights
    bins = _fill(np.linspace(0, 1, BINS + 1), confidences, hits, weights)
    even = _fill(_even_edges(confidences, weights), confidences, hits, weights)
    return Calibration(
        frames=int(weights.sum()),
        bins=bins,
        even_bins=even,
        expected_error=_expected_error(bins),
        even_error=_expected_error(even),
        maximum_error=max(abs(each.confidence - each.accuracy) for each in bins),
        brier=_brier(forecasts),
        negative_log_likelihood=negative_log_likelihood(forecasts),
    )


def negative_log_likelihood(forecasts: Forecasts) -> float:
    """Return the mean over frames of -ln of the probability of the true behavior."""
    logs = np.log(np.maximum(forecasts.probabilities, SMALLEST))
    return float(-(forecasts.frames * logs).sum() / forecasts.frames.sum())


def _brier(forecasts: Forecasts) -> float:
    """Return the mean over frames of sum((p - truth)^2) = sum(p^2) - 2 p of the truth + 1."""
    shares, frames = forecasts.probabilities, forecasts.frames
    squares = (forecasts.weights * (shares**2).sum(axis=1)).sum()
    return float((squares - 2 * (frames * shares).sum()) / frames.sum() + 1)


def _even_edges(
    confidences: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return edges of bins of about equally many frames; equal confidences stay together."""
    order = np.argsort(confidences, kind="stable")
    reached = np.cumsum(weights[order])
    places = np.searchsorted(reached, reached[-1] * np.arange(1, BINS) / BINS)
    inner = np.unique(confidences[order][places])
    return np.concatenate(([0.0], inner[inner < confidences.max()], [1.0]))


def _fill(
    edges: NDArray[np.float64],
    confidences: NDArray[np.float64],
    hits: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> tuple[ReliabilityBin, ...]:
    """Sort stacks into bins (low, high]; bins without frames are left out."""
    place = np.clip(np.searchsorted(edges, confidences, side="left") - 1, 0, len(edges) - 2)
    frames = np.bincount(place, weights, len(edges) - 1)
    confidence = np.bincount(place, weights * confidences, len(edges) - 1)
    right = np.bincount(place, hits, len(edges) - 1)
    return tuple(
        ReliabilityBin(
            low=float(edges[index]),
            high=float(edges[index + 1]),
            frames=int(frames[index]),
            confidence=float(confidence[index] / frames[index]),
            accuracy=float(right[index] / frames[index]),
        )
        for index in np.flatnonzero(frames)
    )


def _expected_error(bins: tuple[ReliabilityBin, ...]) -> float:
    frames = sum(each.frames for each in bins)
    return sum(each.frames * abs(each.confidence - each.accuracy) for each in bins) / frames
