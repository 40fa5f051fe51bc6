"""What is known of one file's unfinished upload, kept in the upload ledger."""

import sqlite3
from typing import Final

from disk.ledger import transaction

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS upload (path TEXT PRIMARY KEY, upload_id TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS part (
    path TEXT NOT NULL,
    number INTEGER NOT NULL,
    sha256 BLOB NOT NULL,
    etag TEXT,
    PRIMARY KEY (path, number)
) WITHOUT ROWID;
"""


class PartNotes:
    """The upload id of one file and which parts the store has taken. Raises sqlite3.Error."""

    def __init__(self, ledger: sqlite3.Connection, path: str) -> None:
        self._ledger = ledger
        self._path = path

    @property
    def upload_id(self) -> str | None:
        """The store's name for the upload that was begun; None if there is none."""
        row = self._ledger.execute(
            "SELECT upload_id FROM upload WHERE path = ?", (self._path,)
        ).fetchone()
        return None if row is None else str(row[0])

    def begin(self, upload_id: str) -> None:
        """Note a new upload, of which no part is there yet."""
        with transaction(self._ledger):
            self._clear()
            self._ledger.execute("INSERT INTO upload VALUES (?, ?)", (self._path, upload_id))

    def note(self, number: int, etag: str) -> None:
        """Note that the store has taken a part; `etag` is its receipt, not a checksum."""
        self._ledger.execute(
            "UPDATE part SET etag = ? WHERE path = ? AND number = ?", (etag, self._path, number)
        )

    def etags(self) -> dict[int, str]:
        """Return the receipts of the parts that the store has taken, by number from 1."""
        rows = self._ledger.execute(
            "SELECT number, etag FROM part WHERE path = ? AND etag IS NOT NULL", (self._path,)
        )
        return {int(number): str(etag) for number, etag in rows}

    def forget(self) -> None:
        """Forget the upload: it is finished, or gone from the store."""
        with transaction(self._ledger):
            self._clear()

    def _clear(self) -> None:
        self._ledger.execute("DELETE FROM upload WHERE path = ?", (self._path,))
        self._ledger.execute("UPDATE part SET etag = NULL WHERE path = ?", (self._path,))
