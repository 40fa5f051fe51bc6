"""Annotations in label files, and of clips that show one behavior."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np

from inference.dataset.source import Codes, Fault
from inference.error import DataSetError, LabelFileError
from inference.label_file import read_codes


class AnnotationKind(StrEnum):
    """Who made an annotation. Source: paper, Behavior database and Training."""

    INITIAL = "initial"
    REVIEW_1 = "review 1"
    REVIEW_2 = "review 2"
    """The only one that knows `none`; learned from, never judged by."""


ENDINGS: Final = {
    AnnotationKind.REVIEW_2: "_map_new_v2.csv",
    AnnotationKind.REVIEW_1: "_map_new.csv",
    AnnotationKind.INITIAL: "_map.csv",
}
"""What follows the stem of the clip in the annotation's name; the most reviewed first."""
MAP: Final = "_map"
"""What every ending begins with."""


@dataclass(frozen=True, slots=True)
class AnnotationFile:
    """A label file with a row for every frame."""

    path: Path

    def read(self, frames: int) -> Codes:
        """Return the codes (frames,); raises DataSetError."""
        try:
            codes = read_codes(self.path)
        except LabelFileError as error:
            raise DataSetError(str(error)) from error
        if len(codes) != frames:
            raise DataSetError(f"{self.path} has {len(codes)} rows, its video {frames} frames")
        return codes


@dataclass(frozen=True, slots=True)
class OneBehavior:
    """A clip that shows one behavior from its first frame to its last, as its name says."""

    path: Path
    code: int

    def read(self, frames: int) -> Codes:
        """Return the code for each frame."""
        return np.full(frames, self.code, np.int64)


def kind_of(path: Path) -> AnnotationKind:
    """Return who made an annotation, by the end of its file's name."""
    for kind, ending in ENDINGS.items():
        if path.name.lower().endswith(ending):
            return kind
    return AnnotationKind.INITIAL


def disorder_of(path: Path) -> str | None:
    """Return what is odd about the frame numbers of a label file, which nobody goes by; or None.

    They grow by one, from whatever number on.
    """
    lines = path.read_text(encoding="utf-8-sig").splitlines()[2:]
    numbers = [line.partition(";")[0].strip() for line in lines]
    for line, (before, after) in enumerate(pairwise(numbers), start=4):
        if before.isdecimal() and after != str(int(before) + 1):
            return f"line {line}: frame {after} follows frame {before}; rows count, not numbers"
    return None


def label_files(
    stem: str, files: dict[str, Path]
) -> tuple[AnnotationFile | None, AnnotationFile | None]:
    """Return what is learned of a clip and what it is judged by; None where there is no such file.

    `files` are those of its folder by their names in lower case. The most reviewed one is learned;
    review 2 judges nothing, a clip that has it is judged by what was there before.
    """
    found = list(_found(stem, files))
    judges = [path for path in found if kind_of(path) is not AnnotationKind.REVIEW_2]
    return (
        AnnotationFile(found[0]) if found else None,
        AnnotationFile(judges[0]) if judges else None,
    )


def annotated_stem(path: Path) -> str | None:
    """Return the stem of the clip that a file was meant to annotate, in lower case, or None."""
    stem, mark, _ = path.name.lower().partition(MAP)
    return stem if mark and path.suffix.lower() == ".csv" else None


def ending_fault(path: Path) -> str | None:
    """Return what is wrong with the ending of an annotation's name, or None."""
    _, mark, ending = path.name.lower().partition(MAP)
    if mark + ending in ENDINGS.values():
        return None
    endings = ", ".join(reversed(ENDINGS.values()))
    return f"is no annotation by its name, which ends with one of {endings}"


def same_annotation_faults(paths: Sequence[Path]) -> Iterator[Fault]:
    """Yield each annotation of a folder whose name differs from another's in capitals only."""
    first: dict[str, Path] = {}
    for path in paths:
        other = first.setdefault(path.name.lower(), path)
        if other is not path and annotated_stem(path) is not None:
            text = f"is the same annotation as {other.name}: one of them must go"
            yield Fault(path, text)


def _found(stem: str, files: dict[str, Path]) -> Iterator[Path]:
    for ending in ENDINGS.values():
        if path := files.get(f"{stem}{ending}".lower()):
            yield path
