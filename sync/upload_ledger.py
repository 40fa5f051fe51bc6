"""The upload ledger: every finished file and how far it is on its way to the store.

The disk and the store are the truth; a lost ledger is made again from them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Self, TypeAlias

from disk.ledger import open_ledger, transaction
from sync.checksum import FileDigest
from sync.object_key import RackFile
from sync.part_notes import SCHEMA as PART_SCHEMA
from sync.part_notes import PartNotes

UploadState: TypeAlias = Literal["waiting", "uploading", "verified", "conflict"]
_SCHEMA: Final = f"""
CREATE TABLE IF NOT EXISTS file (
    path TEXT PRIMARY KEY,
    day TEXT NOT NULL,
    is_video INTEGER NOT NULL,
    key TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    sha256 TEXT,
    part_bytes INTEGER,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'uploading', 'verified', 'conflict')),
    attempts INTEGER NOT NULL DEFAULT 0,
    next_try_utc_ns INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '',
    verified_utc_ns INTEGER,
    is_listed INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS file_waiting ON file (day, is_video, path) WHERE state <> 'verified';
CREATE INDEX IF NOT EXISTS file_verified ON file (verified_utc_ns) WHERE state = 'verified';
CREATE INDEX IF NOT EXISTS file_unlisted ON file (day) WHERE is_listed = 0;
CREATE TABLE IF NOT EXISTS store (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    identity TEXT NOT NULL
);
{PART_SCHEMA}"""
_PATIENT_ATTEMPTS: Final = 3
"""A file that has failed this often lets all others go first."""
_LONGEST_DELAY_NS: Final = 3_600_000_000_000
"""Longer than any delay that is ever set: a moment further ahead is a clock that was put back."""


@dataclass(frozen=True, slots=True)
class FileOnDisk:
    """A finished file as a scan finds it."""

    file: RackFile
    key: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class UploadRow:
    """A file that is due."""

    path: str
    key: str
    size: int
    mtime_ns: int
    state: UploadState
    attempts: int


@dataclass(frozen=True, slots=True)
class Backlog:
    """Sums over the ledger."""

    waiting_files: int
    waiting_bytes: int
    """Without the parts that the store has taken already."""
    verified_files: int
    last_verified_utc_ns: int | None
    conflicts: int


@dataclass(frozen=True, slots=True)
class Listing:
    """A verified file as an inventory names it."""

    key: str
    size: int
    sha256: str


class UploadLedger:
    """The ledger of a rack's files. One thread at a time; all methods raise sqlite3.Error."""

    def __init__(self, path: Path) -> None:
        self._connection = open_ledger(path, _SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self._connection.close()

    def is_sound(self) -> bool:
        """Check the file's structure."""
        return bool(self._connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))

    def bind(self, identity: str) -> bool:
        """Tie the ledger to a store; False if it was another's, all of which is then forgotten."""
        known = self.identity
        if known == identity:
            return True
        with transaction(self._connection):
            if known is not None:
                for table in ("file", "part", "upload"):
                    self._connection.execute(f"DELETE FROM {table}")  # noqa: S608 - constants
            self._connection.execute("INSERT OR REPLACE INTO store VALUES (1, ?)", (identity,))
        return known is None

    @property
    def identity(self) -> str | None:
        """The store that the ledger speaks of; None if it is new."""
        row = self._connection.execute("SELECT identity FROM store").fetchone()
        return None if row is None else str(row[0])

    def known(self) -> dict[str, tuple[str, int, int]]:
        """Return key, size and mtime_ns of every file, by path."""
        rows = self._connection.execute("SELECT path, key, size, mtime_ns FROM file")
        return {path: (key, size, mtime_ns) for path, key, size, mtime_ns in rows}

    def expect(self, files: Iterable[FileOnDisk]) -> None:
        """Let new and changed files wait for their upload, with nothing known of them."""
        with transaction(self._connection):
            for found in files:
                self._drop(found.file.path)
                self._connection.execute(
                    "INSERT INTO file (path, day, is_video, key, size, mtime_ns, state)"
                    " VALUES (?, ?, ?, ?, ?, ?, 'waiting')",
                    (
                        found.file.path,
                        found.file.day,
                        found.file.is_video,
                        found.key,
                        found.size,
                        found.mtime_ns,
                    ),
                )

    def forget_vanished(self, on_disk: Iterable[str]) -> list[str]:
        """Forget files that are gone before they were verified; return their paths."""
        rows = self._connection.execute("SELECT path FROM file WHERE state <> 'verified'")
        gone = sorted({path for (path,) in rows} - set(on_disk))
        with transaction(self._connection):
            for path in gone:
                self._drop(path)
        return gone

    def next_due(self, utc_ns: int) -> UploadRow | None:
        """Return the file to upload next: oldest day first, small files before videos."""
        row = self._connection.execute(
            "SELECT path, key, size, mtime_ns, state, attempts FROM file"
            " WHERE state <> 'verified' AND next_try_utc_ns NOT BETWEEN ? AND ?"
            " ORDER BY max(attempts, ?), day, is_video, path LIMIT 1",
            (utc_ns + 1, utc_ns + _LONGEST_DELAY_NS, _PATIENT_ATTEMPTS - 1),
        ).fetchone()
        return None if row is None else UploadRow(*row)

    def digest(self, path: str) -> FileDigest | None:
        """Return what a file was found to contain; None if it was not read yet."""
        row = self._connection.execute(
            "SELECT size, sha256, part_bytes FROM file WHERE path = ? AND sha256 IS NOT NULL",
            (path,),
        ).fetchone()
        parts = self._connection.execute(
            "SELECT sha256 FROM part WHERE path = ? ORDER BY number", (path,)
        ).fetchall()
        if row is None or not parts:
            return None
        size, sha256, part_bytes = row
        return FileDigest(size, sha256, part_bytes, tuple(part for (part,) in parts))

    def note_digest(self, path: str, digest: FileDigest) -> None:
        """Keep what a file contains, so that a resumed upload need not read it again."""
        with transaction(self._connection):
            self._connection.execute(
                "UPDATE file SET sha256 = ?, part_bytes = ? WHERE path = ?",
                (digest.sha256, digest.part_bytes, path),
            )
            self._connection.execute("DELETE FROM part WHERE path = ?", (path,))
            self._connection.executemany(
                "INSERT INTO part (path, number, sha256) VALUES (?, ?, ?)",
                [(path, number, part) for number, part in enumerate(digest.part_sha256, start=1)],
            )

    def notes(self, path: str) -> PartNotes:
        """Return what is known of a file's unfinished upload."""
        return PartNotes(self._connection, path)

    def upload_ids(self) -> set[str]:
        """Return the uploads that will go on."""
        return {row[0] for row in self._connection.execute("SELECT upload_id FROM upload")}

    def mark_uploading(self, path: str) -> None:
        """Note that a file is on its way; after a kill it counts as waiting."""
        self._connection.execute("UPDATE file SET state = 'uploading' WHERE path = ?", (path,))

    def mark_verified(self, path: str, utc_ns: int) -> None:
        """Note that the store has confirmed a file; only now may its local copy go."""
        with transaction(self._connection):
            self._connection.execute(
                "UPDATE file SET state = 'verified', verified_utc_ns = ?, reason = '',"
                " attempts = 0, next_try_utc_ns = 0 WHERE path = ?",
                (utc_ns, path),
            )
            self._forget_upload(path)

    def mark_conflict(self, path: str, reason: str, next_try_utc_ns: int) -> None:
        """Note that a file's key holds other content, and when to look again."""
        self._connection.execute(
            "UPDATE file SET state = 'conflict', reason = ?, next_try_utc_ns = ? WHERE path = ?",
            (reason, next_try_utc_ns, path),
        )

    def mark_failed(self, path: str, reason: str, next_try_utc_ns: int) -> None:
        """Note a failure that is the file's own, and when to try again."""
        self._connection.execute(
            "UPDATE file SET state = 'waiting', reason = ?, attempts = attempts + 1,"
            " next_try_utc_ns = ? WHERE path = ?",
            (reason, next_try_utc_ns, path),
        )

    def mark_waiting(self, path: str) -> None:
        """Note that a file's upload was broken off through no fault of the file."""
        self._connection.execute("UPDATE file SET state = 'waiting' WHERE path = ?", (path,))

    def forget_digest(self, path: str) -> None:
        """Let a file be read anew: what was read does not agree with what is there."""
        with transaction(self._connection):
            self._connection.execute("UPDATE file SET sha256 = NULL WHERE path = ?", (path,))
            self._forget_upload(path)

    def attempts(self, path: str) -> int:
        """Return how often a file has failed by its own fault."""
        row = self._connection.execute(
            "SELECT attempts FROM file WHERE path = ?", (path,)
        ).fetchone()
        return 0 if row is None else int(row[0])

    def backlog(self) -> Backlog:
        """Sum up."""
        waiting, size, conflicts = self._connection.execute(
            "SELECT count(*) FILTER (WHERE state <> 'conflict'),"
            " coalesce(sum(size) FILTER (WHERE state <> 'conflict'), 0),"
            " count(*) FILTER (WHERE state = 'conflict') FROM file WHERE state <> 'verified'"
        ).fetchone()
        verified, last_ns = self._connection.execute(
            "SELECT count(*), max(verified_utc_ns) FROM file WHERE state = 'verified'"
        ).fetchone()
        (taken,) = self._connection.execute(
            "SELECT coalesce(sum(min(part_bytes, size - (number - 1) * part_bytes)), 0)"
            " FROM part JOIN file USING (path) WHERE etag IS NOT NULL"
        ).fetchone()
        return Backlog(waiting, size - taken, verified, last_ns, conflicts)

    def complete_days(self) -> list[str]:
        """Return the days with files that no inventory lists, if all of the day are verified."""
        rows = self._connection.execute(
            "SELECT day FROM file WHERE path NOT LIKE 'inventory/%' GROUP BY day"
            " HAVING min(is_listed) = 0 AND min(state = 'verified') = 1 ORDER BY day"
        )
        return [day for (day,) in rows]

    def listing(self, day: str) -> list[Listing]:
        """Return a day's verified files in the order of their keys."""
        rows = self._connection.execute(
            "SELECT key, size, sha256 FROM file WHERE day = ? AND state = 'verified'"
            " AND path NOT LIKE 'inventory/%' ORDER BY key",
            (day,),
        )
        return [Listing(*row) for row in rows]

    def mark_listed(self, day: str) -> None:
        """Note that an inventory on the disk names all verified files of a day."""
        self._connection.execute(
            "UPDATE file SET is_listed = 1 WHERE day = ? AND state = 'verified'", (day,)
        )

    def _drop(self, path: str) -> None:
        self._connection.execute("DELETE FROM file WHERE path = ?", (path,))
        self._forget_upload(path)

    def _forget_upload(self, path: str) -> None:
        self._connection.execute("DELETE FROM part WHERE path = ?", (path,))
        self._connection.execute("DELETE FROM upload WHERE path = ?", (path,))
