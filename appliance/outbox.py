"""The outbox: events on disk before anyone sends them, in order, numbered, kept for replay."""

import json
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from appliance.event import Payload, rfc3339
from disk.ledger import open_ledger, transaction

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS event (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    topic TEXT NOT NULL,
    seq INTEGER NOT NULL,
    time_utc_ns INTEGER NOT NULL,
    retained INTEGER NOT NULL,
    body TEXT NOT NULL,
    published_utc_ns INTEGER
);
CREATE UNIQUE INDEX IF NOT EXISTS event_seq ON event (topic, seq);
CREATE INDEX IF NOT EXISTS event_waiting ON event (row) WHERE published_utc_ns IS NULL;
CREATE TABLE IF NOT EXISTS stream (topic TEXT PRIMARY KEY, last_seq INTEGER NOT NULL);
"""


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
    seq: int
    time_utc_ns: int
    retained: bool
    body: str


class Outbox:
    """The event ledger of a rack; several processes may have it open. One thread at a time.

    All methods raise sqlite3.Error.
    """

    def __init__(self, path: Path) -> None:
        self.connection: Final = open_ledger(path, _SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    @contextmanager
    def step(self) -> Iterator[None]:
        """Commit what the block appends, and whatever else it writes here, together or not."""
        with transaction(self.connection):
            yield

    def append(self, event: Event) -> None:
        """Add an event inside a `step`, giving it its id and number."""
        seq = self.take_seq(event.topic)
        body = "" if event.payload is None else _body(event, seq)
        self.connection.execute(
            "INSERT INTO event (topic, seq, time_utc_ns, retained, body) VALUES (?, ?, ?, ?, ?)",
            (event.topic, seq, event.time_utc_ns, event.retained, body),
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

    def waiting(self, after_row: int, limit: int) -> list[StoredEvent]:
        """Return unpublished events behind `after_row`, in order."""
        rows = self.connection.execute(
            "SELECT row, topic, seq, time_utc_ns, retained, body FROM event "
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

    def prune(self, before_utc_ns: int) -> int:
        """Forget published events that were published before a moment; return how many."""
        cursor = self.connection.execute(
            "DELETE FROM event WHERE published_utc_ns < ?", (before_utc_ns,)
        )
        return cursor.rowcount


def _body(event: Event, seq: int) -> str:
    assert event.payload is not None
    return json.dumps(
        {
            "schema": event.schema,
            "id": uuid7(),
            "seq": seq,
            "time": rfc3339(event.time_utc_ns),
            "zt_h": round(event.zt_h, 4),
        }
        | event.payload.model_dump(mode="json"),
        ensure_ascii=False,
        separators=(",", ":"),
    )


def _stored(row: sqlite3.Row | tuple[int, str, int, int, int, str]) -> StoredEvent:
    number, topic, seq, time_utc_ns, retained, body = row
    return StoredEvent(number, topic, seq, time_utc_ns, bool(retained), body)


def uuid7() -> str:
    """Return a new UUID version 7. Source: RFC 9562, section 5.7."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    number = milliseconds << 80 | 0x7 << 76 | (random >> 68 & 0xFFF) << 64
    number |= 0b10 << 62 | random & (1 << 62) - 1
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
