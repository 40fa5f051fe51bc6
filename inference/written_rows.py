"""The rows of a label file of ours in little memory: of one that grows, or of a long one."""

from array import array
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final, overload

from inference.error import LabelFileError
from inference.ethogram import CODE_NAMES
from inference.label_file import CONFIDENCE_DECIMALS, LabelRow

_COLUMNS: Final = 4
_CONFIDENCE_UNIT: Final = 10**CONFIDENCE_DECIMALS


class WrittenRows(Sequence[LabelRow]):
    """Rows 0, 1, 2 ... of one file; 11 bytes a row, six hours of video are 6 MB."""

    def __init__(self) -> None:
        self._codes = array("B")
        self._times_ms = array("q")
        self._confidences = array("H")

    def __len__(self) -> int:
        return len(self._codes)

    @overload
    def __getitem__(self, index: int) -> LabelRow: ...
    @overload
    def __getitem__(self, index: slice) -> list[LabelRow]: ...
    def __getitem__(self, index: int | slice) -> LabelRow | list[LabelRow]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        frame = range(len(self))[index]
        confidence = self._confidences[frame] / _CONFIDENCE_UNIT
        return LabelRow(frame, self._codes[frame], self._times_ms[frame], confidence)

    def __iter__(self) -> Iterator[LabelRow]:
        return (self[frame] for frame in range(len(self)))

    def add(self, row: LabelRow) -> None:
        """Append the next row."""
        self._codes.append(row.code)
        self._times_ms.append(row.time_ms)
        self._confidences.append(round(row.confidence * _CONFIDENCE_UNIT))


def read_written_rows(
    file: BinaryIO, header: bytes, most: int | None = None
) -> tuple[WrittenRows, int]:
    """Return up to `most` rows behind `header`, and how many bytes of the file are good.

    Rows end before the first line that is torn or is not the next row: a power cut may leave
    anything behind. A file that does not begin with `header` has no rows and no good byte.
    """
    rows = WrittenRows()
    file.seek(0)
    if file.read(len(header)) != header:
        return rows, 0
    good = len(header)
    for line in islice(file, most):
        row = _row_of(line)
        if row is None or row.frame != len(rows):
            break
        rows.add(row)
        good += len(line)
    return rows, good


def read_finished_rows(path: Path) -> tuple[WrittenRows, str]:
    """Return all rows of a finished label file of ours, and the `<model>@<hash>` that wrote it.

    Raises LabelFileError.
    """
    try:
        with path.open("rb") as file:
            header = file.readline() + file.readline()
            rows, good = read_written_rows(file, header)
            size = file.seek(0, 2)
    except OSError as error:
        raise LabelFileError(f"{path}: cannot be read: {error.strerror}") from error
    if good < size or not rows:
        raise LabelFileError(f"{path}: line {len(rows) + 3} is not a row that we write")
    legend = header.splitlines()[0].decode("utf-8", "replace")
    return rows, legend.rpartition(";")[2].strip()


def _row_of(line: bytes) -> LabelRow | None:
    """Return the row that was written as this line; None if none was."""
    columns = line.split(b";")
    if len(columns) != _COLUMNS:
        return None
    try:
        frame, code, time_ms = (int(column) for column in columns[:3])
        row = LabelRow(frame, code, time_ms, float(columns[3]))
    except ValueError:
        return None
    is_possible = 0 <= code < len(CODE_NAMES) and 0 <= row.confidence <= 1
    return row if is_possible and row.line().encode() == line else None
