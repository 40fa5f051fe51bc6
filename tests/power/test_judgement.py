"""The laboratory is blind to nothing: ledgers that do not answer, promises that were never made."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from tests.power.judgement import Fault, Judgement
from tests.power.observer import Reader
from tests.power.promise import KINDS, Notes
from tests.power.truth import Event, Truth, read_events, read_ledger

NOW_NS: Final = 10_000_000_000
EVENTS: Final = "CREATE TABLE event (row INTEGER PRIMARY KEY, topic, seq, body, published_utc_ns)"
LABELS: Final = "CREATE TABLE label_segment (stem, frames)"
UPLOADS: Final = "CREATE TABLE file (path, state)"
TRUTH: Final = Truth({}, {"01/a.mkv": "0" * 64}, {1: Event("cage/01/bout", 1, "")}, {})


@pytest.fixture
def rack(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir()
    (tmp_path / "data").mkdir()
    return tmp_path


def make(rack: Path, name: str, *statements: str) -> Path:
    path = rack / "state" / f"{name}.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)
    return path


def judgement(**seen: int) -> Judgement:
    notes = Notes([5], [NOW_NS], [(1, what.replace("_", " "), n) for what, n in seen.items()])
    return Judgement(TRUTH, NOW_NS, notes, {})


def test_ledgers_that_are_being_made_are_no_fault(rack: Path) -> None:
    make(rack, "uploads")
    found = judgement()
    found.ledgers(rack)
    found.files(rack)
    found.told_frames(rack)
    assert found.faults == []


def test_a_column_of_another_name_is_not_taken_for_no_rows(rack: Path) -> None:
    make(rack, "events", "CREATE TABLE event (line INTEGER PRIMARY KEY, topic, seq, body)")
    found = judgement()
    found.told_frames(rack)
    assert found.faults == [Fault("ledger", "events.sqlite: no such column: row")]
    with pytest.raises(sqlite3.OperationalError, match="no such column"):
        read_events(rack, is_new=True)


@pytest.mark.parametrize(
    ("promise", "lost"), [("event", "event"), ("labelled_01_x", "label_segment")]
)
def test_a_table_that_held_a_promise_must_be_there(rack: Path, promise: str, lost: str) -> None:
    make(rack, "events", *([EVENTS] if lost != "event" else [LABELS]))
    found = judgement(**{promise: 1})
    found.ledgers(rack)
    assert Fault("ledger", f"events.sqlite: no such table: {lost}") in found.faults


def test_uploads_that_were_verified_must_be_there(rack: Path) -> None:
    make(rack, "uploads", "CREATE TABLE files (path, state)")
    found = judgement(verified_01=1)
    found.files(rack)
    assert Fault("ledger", "uploads.sqlite: no such table: file") in found.faults


def test_the_truth_needs_its_ledgers(rack: Path) -> None:
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        read_events(rack)
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        read_ledger(make(rack, "events"), "SELECT row FROM event")


def test_every_fault_says_of_what_kind_it_is(rack: Path) -> None:
    make(rack, "events", EVENTS, LABELS, "INSERT INTO label_segment VALUES ('01_x', 22)")
    make(rack, "uploads", UPLOADS, "INSERT INTO file VALUES ('01/a.mkv', 'verified')")
    found = judgement(event=1, file_b=1)
    found.ledgers(rack)
    found.files(rack)
    found.told_frames(rack)
    assert found.faults == [
        Fault("ledger", "event 1: was committed and is not there, or differs"),
        Fault("file", "b: was finished and is not there"),
        Fault("store", "01/a.mkv: is verified and not in the store as it was"),
        Fault("frame", "01_x: 22 frames in the event ledger, 0 on disk"),
    ]


def test_the_observer_waits_for_a_table_and_not_for_a_column(rack: Path) -> None:
    reader = Reader(make(rack, "events"))
    with closing(reader):
        assert reader.has_changed()
        assert reader.rows("SELECT row FROM event") == []
        make(rack, "events", EVENTS)
        assert reader.rows("SELECT row FROM event") == []
        with pytest.raises(sqlite3.OperationalError, match="no such column"):
            reader.rows("SELECT line FROM event")
        make(rack, "events", "DROP TABLE event")
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            reader.rows("SELECT row FROM event")


def test_promises_that_were_never_made_are_named() -> None:
    made = ["event", "published", "labelled 01_x", "file 01/a.mkv", "file 01/a.csv"]
    notes = Notes(seen=[(1, what, 1) for what in made])
    assert notes.missing_kinds() == ["verified ", "file .json"]
    assert Notes(seen=[(1, "event", 0)]).missing_kinds() == list(KINDS)
