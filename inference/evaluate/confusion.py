"""Counting frames by truth and label, and the figures that follow."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.dataset.source import Codes
from inference.ethogram import BEHAVIORS, NONE_CODE
from inference.evaluate.prediction import ClipPrediction

Confusion = NDArray[np.int64]
"""Frames by truth (row) and label (column), (8, 8); (kinds, kinds) for another ethogram."""


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
    return count_pairs(truth[judged], labels[judged], len(BEHAVIORS))


def count_pairs(first: Codes, second: Codes, kinds: int) -> Confusion:
    """Count frames (frames,) by two codes 0 .. kinds - 1: (kinds, kinds), a row for each first."""
    counts = np.bincount(first * kinds + second, minlength=kinds * kinds)
    return counts.reshape(kinds, kinds).astype(np.int64)


def confusion_of(predictions: Iterable[ClipPrediction]) -> Confusion:
    """Count the frames of all clips: the sum of the folds, as in the paper's figure 5A."""
    total: Confusion = np.zeros((len(BEHAVIORS),) * 2, np.int64)
    for prediction in predictions:
        total += count_frames(prediction.truth, prediction.labels)
    return total


def confusion_by_animal(predictions: Iterable[ClipPrediction]) -> dict[str, Confusion]:
    """Count the frames of each animal, in the order of their names."""
    counts: dict[str, Confusion] = {}
    for prediction in predictions:
        count = count_frames(prediction.truth, prediction.labels)
        counts[prediction.animal] = counts.get(prediction.animal, np.zeros_like(count)) + count
    return dict(sorted(counts.items()))


def confusion_by_strain(predictions: Iterable[ClipPrediction]) -> dict[str, Confusion]:
    """Count the frames of each strain, in the order of their names; `` if unknown."""
    counts: dict[str, Confusion] = {}
    for prediction in predictions:
        count = count_frames(prediction.truth, prediction.labels)
        counts[prediction.strain] = counts.get(prediction.strain, np.zeros_like(count)) + count
    return dict(sorted(counts.items()))


def figures_of(confusion: Confusion, names: Sequence[str] = BEHAVIORS) -> Figures:
    """Return accuracy over all frames, mean recall and recall per behavior."""
    frames = confusion.sum(axis=1)
    recalls = {
        name: float(confusion[code, code] / frames[code])
        for code, name in enumerate(names)
        if frames[code]
    }
    return Figures(
        frame_accuracy=float(confusion.trace() / max(1, frames.sum())),
        macro_accuracy=float(np.mean(list(recalls.values()))) if recalls else 0.0,
        recalls=recalls,
    )


def row_shares(confusion: Confusion) -> NDArray[np.float64]:
    """Return each row as shares of its sum, same shape; a row without frames stays 0.

    The normalization of the paper's figures 5 and 7.
    """
    frames = confusion.sum(axis=1, keepdims=True)
    return np.asarray(confusion / np.maximum(frames, 1), np.float64)


def sum_by_group(
    counts: Mapping[str, Confusion], group_of_animal: Mapping[str, str]
) -> dict[str, Confusion]:
    """Add up the counts of the animals of each group, for example of each strain."""
    groups: dict[str, Confusion] = {}
    for animal, count in counts.items():
        group = group_of_animal[animal]
        groups[group] = groups.get(group, np.zeros_like(count)) + count
    return groups
