"""Tables of bouts by several raters, of any ethogram, a row a bout.

Columns, in any order and case, separated by `;`, `,` or tabs: `from` and `to` in seconds, `type`,
and optionally a rater (`rater`, `experimenter`, `annotator`, `observer`), a video (`video`,
`clip`, `id`, `file`: the first of these that is there) and the video's `duration` in seconds.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np

from inference.dataset.frame_time import FrameTimes
from inference.dataset.source import Codes
from inference.dataset.table_file import read_rows
from inference.error import DataSetError

_RATERS: Final = ("rater", "experimenter", "annotator", "observer")
_VIDEOS: Final = ("video", "clip", "id", "file")
_MISSING: Final = ("", "NA", "NaN")
"""What R and pandas write where there is no value."""
_EDGE: Final = 1e-6
"""Of a frame: so much of floating point may not move a bout by a frame."""


@dataclass(frozen=True, slots=True)
class NamedBout:
    """A run of one behavior, of any ethogram, from `start_s` up to `stop_s`."""

    start_s: float
    stop_s: float
    name: str


@dataclass(frozen=True, slots=True)
class RatedVideo:
    """What one rater said of one video, bouts by their start."""

    video: str
    rater: str
    """Empty if the table names none."""
    bouts: tuple[NamedBout, ...]
    duration_s: float
    """The same for all raters of a video: as stated, else the end of the last bout of any."""
    remarks: tuple[str, ...] = ()
    """Rows that are no bouts, a sentence each."""


def read_bout_table(path: Path) -> list[RatedVideo]:
    """Return what each rater said of each video, by video and rater; raises DataSetError.

    A row whose `to` is missing (NA) is no bout: it becomes a remark.
    """
    table = read_rows(path, ";\t,")
    if not table:
        raise DataSetError(f"{path} is empty")
    (_, header), *rows = table
    columns = _Columns.of(path, header)
    bouts: dict[tuple[str, str], list[NamedBout]] = {}
    remarks: dict[tuple[str, str], list[str]] = {}
    durations: dict[str, float] = {}
    for line, row in rows:
        if len(row) != len(header):
            raise DataSetError(f"{path}: line {line} has {len(row)} of {len(header)} columns")
        rated = columns.cell(row, columns.video) or path.stem, columns.cell(row, columns.rater)
        found = bouts.setdefault(rated, [])
        if row[columns.stop].strip() in _MISSING:
            remarks.setdefault(rated, []).append(f"{path}: line {line} has no end: it is no bout")
            continue
        bout = columns.bout(path, line, row)
        found.append(bout)
        end_s = columns.duration_s(path, line, row) or bout.stop_s
        durations[rated[0]] = max(durations.get(rated[0], 0.0), end_s)
    if not bouts:
        raise DataSetError(f"{path} has no bouts")
    return [
        RatedVideo(
            video,
            rater,
            tuple(sorted(found, key=lambda bout: (bout.start_s, bout.stop_s))),
            durations.get(video, 0.0),
            tuple(remarks.get((video, rater), ())),
        )
        for (video, rater), found in sorted(bouts.items())
    ]


def frame_at(seconds: float, frames_per_second: float) -> int:
    """Return the first frame whose middle is not before a moment.

    Frame k is shown from k/fps to (k+1)/fps. A bout has the frames from `frame_at(start)` up to
    `frame_at(stop)`: a frame that two bouts share belongs to the one that holds its middle.
    """
    return max(0, math.ceil(seconds * frames_per_second - 0.5 - _EDGE))


def frames_of(
    bouts: Iterable[NamedBout], frames_per_second: float, duration_s: float, names: Sequence[str]
) -> Codes:
    """Return for each frame the position of its bout's name in `names`, int64, (frames,).

    `len(names)` where there is no bout of these names. Of bouts that overlap, the one that began
    last counts; of those that began together, the one that ends last.
    """
    positions = {name: position for position, name in enumerate(names)}
    codes = np.full(frame_at(duration_s, frames_per_second), len(names), np.int64)
    for bout in sorted(bouts, key=lambda bout: (bout.start_s, bout.stop_s)):
        if bout.name in positions:
            first = frame_at(bout.start_s, frames_per_second)
            codes[first : frame_at(bout.stop_s, frames_per_second)] = positions[bout.name]
    return codes


def bouts_of(codes: Codes, times: FrameTimes, names: Sequence[str]) -> tuple[NamedBout, ...]:
    """Return the runs of codes below `len(names)`, by the times of the frames.

    With even times, `frames_of` turns them into codes again.
    """
    return tuple(
        NamedBout(float(times.starts_s[first]), float(times.ends_s[end - 1]), names[code])
        for first, end, code in runs_of(codes)
        if code < len(names)
    )


def runs_of(codes: Codes) -> list[tuple[int, int, int]]:
    """Return (first frame, end frame, code) of every run; the end frame is the next run's first."""
    if not len(codes):
        return []
    edges = [0, *(np.flatnonzero(np.diff(codes)) + 1).tolist(), len(codes)]
    return [(first, end, int(codes[first])) for first, end in pairwise(edges)]


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where in a row is what; None if a table does not have it."""

    start: int
    stop: int
    name: int
    rater: int | None
    video: int | None
    duration: int | None

    @staticmethod
    def of(path: Path, header: Sequence[str]) -> "_Columns":
        names = [cell.strip().lower() for cell in header]
        for name in ("from", "to", "type"):
            if name not in names:
                raise DataSetError(f"{path}: line 1 has no column `{name}`: not a table of bouts")
        return _Columns(
            start=names.index("from"),
            stop=names.index("to"),
            name=names.index("type"),
            rater=_first_of(_RATERS, names),
            video=_first_of(_VIDEOS, names),
            duration=_first_of(("duration",), names),
        )

    @staticmethod
    def cell(row: Sequence[str], column: int | None) -> str:
        return "" if column is None else row[column].strip()

    def bout(self, path: Path, line: int, row: Sequence[str]) -> NamedBout:
        start_s = _seconds(path, line, row[self.start])
        stop_s = _seconds(path, line, row[self.stop])
        name = row[self.name].strip()
        if stop_s < start_s:
            raise DataSetError(f"{path}: line {line} ends at {stop_s} s, before {start_s} s")
        if name in _MISSING:
            raise DataSetError(f"{path}: line {line} has no type")
        return NamedBout(start_s, stop_s, name)

    def duration_s(self, path: Path, line: int, row: Sequence[str]) -> float | None:
        cell = self.cell(row, self.duration)
        return None if cell in _MISSING else _seconds(path, line, cell)


def _first_of(wanted: Sequence[str], names: Sequence[str]) -> int | None:
    return next((names.index(name) for name in wanted if name in names), None)


def _seconds(path: Path, line: int, text: str) -> float:
    try:
        seconds = float(text)
    except ValueError as error:
        raise DataSetError(f"{path}: line {line}: `{text}` is not a number of seconds") from error
    if not 0 <= seconds < math.inf:
        raise DataSetError(f"{path}: line {line}: {text} s is not a moment of a video")
    return seconds
