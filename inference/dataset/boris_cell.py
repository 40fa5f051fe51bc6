"""Cells of a table that BORIS exported, by the name of their column."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from inference.dataset.boris_observation import Status
from inference.error import DataSetError

_BEHIND_VARIABLES = "Subject"
_RATES = ("FPS", "FPS (frame/s)")
"""Columns of the frame rate; independent variables stand between it and the subject."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row; a column that is needed and missing is an error that names the line."""

    path: Path
    line: int
    header: Sequence[str]
    cells: Sequence[str]

    @property
    def place(self) -> str:
        """File and line, to begin a sentence with."""
        return f"{self.path}: line {self.line}"

    def has(self, column: str) -> bool:
        """Return whether the table has a column."""
        return column in self.header

    def __getitem__(self, column: str) -> str:
        if column not in self.header:
            raise DataSetError(f"{self.path}: line 1 has no column `{column}`")
        return self.get(column)

    def get(self, column: str) -> str:
        """Return a cell, empty if the table or the row has none."""
        if column not in self.header:
            return ""
        position = self.header.index(column)
        return self.cells[position] if position < len(self.cells) else ""

    def rate(self) -> str:
        """Return the cell of the video's frame rate, whatever the column is called."""
        return next((self.get(name) for name in _RATES if self.has(name)), "")

    def number(self, column: str) -> float | None:
        """Return a number, None if there is none; raises DataSetError if it is something else."""
        text = self.get(column).strip()
        if text in ("", "NA"):
            return None
        try:
            value = float(text)
        except ValueError as error:
            raise DataSetError(f"{self.place}: {column} `{text}` is not a number") from error
        if not math.isfinite(value):
            raise DataSetError(f"{self.place}: {column} `{text}` is not a number")
        return value

    def moment(self, column: str) -> float:
        """Return a number that must be there."""
        if column not in self.header:
            raise DataSetError(f"{self.path}: line 1 has no column `{column}`")
        value = self.number(column)
        if value is None:
            raise DataSetError(f"{self.place} has no {column}")
        return value

    def status(self, column: str) -> Status:
        """Return what an event is."""
        text = self[column].strip()
        try:
            return Status(text)
        except ValueError as error:
            raise DataSetError(f"{self.place}: `{text}` is not START, STOP or POINT") from error

    def modifiers(self) -> tuple[str, ...]:
        """Return the modifiers that are not empty: `Modifiers`, or `Modifier #1` and so on."""
        texts = [
            part
            for column, cell in zip(self.header, self.cells, strict=False)
            if column.startswith("Modifier")
            for part in cell.split("|")
        ]
        return tuple(text for text in texts if text)

    def variables(self) -> tuple[tuple[str, str], ...]:
        """Return the independent variables, name and value."""
        before = [self.header.index(name) for name in _RATES if name in self.header]
        if not before or _BEHIND_VARIABLES not in self.header:
            return ()
        names = self.header[before[0] + 1 : self.header.index(_BEHIND_VARIABLES)]
        return tuple((name, self.get(name)) for name in names)
