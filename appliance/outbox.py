"""The outbox: events on disk before anyone sends them, in order, numbered, kept for replay."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeAlias

from appliance.event import Payload
from appliance.message import envelope_at, message_text
from disk.ledger import close_ledger, open_ledger, transaction

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS event (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    topic TEXT NOT NULL,
    schema TEXT NOT NULL,
    seq INTEGER NOT NULL,
    time_utc_ns INTEGER NOT NULL,
    retained INTEGER NOT NULL,
    replayed INTEGER NOT NULL DEFAULT 0,
    body TEXT NOT NULL,
    published_utc_ns INTEGER
);
CREATE UNIQUE INDEX IF NOT EXISTS event_seq ON event (topic, seq) WHERE replayed = 0;
CREATE INDEX IF NOT EXISTS event_waiting ON event (row) WHERE published_utc_ns IS NULL;
CREATE INDEX IF NOT EXISTS event_waiting_time ON event (time_utc_ns)
    WHERE published_utc_ns IS NULL;
CREATE INDEX IF NOT EXISTS event_published ON event (published_utc_ns)
    WHERE published_utc_ns IS NOT NULL;
CREATE TABLE IF NOT EXISTS stream (topic TEXT PRIMARY KEY, last_seq INTEGER NOT NULL);
"""
KEPT_NS: Final = 30 * 86_400 * 1_000_000_000
"""Events can be replayed for 30 days."""
_STEP_ROWS: Final = 1000
"""So many rows are changed in one step, that nobody else waits long for the ledger."""
_Row: TypeAlias = tuple[int, str, str, int, int, int, int, str]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, for one topic below the rack's root."""

    topic: str
    """Such as `cage/03/bout`."""
    schema: str
    """Such as `ethoprofiler.bout/1`."""
    time_utc_ns: int
    """When it happened in the picture."""
    zt_h: float
    payload: Payload | None
    """None empties a retained topic."""
    retained: bool


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as it is sent; `body` is JSON text, empty to clear a retained topic."""

    row: int
    topic: str
    schema: str
    seq: int
    time_utc_ns: int
    retained: bool
    replayed: bool
    """A copy for readers who have missed it: not the state now, so never retained."""
    body: str


class Outbox:
    """The event ledger of a rack; several processes may have it open. One thread at a time.

    All methods raise sqlite3.Error. A damaged file is set aside: at once if it shows when it is
    opened, otherwise when the error ends a `with` block.
    """

    def __init__(self, path: Path) -> None:
        self.connection: Final = open_ledger(path, _SCHEMA)
        self._version = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close; a file that `error` shows to be damaged makes room for a new one."""
        close_ledger(self.connection, error)

    @contextmanager
    def step(self) -> Iterator[None]:
        """Commit what the block appends, and whatever else it writes here, together or not.

        Raises LedgerReplaced if nobody would find it.
        """
        self.connection.raise_if_replaced()
        with transaction(self.connection):
            yield

    def append(self, event: Event) -> None:
        """Add an event inside a `step`, giving it its id and number."""
        seq = self.take_seq(event.topic)
        body = "" if event.payload is None else _body(event, event.payload, seq)
        self.connection.execute(
            "INSERT INTO event (topic, schema, seq, time_utc_ns, retained, body) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (event.topic, event.schema, seq, event.time_utc_ns, event.retained, body),
        )

    def add(self, events: Sequence[Event]) -> None:
        """Add events in a step of their own."""
        if events:
            with self.step():
                for event in events:
                    self.append(event)

    def take_seq(self, topic: str) -> int:
        """Return the next number of a stream, from 1; inside a `step`."""
        (seq,) = self.connection.execute(
            "INSERT INTO stream (topic, last_seq) VALUES (?, 1) "
            "ON CONFLICT (topic) DO UPDATE SET last_seq = last_seq + 1 RETURNING last_seq",
            (topic,),
        ).fetchone()
        return int(seq)

    def changed(self) -> bool:
        """Return whether another connection has written since the last call; cheap.

        Raises LedgerReplaced.
        """
        self.connection.raise_if_replaced()
        (version,) = self.connection.execute("PRAGMA data_version").fetchone()
        before, self._version = self._version, int(version)
        return before != self._version

    def waiting(self, after_row: int, limit: int) -> list[StoredEvent]:
        """Return unpublished events behind `after_row`, in order."""
        rows = self.connection.execute(
            "SELECT row, topic, schema, seq, time_utc_ns, retained, replayed, body FROM event "
            "WHERE published_utc_ns IS NULL AND row > ? ORDER BY row LIMIT ?",
            (after_row, limit),
        )
        return [_stored(row) for row in rows]

    def count_waiting(self) -> int:
        """Return how many events the broker has not confirmed."""
        (count,) = self.connection.execute(
            "SELECT count(*) FROM event WHERE published_utc_ns IS NULL"
        ).fetchone()
        return int(count)

    def mark_published(self, rows: Sequence[int], utc_ns: int) -> None:
        """Note that the broker has confirmed these rows."""
        with self.step():
            self.connection.executemany(
                "UPDATE event SET published_utc_ns = ? WHERE row = ?",
                [(utc_ns, row) for row in rows],
            )

    def replay(self, topic: str, from_seq: int, to_seq: int) -> int:
        """Queue published events of a stream once more, both ends included; return how many.

        They keep id and number. What is still waiting comes anyway, what was pruned is gone, and
        an emptied topic has nothing to show.
        """
        # The numbers that exist, so that an end in the far future costs nothing.
        lowest, highest = self.connection.execute(
            "SELECT (SELECT min(seq) FROM event WHERE topic = :topic AND replayed = 0), "
            "(SELECT max(seq) FROM event WHERE topic = :topic AND replayed = 0)",
            {"topic": topic},
        ).fetchone()
        if lowest is None:
            return 0
        queued = 0
        for first in range(max(from_seq, lowest), min(to_seq, highest) + 1, _STEP_ROWS):
            last = min(first + _STEP_ROWS - 1, to_seq)
            with self.step():
                queued += self.connection.execute(
                    "INSERT INTO event "
                    "(topic, schema, seq, time_utc_ns, retained, replayed, body) "
                    "SELECT topic, schema, seq, time_utc_ns, 0, 1, body FROM event "
                    "WHERE topic = ? AND seq BETWEEN ? AND ? AND replayed = 0 "
                    "AND published_utc_ns IS NOT NULL AND body <> '' ORDER BY seq",
                    (topic, first, last),
                ).rowcount
        return queued

    def prune(self, before_utc_ns: int) -> int:
        """Forget events that were published before a moment, oldest first; return how many.

        At most 1000 in one call: call it again until it returns 0.
        """
        cursor = self.connection.execute(
            "DELETE FROM event WHERE row IN (SELECT row FROM event "
            "WHERE published_utc_ns < ? ORDER BY published_utc_ns LIMIT ?)",
            (before_utc_ns, _STEP_ROWS),
        )
        return cursor.rowcount

    def prune_unpublished(self, before_utc_ns: int) -> int:
        """Forget events that happened before a moment and wait for nobody, for want of a broker.

        At most 1000 in one call, oldest first; return how many.
        """
        cursor = self.connection.execute(
            "DELETE FROM event WHERE row IN (SELECT row FROM event INDEXED BY event_waiting_time "
            "WHERE published_utc_ns IS NULL AND time_utc_ns < ? ORDER BY time_utc_ns LIMIT ?)",
            (before_utc_ns, _STEP_ROWS),
        )
        return cursor.rowcount


def _body(event: Event, payload: Payload, seq: int) -> str:
    envelope = envelope_at(event.schema, seq, event.time_utc_ns, event.zt_h)
    return message_text(envelope, payload)


def _stored(row: _Row) -> StoredEvent:
    number, topic, schema, seq, time_utc_ns, retained, replayed, body = row
    return StoredEvent(
        number, topic, schema, seq, time_utc_ns, bool(retained), bool(replayed), body
    )
