"""The full database of Jhuang et al. 2010: long videos, every frame labelled.

Beside each video a text of bouts, a line a bout: seven characters of text, the first frame, the
last frame, the behavior. Source and assumptions: `docs/datasets.md`, "The 2010 MIT data set".
"""

import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np

from inference.dataset.folder import files_of
from inference.dataset.mit_name import behavior_of, clip_names, videos_in
from inference.dataset.source import ClipSource, Codes, DataSet, Fault, Layout
from inference.error import DataSetError
from inference.ethogram import NONE_CODE

_FIXED: Final = re.compile(
    r".{7}(?=[ \d]{8}\W[ \d]{8}\W) *(?P<first>\d+)\W+(?P<last>\d+)\W+(?P<behavior>[A-Za-z].*)$"
)
"""Seven characters of anything, two columns of eight."""
_LOOSE: Final = re.compile(r"\D*?(?P<first>\d+)\W+(?P<last>\d+)\W+(?P<behavior>[A-Za-z].*)$")
_TOLERATED_FRAMES: Final = 30
"""One second: programs count the frames at the end of an MPEG-1 file differently."""


@dataclass(frozen=True, slots=True)
class _LabelledRun:
    """Frames `first` to `last`, counted from 1 and both included, and the line that says it."""

    line: int
    first: int
    last: int
    code: int


@dataclass(frozen=True, slots=True)
class MitBoutFile:
    """A text file of bouts."""

    path: Path

    def read(self, frames: int) -> Codes:
        """Return the codes (frames,), `none` where no line speaks; raises DataSetError."""
        runs = _read_runs(self.path)
        if abs(runs[-1].last - frames) > _TOLERATED_FRAMES:
            raise DataSetError(
                f"{self.path}: line {runs[-1].line} ends at frame {runs[-1].last}, "
                f"its video has {frames} frames"
            )
        codes = np.full(frames, NONE_CODE, np.int64)
        for run in runs:
            codes[run.first - 1 : run.last] = run.code
        return codes


def read_mit_full(folder: Path) -> DataSet:
    """Return the videos of a folder and of the folders in it, each with its text of bouts."""
    videos = videos_in(folder)
    names = clip_names(folder, videos)
    clips: list[ClipSource] = []
    faults: list[Fault] = []
    read: dict[Path, Path] = {}
    for video in videos:
        text = label_text_of(video)
        if text is None:
            faults.append(Fault(video, f"has no labels {video.stem}.txt"))
            continue
        other = read.setdefault(text, video)
        if other is not video:
            faults.append(Fault(video, f"has the same labels as {other.name}: one of them must go"))
        annotation = MitBoutFile(text)
        clips.append(
            ClipSource(
                name=names[video],
                video=video,
                animal=names[video],
                recording=names[video],
                annotation=annotation,
                held_out_annotation=annotation,
            )
        )
    if not clips:
        return DataSet(folder, Layout.MIT_FULL, ())  # videos of something else
    ordered = tuple(sorted(clips, key=lambda clip: clip.name))
    return DataSet(folder, Layout.MIT_FULL, ordered, tuple(faults))


def label_text_of(video: Path) -> Path | None:
    """Return the text beside a video: of its name, or the only one where it is the only video."""
    same_stem = video.with_suffix(".txt")
    if same_stem.is_file():
        return same_stem
    texts = [
        path for path in files_of(video.parent) if path.suffix == ".txt" and _begins_with_bout(path)
    ]
    is_alone = videos_in(video.parent, depth=0) == [video]
    return texts[0] if len(texts) == 1 and is_alone else None


def _begins_with_bout(path: Path) -> bool:
    """Return whether a text may be of bouts, not a note that lies beside."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            return _matched(file.readline(200)) is not None
    except (OSError, UnicodeDecodeError):
        return False


def _matched(line: str) -> re.Match[str] | None:
    return _FIXED.match(line) or _LOOSE.match(line)


def _read_runs(path: Path) -> list[_LabelledRun]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataSetError(f"{path}: not a readable text: {error}") from error
    runs = [_parse(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not runs:
        raise DataSetError(f"{path} is empty")
    for earlier, later in pairwise(runs):
        # One shared frame is the later bout's, as the published reader has it; more is a mistake.
        if later.first < earlier.last:
            raise DataSetError(
                f"{path}: line {later.line} begins at frame {later.first}, "
                f"within line {earlier.line}"
            )
    return runs


def _parse(path: Path, number: int, line: str) -> _LabelledRun:
    found = _matched(line)
    if found is None:
        raise DataSetError(f"{path}: line {number} is not `... FIRST LAST BEHAVIOR`: {line[:60]!r}")
    first, last = int(found["first"]), int(found["last"])
    if not 1 <= first <= last:
        raise DataSetError(f"{path}: line {number}: frames {first} to {last} are no bout")
    behavior = found["behavior"].strip()
    code = NONE_CODE if behavior.lower() == "none" else behavior_of(behavior)
    if code is None:
        raise DataSetError(f"{path}: line {number}: unknown behavior `{behavior}`")
    return _LabelledRun(number, first, last, code)
