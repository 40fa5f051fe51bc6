"""Counting a video's rows into what people ask first: how long, how sure, what was lost."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from inference.ethogram import BEHAVIORS, CODE_NAMES, NONE_CODE
from inference.label_file import LabelRow

_LONGEST_STEP_MS: Final = 1000
"""A longer time between two frames is a pause of the camera or a clock that was set."""


@dataclass(slots=True)
class LostRun:
    """Consecutive undecodable frames: their first and last time in ms, and how many."""

    from_ms: int
    to_ms: int
    frames: int


@dataclass(slots=True)
class Tally:
    """Running counts over the rows of one video; `add` them in order.

    `frames_of` and `confidence_of` (a sum over frames) are indexed by code, 8 = none.
    """

    frames: int = 0
    first_ms: int = 0
    last_ms: int = 0
    frames_of: list[int] = field(default_factory=lambda: [0] * len(CODE_NAMES))
    confidence_of: list[float] = field(default_factory=lambda: [0.0] * len(CODE_NAMES))
    lost: list[LostRun] = field(default_factory=list)
    _last_was_lost: bool = False
    _step_sum_ms: int = 0
    _step_count: int = 0

    def add(self, rows: Iterable[LabelRow]) -> None:
        """Count rows."""
        for row in rows:
            if self.frames == 0:
                self.first_ms = row.time_ms
            else:
                self._add_step(row.time_ms - self.last_ms)
            self.frames += 1
            self.last_ms = row.time_ms
            self.frames_of[row.code] += 1
            self.confidence_of[row.code] += row.confidence
            self._count_lost(row)

    @property
    def undecodable(self) -> int:
        """Frames that could not be judged."""
        return self.frames_of[NONE_CODE]

    @property
    def interval_ms(self) -> float:
        """Mean time between frames, pauses left out; 0 for a single frame."""
        if self._step_count:
            return self._step_sum_ms / self._step_count
        return max(0, self.last_ms - self.first_ms) / max(1, self.frames - 1)

    @property
    def mean_confidence(self) -> float | None:
        """Mean over the judged frames; None if there is none."""
        judged = self.frames - self.undecodable
        return sum(self.confidence_of[: len(BEHAVIORS)]) / judged if judged else None

    def confidence_of_behavior(self, code: int) -> float | None:
        """Mean confidence of the frames with this code; None if there is none."""
        frames = self.frames_of[code]
        return self.confidence_of[code] / frames if frames else None

    def seconds_of(self, code: int) -> float:
        """Time with this code, at the video's frame interval."""
        return self.frames_of[code] * self.interval_ms / 1000

    def _add_step(self, step_ms: int) -> None:
        if 0 < step_ms <= _LONGEST_STEP_MS:
            self._step_sum_ms += step_ms
            self._step_count += 1

    def _count_lost(self, row: LabelRow) -> None:
        is_lost = row.code == NONE_CODE
        if is_lost and self._last_was_lost:
            self.lost[-1].to_ms = row.time_ms
            self.lost[-1].frames += 1
        elif is_lost:
            self.lost.append(LostRun(row.time_ms, row.time_ms, 1))
        self._last_was_lost = is_lost
