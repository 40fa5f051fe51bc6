"""Counting frames by truth and label, and the figures that follow."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.dataset.source import Codes
from inference.ethogram import BEHAVIORS, NONE_CODE
from inference.evaluate.prediction import ClipPrediction

Confusion = NDArray[np.int64]
"""Frames by truth (row) and label (column), (8, 8)."""


@dataclass(frozen=True, slots=True)
class Figures:
    """How well frames were labelled, 0..1."""

    frame_accuracy: float
    macro_accuracy: float
    """Mean recall of the behaviors that occur."""
    recalls: dict[str, float]
    """By behavior; one that does not occur is left out."""

    def as_card(self) -> dict[str, float]:
        """Return the figures by name, as a model card lists them."""
        recalls = {f"recall_{name}": round(value, 4) for name, value in self.recalls.items()}
        return {
            "frame_accuracy": round(self.frame_accuracy, 4),
            "macro_accuracy": round(self.macro_accuracy, 4),
        } | recalls


def count_frames(truth: Codes, labels: Codes) -> Confusion:
    """Count frames (frames,) by truth and label; those that either calls `none` are left out."""
    judged = (truth != NONE_CODE) & (labels != NONE_CODE)
    count: Confusion = np.zeros((len(BEHAVIORS),) * 2, np.int64)
    np.add.at(count, (truth[judged], labels[judged]), 1)
    return count


def confusion_of(predictions: Iterable[ClipPrediction]) -> Confusion:
    """Count the frames of all clips."""
    total: Confusion = np.zeros((len(BEHAVIORS),) * 2, np.int64)
    for prediction in predictions:
        total += count_frames(prediction.truth, prediction.labels)
    return total


def figures_of(confusion: Confusion) -> Figures:
    """Return accuracy over all frames, mean recall and recall per behavior."""
    frames = confusion.sum(axis=1)
    recalls = {
        name: float(confusion[code, code] / frames[code])
        for code, name in enumerate(BEHAVIORS)
        if frames[code]
    }
    return Figures(
        frame_accuracy=float(confusion.trace() / max(1, frames.sum())),
        macro_accuracy=float(np.mean(list(recalls.values()))) if recalls else 0.0,
        recalls=recalls,
    )


def sum_by_group(
    counts: Mapping[str, Confusion], group_of_animal: Mapping[str, str]
) -> dict[str, Confusion]:
    """Add up the counts of the animals of each group, for example of each strain."""
    groups: dict[str, Confusion] = {}
    for animal, count in counts.items():
        group = group_of_animal[animal]
        groups[group] = groups.get(group, np.zeros_like(count)) + count
    return groups
