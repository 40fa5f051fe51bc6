"""How far figures would move with other animals: resampling animals with replacement.

Frames of one animal are alike, so that intervals over frames would be far too narrow; an animal is
the unit that is drawn. Source: Efron and Tibshirani 1993, An Introduction to the Bootstrap,
chapter 13 (percentile interval); Field and Welsh 2007 (drawing clusters).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from inference.error import EvaluationError
from inference.ethogram import BEHAVIORS
from inference.evaluate.confusion import Confusion

RESAMPLES: Final = 10_000
SEED: Final = 0
LEVEL: Final = 0.95
FEW_ANIMALS: Final = 5
"""Four give 35 different resamples (4 of 4 with replacement): too few for a tail of 2.5 %."""

Counts: TypeAlias = NDArray[np.float64]
"""Confusion counts of resamples, (resamples, kinds, kinds)."""
Statistic: TypeAlias = Callable[[Counts], NDArray[np.float64]]
"""A figure of each resample, (resamples,) or (resamples, kinds); NaN where it is not defined."""


class Interval(BaseModel):
    """A percentile interval of one figure, or of a difference of two."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: float
    """Of the animals as they are."""
    low: float
    high: float

    def excludes_zero(self) -> bool:
        """Return whether a difference is larger than chance among the animals explains."""
        return self.low > 0 or self.high < 0


class FigureIntervals(BaseModel):
    """Intervals of the figures, over animals; None where nothing is defined."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    animals: int
    resamples: int
    level: float
    frame_accuracy: Interval | None
    macro_accuracy: Interval | None
    precisions: dict[str, Interval | None]
    recalls: dict[str, Interval | None]
    f1s: dict[str, Interval | None]
    remark: str
    """Empty, or one sentence why the intervals are not to be trusted."""


def figure_intervals(
    counts: Mapping[str, Confusion], names: Sequence[str] = BEHAVIORS
) -> FigureIntervals:
    """Return intervals of all figures from the counts of each animal."""
    samples = _resample(list(counts.values()))
    return _intervals(lambda figure: figure(samples), len(counts), names)


def difference_intervals(
    first: Mapping[str, Confusion],
    second: Mapping[str, Confusion],
    names: Sequence[str] = BEHAVIORS,
) -> FigureIntervals:
    """Return intervals of second minus first, both judged on the same animals in every resample.

    Raises EvaluationError if the animals differ.
    """
    if set(first) != set(second):
        odd = ", ".join(sorted(set(first) ^ set(second)))
        raise EvaluationError(f"only one of the two was judged on animal {odd}")
    earlier = _resample(list(first.values()))
    later = _resample([second[animal] for animal in first])
    return _intervals(lambda figure: figure(later) - figure(earlier), len(first), names)


def interval_over_clusters(
    counts: Sequence[Confusion] | Sequence[Counts], figure: Statistic
) -> Interval | None:
    """Return the interval of one figure, drawing the given counts, for example one a clip."""
    return _interval(figure(_resample(counts))) if len(counts) > 1 else None


def few_animals(animals: int) -> str:
    """Return a sentence if there are too few animals for an interval, else nothing."""
    if animals == 1:
        return "One animal says nothing about others: there are no intervals."
    if animals < FEW_ANIMALS:
        return f"{animals} animals are too few for intervals to be trusted: they are too narrow."
    return ""


def frame_accuracy(counts: Counts) -> NDArray[np.float64]:
    """Return the share of frames on the diagonal, (resamples,)."""
    return _share(np.trace(counts, axis1=1, axis2=2), counts.sum(axis=(1, 2)))


def macro_accuracy(counts: Counts) -> NDArray[np.float64]:
    """Return the mean recall of the behaviors that occur in each resample, (resamples,)."""
    recalls = _recalls(counts)
    return _share(np.nansum(recalls, axis=1), (~np.isnan(recalls)).sum(axis=1))


def _intervals(
    judge: Callable[[Statistic], NDArray[np.float64]], animals: int, names: Sequence[str]
) -> FigureIntervals:
    """Return the intervals of what `judge` makes of each figure of the resamples."""

    def one(figure: Statistic) -> Interval | None:
        return _interval(judge(figure)) if animals > 1 else None

    def each(figures: Statistic) -> dict[str, Interval | None]:
        columns = judge(figures).T if animals > 1 else [None] * len(names)
        return {
            name: None if column is None else _interval(column)
            for name, column in zip(names, columns, strict=True)
        }

    return FigureIntervals(
        animals=animals,
        resamples=RESAMPLES,
        level=LEVEL,
        frame_accuracy=one(frame_accuracy),
        macro_accuracy=one(macro_accuracy),
        precisions=each(_precisions),
        recalls=each(_recalls),
        f1s=each(_f1s),
        remark=few_animals(animals),
    )


def _interval(values: NDArray[np.float64]) -> Interval | None:
    """Return the interval of values of all animals (the first) and of the resamples (the others).

    A resample in which the figure is not defined says nothing.
    """
    value, drawn = values[0], values[1:]
    drawn = drawn[~np.isnan(drawn)]
    if np.isnan(value) or not len(drawn):
        return None
    tail = 50 * (1 - LEVEL)
    low, high = np.percentile(drawn, [tail, 100 - tail])
    return Interval(value=float(value), low=float(low), high=float(high))


def _resample(counts: Sequence[Confusion] | Sequence[Counts]) -> Counts:
    """Return the sum of all counts, then of each resample, (1 + RESAMPLES, kinds, kinds).

    The same number of counts is drawn alike every time.
    """
    if not counts:
        raise EvaluationError("there is no animal to judge")
    table = np.array(counts, np.float64)
    drawn = np.random.default_rng(SEED).integers(0, len(table), (RESAMPLES, len(table)))
    place = drawn + np.arange(RESAMPLES)[:, np.newaxis] * len(table)
    times = np.bincount(place.ravel(), minlength=RESAMPLES * len(table))
    weights = np.vstack([np.ones(len(table)), times.reshape(RESAMPLES, len(table))])
    return np.asarray(np.tensordot(weights, table, axes=1))


def _recalls(counts: Counts) -> NDArray[np.float64]:
    return _share(_hits(counts), counts.sum(axis=2))


def _precisions(counts: Counts) -> NDArray[np.float64]:
    return _share(_hits(counts), counts.sum(axis=1))


def _f1s(counts: Counts) -> NDArray[np.float64]:
    return _share(2 * _hits(counts), counts.sum(axis=1) + counts.sum(axis=2))


def _hits(counts: Counts) -> NDArray[np.float64]:
    return np.asarray(np.diagonal(counts, axis1=1, axis2=2))


def _share(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return part / whole, NaN where the whole is 0."""
    return np.asarray(np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0))
