"""The ledger of labels done: which frames have been turned into events, which bout is open."""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Final

from appliance.activity import SCHEMA as ACTIVITY_SCHEMA
from appliance.activity import Activity, add_activity, forget_old_activity
from appliance.outbox import KEPT_NS, Event, Outbox
from inference.bout import Moment, OpenBout

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS label_segment (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    cage INTEGER NOT NULL,
    stem TEXT NOT NULL UNIQUE,
    start TEXT NOT NULL,
    start_utc_ns INTEGER NOT NULL,
    frames INTEGER NOT NULL,
    finished INTEGER NOT NULL,
    bout TEXT
);
CREATE INDEX IF NOT EXISTS label_segment_cage ON label_segment (cage, number);
CREATE TABLE IF NOT EXISTS label_cage (cage INTEGER PRIMARY KEY, bout TEXT NOT NULL);
"""
_NEWEST_SEGMENTS: Final = 20
_SEGMENTS_KEPT_NS: Final = 60 * 24 * 3_600_000_000_000


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one segment's labels have been turned into events.

    `bout` is open after `frames` frames. A late segment is one that a newer one has overtaken: its
    bouts are told, but they neither go on in another segment nor say what the animal does now.
    """

    cage: int
    stem: str
    start: Moment
    frames: int
    is_finished: bool
    bout: OpenBout | None
    is_late: bool


class LabelLedger:
    """Tables beside the outbox, changed together with it. Any thread may call.

    All methods raise sqlite3.Error.
    """

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._connection = outbox.connection
        self._lock = Lock()
        self._connection.executescript(_SCHEMA + ACTIVITY_SCHEMA)

    def progress(self, cage: int, stem: str, start: Moment) -> Progress:
        """Return how far a segment is; a new one goes on with the cage's open bout."""
        with self._lock:
            row = self._connection.execute(
                "SELECT frames, finished, bout FROM label_segment WHERE stem = ?", (stem,)
            ).fetchone()
            is_late = self._is_overtaken(cage, stem, start)
            if row is None:
                bout = None if is_late else self._carried(cage)
                return Progress(cage, stem, start, 0, False, bout, is_late)
        frames, finished, text = row
        return Progress(cage, stem, start, frames, bool(finished), _bout(text), is_late)

    def store(self, progress: Progress, activity: Activity, events: Sequence[Event]) -> None:
        """Commit in one step: progress, open bout, activity, events.

        The open bout belongs to the segment until it is finished, then to the cage.
        """
        with self._lock, self._outbox.step():
            text = None if progress.bout is None else progress.bout.model_dump_json()
            self._store_segment(progress, None if progress.is_finished else text)
            if not progress.is_late:
                self._carry(progress.cage, text if progress.is_finished else None)
            add_activity(self._connection, progress.cage, activity)
            for event in events:
                self._outbox.append(event)

    def carried(self, cage: int) -> OpenBout | None:
        """Return the bout that waits for the cage's next segment."""
        with self._lock:
            return self._carried(cage)

    def drop_carried(self, cage: int, events: Sequence[Event]) -> None:
        """Commit that the waiting bout has ended, with the events that tell it."""
        with self._lock, self._outbox.step():
            self._carry(cage, None)
            for event in events:
                self._outbox.append(event)

    def forget_old(self, now_utc_ns: int, *, is_published: bool) -> bool:
        """Remove a little of what nobody asks for any more; return whether there may be more.

        Events go 30 days after the broker confirmed them, or happened if nobody publishes them.
        """
        with self._lock:
            forget_old_activity(self._connection, now_utc_ns)
            self._connection.execute(
                "DELETE FROM label_segment WHERE finished = 1 AND start_utc_ns < ?",
                (now_utc_ns - _SEGMENTS_KEPT_NS,),
            )
            forgotten = self._outbox.prune(now_utc_ns - KEPT_NS)
            if not is_published:
                forgotten += self._outbox.prune_unpublished(now_utc_ns - KEPT_NS)
        return forgotten > 0

    def _store_segment(self, progress: Progress, bout: str | None) -> None:
        self._connection.execute(
            "INSERT INTO label_segment (cage, stem, start, start_utc_ns, frames, finished, bout) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (stem) DO UPDATE SET "
            "frames = excluded.frames, finished = excluded.finished, bout = excluded.bout",
            (
                progress.cage,
                progress.stem,
                progress.start.model_dump_json(),
                progress.start.utc_ns,
                progress.frames,
                progress.is_finished,
                bout,
            ),
        )

    def _is_overtaken(self, cage: int, stem: str, start: Moment) -> bool:
        return any(other.after(start) > 0 for other, _ in self._newest(cage, stem))

    def _newest(self, cage: int, but: str) -> list[tuple[Moment, bool]]:
        """Return start and whether finished of the segments that began last, but one."""
        rows = self._connection.execute(
            "SELECT start, finished FROM label_segment WHERE cage = ? AND stem <> ? "
            "ORDER BY number DESC LIMIT ?",
            (cage, but, _NEWEST_SEGMENTS),
        ).fetchall()
        return [(Moment.model_validate_json(start), bool(finished)) for start, finished in rows]

    def _carried(self, cage: int) -> OpenBout | None:
        row = self._connection.execute(
            "SELECT bout FROM label_cage WHERE cage = ?", (cage,)
        ).fetchone()
        return None if row is None else _bout(row[0])

    def _carry(self, cage: int, text: str | None) -> None:
        self._connection.execute("DELETE FROM label_cage WHERE cage = ?", (cage,))
        if text is not None:
            self._connection.execute(
                "INSERT INTO label_cage (cage, bout) VALUES (?, ?)", (cage, text)
            )


def _bout(text: str | None) -> OpenBout | None:
    return None if text is None else OpenBout.model_validate_json(text)
