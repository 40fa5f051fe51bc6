"""Agreement beyond chance: kappa of two raters, kappa and alpha of more.

A figure is None where it is not defined: all frames have one and the same code.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from inference.dataset.source import Codes
from inference.evaluate.bootstrap import Counts, Interval, interval_over_clusters
from inference.evaluate.confusion import Confusion

Coincidences = NDArray[np.float64]
"""How often two raters of a frame gave two codes, symmetric, (kinds, kinds)."""


class Kappa(BaseModel):
    """Cohen's kappa of two raters: 1 all alike, 0 as by chance."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: float
    standard_error: float
    """Of independent frames, which frames of a video are not: much too small."""
    interval: Interval | None
    """Over animals or videos, resampled; None if there is only one."""


def cohen_kappa(counts: Sequence[Confusion]) -> Kappa | None:
    """Return kappa of the counts of all clusters (animals or videos) together.

    Source: Cohen 1960, A coefficient of agreement for nominal scales; the standard error is that
    of Fleiss, Cohen and Everitt 1969, Large sample standard errors of kappa.
    """
    total = np.sum(counts, axis=0).astype(np.float64)
    value = float(kappa_of(total[np.newaxis])[0])
    if np.isnan(value):
        return None
    return Kappa(
        value=value,
        standard_error=_standard_error(total, value),
        interval=interval_over_clusters(counts, kappa_of),
    )


def kappa_of(counts: Counts) -> NDArray[np.float64]:
    """Return kappa of each table (tables, kinds, kinds): (tables,), NaN where not defined."""
    frames = np.maximum(counts.sum(axis=(1, 2)), 1)
    observed = np.trace(counts, axis1=1, axis2=2) / frames
    expected = (counts.sum(axis=1) * counts.sum(axis=2)).sum(axis=1) / frames**2
    return _beyond_chance(observed, expected, counts)


def one_against_rest(confusion: Confusion, code: int) -> Confusion:
    """Return a table (2, 2) of one code and all the others together."""
    both = confusion[code, code]
    first, second = confusion[code].sum(), confusion[:, code].sum()
    rest = confusion.sum() - first - second + both
    return np.array([[both, first - both], [second - both, rest]], np.int64)


def coincidences_of(ratings: Sequence[Codes], kinds: int) -> Coincidences:
    """Count pairs of codes within the frames of a clip, every frame with equal weight a rating.

    `ratings` are of one rater each; codes outside 0 .. kinds - 1 are missing, and a frame with
    fewer than two codes says nothing. Source: Krippendorff 2011, Computing Krippendorff's
    Alpha-Reliability, section C.
    """
    given = np.zeros((len(ratings[0]), kinds), np.float64)
    for codes in ratings:
        known = np.flatnonzero((codes >= 0) & (codes < kinds))
        given[known, codes[known]] += 1
    given = given[given.sum(axis=1) > 1]
    others = given.sum(axis=1, keepdims=True) - 1
    pairs = given.T @ (given / others)
    return np.asarray(pairs - np.diag((given / others).sum(axis=0)))


def fleiss_kappa_of(counts: Counts) -> NDArray[np.float64]:
    """Return kappa of many raters for coincidences (tables, kinds, kinds): (tables,).

    Right if every frame has every rater. Source: Fleiss 1971, Measuring nominal scale agreement
    among many raters.
    """
    ratings = np.maximum(counts.sum(axis=(1, 2)), 1)
    observed = np.trace(counts, axis1=1, axis2=2) / ratings
    expected = (counts.sum(axis=1) ** 2).sum(axis=1) / ratings**2
    return _beyond_chance(observed, expected, counts)


def alpha_of(counts: Counts) -> NDArray[np.float64]:
    """Return Krippendorff's alpha, nominal, for coincidences (tables, kinds, kinds): (tables,)."""
    ratings = counts.sum(axis=(1, 2))
    observed = np.trace(counts, axis1=1, axis2=2) / np.maximum(ratings, 1)
    of_code = counts.sum(axis=1)
    pairs = np.maximum(ratings * (ratings - 1), 1)
    expected = (of_code * (of_code - 1)).sum(axis=1) / pairs
    return _beyond_chance(observed, expected, counts)


def _beyond_chance(
    observed: NDArray[np.float64], expected: NDArray[np.float64], counts: Counts
) -> NDArray[np.float64]:
    # One code for everything: whether chance is exactly 1 must not hang on rounding.
    used = ((counts.sum(axis=1) > 0) | (counts.sum(axis=2) > 0)).sum(axis=1) > 1
    result = np.full(len(observed), np.nan)
    result[used] = (observed[used] - expected[used]) / (1 - expected[used])
    return result


def _standard_error(counts: NDArray[np.float64], kappa: float) -> float:
    frames = counts.sum()
    share = counts / frames
    first, second = share.sum(axis=1), share.sum(axis=0)
    expected = float(first @ second)
    diagonal = np.diag(share)
    alike = (diagonal * (1 - (first + second) * (1 - kappa)) ** 2).sum()
    # p_ij (p_.i + p_j.)^2 of all cells that differ.
    cells = share * (second[:, np.newaxis] + first[np.newaxis, :]) ** 2
    unlike = (1 - kappa) ** 2 * (cells.sum() - np.trace(cells))
    variance = alike + unlike - (kappa - expected * (1 - kappa)) ** 2
    return float(np.sqrt(max(0.0, variance) / frames) / (1 - expected))
