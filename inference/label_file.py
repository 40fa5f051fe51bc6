"""Label files: one row for every frame of a video, ours and the original software's.

Format: `docs/formats.md`. A legend line, a line of column names, then rows of `;`-separated
columns `frame;annotation;time;confidence`; the original writes the first two or three of them.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from disk.durable_file import write_durably
from inference.error import LabelFileError
from inference.ethogram import CODE_NAMES, NONE_CODE, SYNONYMS, legend

COLUMNS: Final = "frame;annotation;time;confidence"
CONFIDENCE_DECIMALS: Final = 4
_ANNOTATION_COLUMNS: Final = "frame;annotation"
_NAMES: Final = {name: code for code, name in enumerate(CODE_NAMES)} | {
    name: CODE_NAMES.index(behavior) for name, behavior in SYNONYMS.items()
}


@dataclass(frozen=True, slots=True)
class LabelRow:
    """One frame: its number, code, time since the first frame, and the model's confidence."""

    frame: int
    code: int
    time_ms: int
    confidence: float

    def line(self) -> str:
        """Return the row as it stands in the file, with its line end."""
        return (
            f"{self.frame};{self.code};{self.time_ms};{self.confidence:.{CONFIDENCE_DECIMALS}f}\n"
        )


@dataclass(frozen=True, slots=True)
class Labels:
    """A label file's content: arrays with one element a frame, in the file's order.

    `codes` int64, 0..8 of our ethogram whatever the file's own; `times_ms` int64 and `confidences`
    float64, None where the file has no such column. `model` is `<model>@<hash>` or None.
    """

    codes: NDArray[np.int64]
    times_ms: NDArray[np.int64] | None
    confidences: NDArray[np.float64] | None
    model: str | None


def header(model: str) -> str:
    """Return the two lines that start a label file written by `<model>@<hash>`."""
    return f"{legend()}; {model}\n{COLUMNS}\n"


def read_labels(path: Path) -> Labels:
    """Read a label file, ours or the original's; raises LabelFileError, naming the line."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file, delimiter=";"))
    except OSError as error:
        raise LabelFileError(f"{path} cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise LabelFileError(f"{path}: not a readable label file: {error}") from error
    if len(rows) < 2 or rows[1][:2] != ["frame", "annotation"]:
        raise LabelFileError(f"{path}: line 2 is not `{_ANNOTATION_COLUMNS}`: not a label file")
    codes, model = _read_legend(path, rows[0])
    columns = [column.strip() for column in rows[1]]
    body = [row for row in rows[2:] if row]
    for number, row in enumerate(body, start=3):
        if len(row) < len(columns):
            raise LabelFileError(f"{path}: line {number} has {len(row)} of {len(columns)} columns")
    return Labels(
        codes=_read_codes(path, [row[1] for row in body], codes),
        times_ms=_integers(path, body, columns.index("time")) if "time" in columns else None,
        confidences=(
            _numbers(path, body, columns.index("confidence")) if "confidence" in columns else None
        ),
        model=model,
    )


def rows_of(labels: Labels) -> list[LabelRow]:
    """Return the rows of a label file of ours; empty if a column is missing."""
    if labels.times_ms is None or labels.confidences is None:
        return []
    columns = zip(labels.codes, labels.times_ms, labels.confidences, strict=True)
    return [
        LabelRow(frame, int(code), int(time_ms), float(confidence))
        for frame, (code, time_ms, confidence) in enumerate(columns)
    ]


def read_codes(path: Path) -> NDArray[np.int64]:
    """Return the codes (frames,), int64, of a label file; raises LabelFileError."""
    return read_labels(path).codes


def write_annotation(path: Path, codes: Iterable[int]) -> None:
    """Write truth or a person's annotation, `frame;annotation`, as the published data set does."""
    rows = "".join(f"{frame};{code}\n" for frame, code in enumerate(codes))
    write_durably(path, f"{legend()}; \n{_ANNOTATION_COLUMNS}\n{rows}".encode())


def _read_legend(path: Path, fields: Sequence[str]) -> tuple[dict[int, int], str | None]:
    """Return our code for each code of the file, and who wrote it."""
    codes: dict[int, int] = {}
    model: str | None = None
    for field in (field.strip() for field in fields):
        number, colon, name = field.partition(":")
        if colon and number.isdecimal():
            if name.strip() not in _NAMES:
                raise LabelFileError(f"{path}: line 1: unknown behavior `{name.strip()}`")
            codes[int(number)] = _NAMES[name.strip()]
        elif field:
            model = field
    if not codes:
        raise LabelFileError(f"{path}: line 1 is not a legend of behaviors")
    if NONE_CODE not in codes.values():
        codes[NONE_CODE] = NONE_CODE  # reviewed annotations use it without declaring it
    return codes, model


def _read_codes(path: Path, texts: Sequence[str], codes: dict[int, int]) -> NDArray[np.int64]:
    result = np.empty(len(texts), np.int64)
    for position, text in enumerate(texts):
        try:
            result[position] = codes[int(text)]
        except (ValueError, KeyError) as error:
            raise LabelFileError(
                f"{path}: line {position + 3}: `{text}` is not a code of the legend"
            ) from error
    return result


def _integers(path: Path, rows: Sequence[Sequence[str]], column: int) -> NDArray[np.int64]:
    return np.rint(_numbers(path, rows, column)).astype(np.int64)


def _numbers(path: Path, rows: Sequence[Sequence[str]], column: int) -> NDArray[np.float64]:
    result = np.empty(len(rows), np.float64)
    for position, row in enumerate(rows):
        try:
            result[position] = float(row[column])
        except ValueError as error:
            raise LabelFileError(
                f"{path}: line {position + 3}: `{row[column]}` is not a number"
            ) from error
    return result
