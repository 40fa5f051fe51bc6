"""Tables are read as spreadsheets save them."""

from pathlib import Path

import pytest

from inference.dataset.table_file import read_rows
from inference.error import DataSetError


def test_the_mark_that_a_spreadsheet_puts_first_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes('a;b\r\n\r\n"1\n2";3\r\n;\r\n4\r\n'.encode("utf-8-sig"))
    assert read_rows(path, ",;") == [(1, ["a", "b"]), (4, ["1\n2", "3"]), (6, ["4"])]


def test_a_file_of_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("Käfig;1\n".encode("latin-1"))
    with pytest.raises(DataSetError, match=r"a\.csv is not a readable table: 'utf-8' codec"):
        read_rows(path, ";")
