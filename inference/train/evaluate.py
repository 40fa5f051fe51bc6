"""Figures of a network on clips it has not seen."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from inference.ethogram import BEHAVIORS, NONE_CODE
from inference.preprocessing import Gray
from inference.train.clip import Clip

Confusion: TypeAlias = NDArray[np.int64]
"""Frames by truth (row) and network's answer (column), (8, 8)."""

Judge: TypeAlias = Callable[[Gray], NDArray[np.int64]]
"""From stacks (n, 11, 128, 256), uint8, to codes (n,) 0..7."""


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


def confusion_by_mouse(
    judge: Judge, clips: Sequence[Clip], length: int, batch: int, every: int = 1
) -> dict[str, Confusion]:
    """Judge the non-overlapping stacks of whole clips; count their frames against the truth.

    What is left at a clip's end is judged with its last `length` frames. Frames whose truth is
    `none` are not counted. `every` > 1 judges only each so many-th stack, for a quick estimate.
    """
    counts: dict[str, Confusion] = {}
    for clip in clips:
        count = counts.setdefault(clip.mouse, np.zeros((len(BEHAVIORS),) * 2, np.int64))
        labelled = list(_labelled_frames(len(clip.codes), length))[::every]
        for first in range(0, len(labelled), batch):
            part = labelled[first : first + batch]
            answers = judge(np.stack([_stack_at(clip, frames, length) for frames in part]))
            for frames, answer in zip(part, answers, strict=True):
                truth = clip.codes[frames.start : frames.stop]
                np.add.at(count, (truth[truth != NONE_CODE], answer), 1)
    return counts


def sum_by_group(
    counts: Mapping[str, Confusion], group_of_mouse: Mapping[str, str]
) -> dict[str, Confusion]:
    """Add up the counts of the mice of each group, for example of each fur color."""
    groups: dict[str, Confusion] = {}
    for mouse, count in counts.items():
        group = group_of_mouse[mouse]
        groups[group] = groups.get(group, np.zeros_like(count)) + count
    return groups


def _labelled_frames(frames: int, length: int) -> Iterator[range]:
    """Yield the frames that each stack labels."""
    for first in range(0, frames, length):
        yield range(first, min(first + length, frames))


def _stack_at(clip: Clip, frames: range, length: int) -> Gray:
    """Return the stack that labels `frames`; a clip shorter than it repeats its last frame."""
    last = len(clip.codes) - 1
    start = min(frames.start, max(0, last + 1 - length))
    return clip.bands[np.minimum(np.arange(start, start + length), last)]
