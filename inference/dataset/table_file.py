"""Tables of text, whoever wrote them: rows of cells, each with its line."""

import csv
from pathlib import Path
from typing import TypeAlias

from inference.error import DataSetError

Rows: TypeAlias = list[tuple[int, list[str]]]
"""Rows of a table with the line that each ends on."""


def read_rows(path: Path, delimiters: str) -> Rows:
    """Return the rows of a table in UTF-8 that are not empty; raises DataSetError.

    Cells are separated by the one of `delimiters` that line 1 has most of.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            delimiter = max(delimiters, key=file.readline().count)
            file.seek(0)
            reader = csv.reader(file, delimiter=delimiter)
            return [(reader.line_num, row) for row in reader if any(row)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataSetError(f"{path} is not a readable table: {error}") from error
