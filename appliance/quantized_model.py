"""What an int8 model loses and gains against the one it is made from."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inference.classifier import Classifier
    from inference.evaluate.confusion import Figures
    from inference.evaluate.prediction import ClipPrediction
    from inference.preprocessing import Gray

_RUNS: Final = 40


@dataclass(frozen=True, slots=True)
class Loss:
    """One model beside another on clips that gave the new one no ranges."""

    frames: int
    agreement: float
    """Share of the frames with the same label, 0..1."""
    before: Figures
    after: Figures
    speed: float
    """How many stacks the new one judges while the old one judges one."""


def loss_of(
    old: Sequence[ClipPrediction],
    new: Sequence[ClipPrediction],
    speed: float,
) -> Loss:
    """Compare the answers of two models on the same clips in the same order."""
    from inference.evaluate.confusion import confusion_of, figures_of

    pairs = list(zip(old, new, strict=True))
    same = sum(int((one.labels == two.labels).sum()) for one, two in pairs)
    frames = sum(len(one.truth) for one in old)
    return Loss(
        frames=frames,
        agreement=same / max(1, frames),
        before=figures_of(confusion_of(old)),
        after=figures_of(confusion_of(new)),
        speed=speed,
    )


def speed_ratio(old: Classifier, new: Classifier, stacks: Gray) -> float:
    """Time both in turns on one thread, so that a busy machine is unfair to neither."""
    times_s = np.empty((_RUNS, 2))
    for run in range(_RUNS):
        for column, classifier in enumerate((old, new)):
            begin_s = time.perf_counter()
            classifier.probabilities(stacks[: classifier.card.batch])
            times_s[run, column] = time.perf_counter() - begin_s
    before_s, after_s = np.median(times_s, axis=0)
    return float(before_s / after_s)
