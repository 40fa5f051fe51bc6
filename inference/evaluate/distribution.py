"""How often each behavior occurs: the paper's figure 4, also by animal and strain."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from inference.dataset.source import Codes
from inference.ethogram import BEHAVIORS, CODE_NAMES, NONE_CODE
from inference.evaluate.prediction import ClipPrediction


class Distribution(BaseModel):
    """Frames of a group by behavior."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """Of the animal or strain; `all` for everything."""
    frames: dict[str, int]
    """By behavior, in the order of the codes, also those that do not occur."""
    shares: dict[str, float]
    """By behavior, of the frames that have one; 0 if none has."""
    none: int
    """Frames that could not be judged; in no share."""


class Distributions(BaseModel):
    """The distribution of everything, and of each animal and strain in the order of the names."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    all: Distribution
    by_animal: tuple[Distribution, ...]
    by_strain: tuple[Distribution, ...]
    """Empty if no strain is known."""


def distributions_of(predictions: Iterable[ClipPrediction]) -> Distributions:
    """Return the distribution of the truth of predictions."""
    return count_codes((clip.animal, clip.strain, clip.truth) for clip in predictions)


def count_codes(clips: Iterable[tuple[str, str, Codes]]) -> Distributions:
    """Return the distribution of clips given as animal, strain and codes 0..8 (frames,)."""
    total = np.zeros(len(CODE_NAMES), np.int64)
    animals: dict[str, NDArray[np.int64]] = {}
    strains: dict[str, NDArray[np.int64]] = {}
    for animal, strain, codes in clips:
        frames = np.bincount(codes, minlength=len(CODE_NAMES)).astype(np.int64)
        total += frames
        animals[animal] = animals.get(animal, np.zeros_like(frames)) + frames
        strains[strain] = strains.get(strain, np.zeros_like(frames)) + frames
    return Distributions(
        all=_distribution("all", total),
        by_animal=tuple(_distribution(name, animals[name]) for name in sorted(animals)),
        by_strain=tuple(_distribution(name, strains[name]) for name in sorted(strains) if name),
    )


def _distribution(name: str, frames: NDArray[np.int64]) -> Distribution:
    judged = max(1, int(frames[:NONE_CODE].sum()))
    return Distribution(
        name=name,
        frames={behavior: int(frames[code]) for code, behavior in enumerate(BEHAVIORS)},
        shares={behavior: int(frames[code]) / judged for code, behavior in enumerate(BEHAVIORS)},
        none=int(frames[NONE_CODE]),
    )
