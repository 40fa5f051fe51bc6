"""A program that notes, while a rack runs on a logged disk, when what was promised.

`python -m tests.power.observer LOG FOLDER NOTES`: `FOLDER` holds the rack's `data` and `state`. It
writes a JSON object a line, each with a moment of CLOCK_MONOTONIC: how many requests the log of the
disk held then, and what a stranger could see was done. What another connection reads from a ledger
is synced: SQLite shows a commit to others after its sync. Source: sqlite.org/src, wal.c,
sqlite3WalFrames.
"""

import json
import os
import signal
import sqlite3
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any, Final, TextIO, TypeAlias

from tests.power.truth import is_missing_table
from tests.power.write_log import count_entries

_COUNT_S: Final = 0.002
_LOOK_TURNS: Final = 5
Seen: TypeAlias = dict[str, Any]
_EVENTS: Final = """
SELECT coalesce(max(row), 0), count(published_utc_ns) FROM event
"""
_PROGRESS: Final = "SELECT stem, frames FROM label_segment"
_VERIFIED: Final = "SELECT path FROM file WHERE state = 'verified'"


def main() -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    log, folder, notes = (Path(argument) for argument in sys.argv[1:])
    descriptor = os.open(log, os.O_RDONLY | os.O_CLOEXEC)
    with notes.open("w", buffering=1) as file, closing(_Rack(folder)) as rack:
        _observe(descriptor, rack, file, stop)


def _observe(log: int, rack: "_Rack", notes: TextIO, stop: threading.Event) -> None:
    """Note the last moment at which the log had each of its lengths, and everything new."""
    before_ns, before = time.monotonic_ns(), count_entries(log)
    turn = 0
    while not stop.wait(_COUNT_S):
        now_ns = time.monotonic_ns()
        count = count_entries(log)
        if count != before:
            _write(notes, {"ns": before_ns, "entries": before})
        before_ns, before = now_ns, count
        turn += 1
        if turn % _LOOK_TURNS == 0:
            for seen in rack.news():
                _write(notes, {"ns": time.monotonic_ns(), **seen})
    _write(notes, {"ns": before_ns, "entries": before})


def _write(notes: TextIO, entry: Seen) -> None:
    notes.write(json.dumps(entry) + "\n")


class _Rack:
    """What can be seen of a rack from outside."""

    def __init__(self, folder: Path) -> None:
        self._folder: Final = folder
        self._events: Final = Reader(folder / "state" / "events.sqlite")
        self._uploads: Final = Reader(folder / "state" / "uploads.sqlite")
        self._known: Final[dict[str, Any]] = {}
        self._files: Final[set[str]] = set()

    def news(self) -> list[Seen]:
        """Return what has changed since the last call."""
        news: list[Seen] = []
        if self._events.has_changed():
            for row, published in self._events.rows(_EVENTS):
                news += self._changed("event", row) + self._changed("published", published)
            for stem, frames in self._events.rows(_PROGRESS):
                news += self._changed(f"labelled {stem}", frames)
        if self._uploads.has_changed():
            for (path,) in self._uploads.rows(_VERIFIED):
                news += self._changed(f"verified {path}", 1)
        return news + self._new_files()

    def close(self) -> None:
        self._events.close()
        self._uploads.close()

    def _changed(self, what: str, value: int) -> list[Seen]:
        if self._known.get(what) == value:
            return []
        self._known[what] = value
        return [{"what": what, "value": value}]

    def _new_files(self) -> list[Seen]:
        """Look for finished names in the newest day of each cage."""
        news: list[Seen] = []
        for cage in (self._folder / "data").glob("[0-9][0-9]"):
            for day in sorted(cage.iterdir())[-1:]:
                with os.scandir(day) as entries:
                    names = {entry.name for entry in entries if not entry.name.endswith(".part")}
                for name in sorted(names - self._files):
                    path = f"{cage.name}/{day.name}/{name}"
                    if name.endswith((".mkv", ".csv", ".json")):
                        news.append({"what": f"file {path}", "value": 1})
                self._files.update(names)
        return news


class Reader:
    """A ledger that other processes write; nothing is ever written through it."""

    def __init__(self, path: Path) -> None:
        self._path: Final = path
        self._answered: Final[set[str]] = set()
        """Queries whose table has been there."""
        self._connection: sqlite3.Connection | None = None
        self._version = -1

    def has_changed(self) -> bool:
        """Say whether something was committed since the last call."""
        if self._connection is None:
            if not self._path.exists():
                return False
            self._connection = sqlite3.connect(
                f"file:{self._path}?mode=ro", uri=True, isolation_level=None
            )
        before = self._version
        for (version,) in self.rows("PRAGMA data_version"):
            self._version = version
        return before != self._version

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows; none while the ledger is being made, opened or repaired by others.

        Raises sqlite3.OperationalError: the query does not fit the ledger.
        """
        assert self._connection is not None
        try:
            found = self._connection.execute(query).fetchall()
        except sqlite3.OperationalError as error:
            is_new = is_missing_table(error) and query not in self._answered
            if error.sqlite_errorcode == sqlite3.SQLITE_ERROR and not is_new:
                raise
            self._version = -1
            return []
        self._answered.add(query)
        return found

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()


if __name__ == "__main__":
    main()
