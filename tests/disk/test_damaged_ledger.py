"""A ledger whose file is damaged makes room for a new one, whoever finds it first."""

import logging
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from disk.damaged_ledger import LedgerReplaced, is_damage
from disk.ledger import close_ledger, open_ledger

SCHEMA: Final = "CREATE TABLE IF NOT EXISTS word (number INTEGER PRIMARY KEY, text TEXT NOT NULL);"
GARBAGE: Final = b"\x55" * 8192
OPENER: Final = """
import sys
from pathlib import Path
from contextlib import closing
from disk.ledger import open_ledger
with closing(open_ledger(Path(sys.argv[1]), sys.argv[2])) as ledger:
    for _ in range(20):
        ledger.execute("INSERT INTO word (text) VALUES ('x')")
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.sqlite"


def asides(path: Path) -> list[Path]:
    return sorted(path.parent.glob("events.sqlite.damaged-*Z"))


def words(path: Path) -> int:
    with closing(open_ledger(path, SCHEMA)) as ledger:
        return int(ledger.execute("SELECT count(*) FROM word").fetchone()[0])


def damage_in_the_middle(path: Path) -> None:
    """Write many pages and overwrite all but the first three."""
    with closing(open_ledger(path, SCHEMA)) as ledger:
        ledger.executemany("INSERT INTO word (text) VALUES (?)", [("w" * 1000,)] * 200)
    content = path.read_bytes()
    path.write_bytes(content[:12_288] + b"\x55" * (len(content) - 12_288))


def test_what_is_no_database_is_kept_aside_and_a_new_ledger_begins(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.write_bytes(GARBAGE)
    with caplog.at_level(logging.INFO):
        assert words(path) == 0
    (aside,) = asides(path)
    assert aside.read_bytes() == GARBAGE
    (record,) = caplog.records
    assert (record.levelname, record.getMessage()) == (
        "ERROR",
        f"{path}: damaged (file is not a database); kept as {aside.name}, a new one begins",
    )


def test_a_torn_file_is_set_aside(path: Path) -> None:
    with closing(open_ledger(path, SCHEMA)) as ledger:
        ledger.executemany("INSERT INTO word (text) VALUES (?)", [("w" * 1000,)] * 200)
    path.write_bytes(path.read_bytes()[:20_000])
    assert words(path) == 0
    assert len(asides(path)) == 1


def test_processes_that_open_a_damaged_ledger_at_once_share_the_new_one(path: Path) -> None:
    path.write_bytes(GARBAGE)
    command = [sys.executable, "-c", OPENER, str(path), SCHEMA]
    openers = [subprocess.Popen(command) for _ in range(4)]
    assert [opener.wait(60) for opener in openers] == [0, 0, 0, 0]
    assert len(asides(path)) == 1
    assert words(path) == 80


def test_damage_that_shows_later_sets_the_file_aside_when_it_is_closed(path: Path) -> None:
    damage_in_the_middle(path)
    ledger = open_ledger(path, SCHEMA)
    with pytest.raises(sqlite3.DatabaseError, match="malformed") as caught:
        ledger.execute("SELECT sum(length(text)) FROM word").fetchone()
    close_ledger(ledger, caught.value)
    close_ledger(ledger, caught.value)
    assert len(asides(path)) == 1
    assert words(path) == 0


def test_who_still_has_a_file_open_that_was_set_aside_is_told_so(path: Path) -> None:
    damage_in_the_middle(path)
    ledger, other = open_ledger(path, SCHEMA), open_ledger(path, SCHEMA)
    with pytest.raises(sqlite3.DatabaseError) as caught:
        ledger.execute("SELECT sum(length(text)) FROM word").fetchone()
    other.raise_if_replaced()
    other.execute("INSERT INTO word (number, text) VALUES (-1, 'in the log')")
    close_ledger(ledger, caught.value)
    (aside,) = asides(path)
    assert aside.with_name(f"{aside.name}-wal").stat().st_size > 0
    assert not path.with_name(f"{path.name}-wal").exists()
    with pytest.raises(LedgerReplaced, match="was set aside"):
        other.raise_if_replaced()
    with closing(open_ledger(path, SCHEMA)) as new:
        new.execute("INSERT INTO word (text) VALUES ('x')")
        close_ledger(other, caught.value)
        new.execute("INSERT INTO word (text) VALUES ('y')")
    assert len(asides(path)) == 1
    assert words(path) == 2


@pytest.mark.parametrize(
    "error",
    [sqlite3.OperationalError("database is locked"), OSError("x"), LedgerReplaced("x"), None],
)
def test_other_errors_are_no_damage(path: Path, error: Exception | None) -> None:
    ledger = open_ledger(path, SCHEMA)
    close_ledger(ledger, error)
    assert not is_damage(error)
    assert asides(path) == []
