"""How well bouts agree: found, missed, invented, split, and how far their ends are apart."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from inference.dataset.source import Codes
from inference.ethogram import BEHAVIORS, NONE_CODE
from inference.evaluate.bout_overlap import SHARED_ENOUGH, Runs, match, overlaps_of, runs_by_code
from inference.evaluate.prediction import ClipPrediction


class Matching(BaseModel):
    """Bouts of truth and labels, paired one to one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    found: int
    """Bouts of the truth with a partner."""
    missed: int
    """Bouts of the truth without one."""
    invented: int
    """Bouts of the labels without one."""
    precision: float | None
    recall: float | None
    f1: float | None
    """2 found / (bouts of both); None if there is no bout."""


class BoutFigures(BaseModel):
    """Bouts of one behavior, or of all together."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    behavior: str
    truth_bouts: int
    label_bouts: int
    alike: Matching
    """Partners share at least half of their union."""
    touching: Matching
    """Partners share at least a frame."""
    split: int
    """Bouts of the truth that share frames with two or more of the labels."""
    merged: int
    """Bouts of the labels that share frames with two or more of the truth."""
    truth_total_s: float
    label_total_s: float
    truth_mean_s: float | None
    label_mean_s: float | None
    boundaries: int
    """Begins and ends of alike bouts, without those of the clip and those beside none."""
    boundary_error_ms: float | None
    """Mean distance of these boundaries, whichever is earlier."""
    boundary_median_ms: float | None
    begin_shift_ms: float | None
    """Mean of label minus truth where bouts begin; above 0: labels are late."""
    end_shift_ms: float | None


class BoutAgreement(BaseModel):
    """Bouts of all behaviors together, and of each in the order of the codes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    all: BoutFigures
    behaviors: tuple[BoutFigures, ...]


@dataclass(slots=True)
class _Tally:
    """What is added up over clips; frames, not seconds."""

    truth_bouts: int = 0
    label_bouts: int = 0
    alike: int = 0
    touching: int = 0
    split: int = 0
    merged: int = 0
    truth_frames: int = 0
    label_frames: int = 0
    begin_shifts: list[int] = field(default_factory=list)
    end_shifts: list[int] = field(default_factory=list)

    def add(self, truth: Runs, labels: Runs, is_judged: NDArray[np.bool_]) -> None:
        """Count the bouts of one code in a clip; `is_judged` is (frames,), False for none."""
        overlaps = overlaps_of(truth, labels)
        alike = match(overlaps, SHARED_ENOUGH)
        self.truth_bouts += len(truth)
        self.label_bouts += len(labels)
        self.alike += len(alike)
        self.touching += len(match(overlaps, 0.0))
        self.split += int((np.bincount(overlaps.first) > 1).sum())
        self.merged += int((np.bincount(overlaps.second) > 1).sum())
        self.truth_frames += int(truth.frames.sum())
        self.label_frames += int(labels.frames.sum())
        # Where a clip or none cuts a bout says nothing about where a behavior begins or ends.
        frames = len(is_judged)
        for one, other in alike:
            begins = int(truth.first[one]), int(labels.first[other])
            ends = int(truth.end[one]), int(labels.end[other])
            if begins != (0, 0) and all(is_judged[max(0, begin - 1)] for begin in begins):
                self.begin_shifts.append(begins[1] - begins[0])
            if ends != (frames, frames) and all(is_judged[min(end, frames - 1)] for end in ends):
                self.end_shifts.append(ends[1] - ends[0])

    def include(self, other: "_Tally") -> None:
        """Add the counts of another behavior."""
        self.truth_bouts += other.truth_bouts
        self.label_bouts += other.label_bouts
        self.alike += other.alike
        self.touching += other.touching
        self.split += other.split
        self.merged += other.merged
        self.truth_frames += other.truth_frames
        self.label_frames += other.label_frames
        self.begin_shifts += other.begin_shifts
        self.end_shifts += other.end_shifts

    def figures(self, behavior: str, frames_per_second: float) -> BoutFigures:
        """Return the figures, in seconds and milliseconds."""
        shifts = np.abs([*self.begin_shifts, *self.end_shifts]) * (1000 / frames_per_second)
        truth_s = self.truth_frames / frames_per_second
        label_s = self.label_frames / frames_per_second
        return BoutFigures(
            behavior=behavior,
            truth_bouts=self.truth_bouts,
            label_bouts=self.label_bouts,
            alike=_matching(self.alike, self.truth_bouts, self.label_bouts),
            touching=_matching(self.touching, self.truth_bouts, self.label_bouts),
            split=self.split,
            merged=self.merged,
            truth_total_s=truth_s,
            label_total_s=label_s,
            truth_mean_s=truth_s / self.truth_bouts if self.truth_bouts else None,
            label_mean_s=label_s / self.label_bouts if self.label_bouts else None,
            boundaries=len(shifts),
            boundary_error_ms=float(shifts.mean()) if len(shifts) else None,
            boundary_median_ms=float(np.median(shifts)) if len(shifts) else None,
            begin_shift_ms=_mean_ms(self.begin_shifts, frames_per_second),
            end_shift_ms=_mean_ms(self.end_shifts, frames_per_second),
        )


def bout_agreement(
    predictions: Iterable[ClipPrediction], frames_per_second: float
) -> BoutAgreement:
    """Return how well the bouts of the labels agree with those of the truth.

    Frames whose truth is `none` are `none` in the labels too: they end bouts of both.
    """
    return compare_bouts(
        ((clip.truth, clip.labels) for clip in predictions), frames_per_second, BEHAVIORS, NONE_CODE
    )


def compare_bouts(
    clips: Iterable[tuple[Codes, Codes]],
    frames_per_second: float,
    names: Sequence[str],
    none_code: int | None,
) -> BoutAgreement:
    """Return how well bouts of two code sequences a clip agree, the first taken as the truth.

    Codes are 0 .. len(names) - 1; bouts of others are not counted. `none_code` is where either
    cannot judge a frame.
    """
    tallies = [_Tally() for _ in names]
    for truth, labels in clips:
        is_judged = np.ones(len(truth), np.bool_)
        if none_code is not None:
            is_judged = (truth != none_code) & (labels != none_code)
            truth, labels = (  # noqa: PLW2901 - the caller's stay
                np.where(is_judged, codes, none_code) for codes in (truth, labels)
            )
        truth_runs = runs_by_code(truth, len(names))
        label_runs = runs_by_code(labels, len(names))
        for tally, one, other in zip(tallies, truth_runs, label_runs, strict=True):
            tally.add(one, other, is_judged)
    together = _Tally()
    for tally in tallies:
        together.include(tally)
    return BoutAgreement(
        all=together.figures("all", frames_per_second),
        behaviors=tuple(
            tally.figures(name, frames_per_second)
            for name, tally in zip(names, tallies, strict=True)
        ),
    )


def _matching(pairs: int, truth: int, labels: int) -> Matching:
    return Matching(
        found=pairs,
        missed=truth - pairs,
        invented=labels - pairs,
        precision=pairs / labels if labels else None,
        recall=pairs / truth if truth else None,
        f1=2 * pairs / (truth + labels) if truth + labels else None,
    )


def _mean_ms(frames: Sequence[int], frames_per_second: float) -> float | None:
    return float(np.mean(frames)) * 1000 / frames_per_second if frames else None
