"""Brings the supervisor's events into the ledger from a thread of its own.

A disk that stalls for seconds stalls this thread and not the loop that watches the workers, as long
as no person asks for something: the loop itself writes a note or the stop of a cage to the disk
before it says so, and reads the history.
"""

import logging
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from appliance.alert import Change
from appliance.alert_ledger import SCHEMA, store_alert, stored_alerts
from appliance.backoff import Backoff
from appliance.outbox import Event, Outbox
from appliance.status import AlertStatus

_log = logging.getLogger(__name__)
_MOST_WAITING: Final = 1000
_FIRST_RETRY_S: Final = 1.0
_LONGEST_RETRY_S: Final = 30.0


class LedgerFull(Exception):
    """The ledger has not taken anything for long and too much waits for it."""


class LedgerWriter:
    """A queue in front of the event ledger. `put` never waits for the disk.

    Of a retained topic only the newest event waits: the ones before it would be overwritten anyway.
    So the queue is bounded by the number of topics, and by 1000 events of other topics.
    """

    def __init__(self, path: Path) -> None:
        self._path: Final = path
        self._waiting: dict[str, tuple[Event, Change | None]] = {}
        self._notes = 0
        self._changed: Final = threading.Condition()
        self._closing = False
        self._fault = ""
        self._thread = threading.Thread(target=self._loop, name="ledger", daemon=True)

    @property
    def fault(self) -> str:
        """Why the ledger does not take events at the moment, one sentence; empty if it does."""
        return self._fault

    def start(self) -> list[AlertStatus]:
        """Begin to write; return the alerts that a predecessor left open, none if unreadable."""
        try:
            with Outbox(self._path) as outbox:
                outbox.connection.execute(SCHEMA)
                alerts = stored_alerts(outbox.connection)
        except (sqlite3.Error, OSError) as error:
            self._note_fault(error)
            alerts = []
        self._thread.start()
        return alerts

    def put(self, event: Event, change: Change | None = None) -> None:
        """Let an event be stored, with the change of an alert in the same transaction.

        Raises LedgerFull for an event that is not retained when too many wait.
        """
        with self._changed:
            if event.retained:
                self._waiting.pop(event.topic, None)
                self._waiting[event.topic] = event, change
            elif len(self._waiting) >= _MOST_WAITING:
                raise LedgerFull(f"{self._path}: {self._fault or 'too slow'}")
            else:
                self._notes += 1
                self._waiting[f"{event.topic} {self._notes}"] = event, change
            self._changed.notify()

    def close(self, timeout_s: float) -> None:
        """Store what waits and end; give up after `timeout_s`."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(timeout_s)
        if self._waiting:
            _log.error("%d events could not be stored: %s", len(self._waiting), self._fault)

    def _loop(self) -> None:
        backoff = Backoff(_FIRST_RETRY_S, _LONGEST_RETRY_S)
        while True:
            try:
                with Outbox(self._path) as outbox:
                    outbox.connection.execute(SCHEMA)
                    self._serve(outbox, on_success=backoff.reset)
            except (sqlite3.Error, OSError) as error:
                self._note_fault(error)
            else:
                return
            with self._changed:
                if self._changed.wait_for(lambda: self._closing, backoff.next_s()):
                    return

    def _serve(self, outbox: Outbox, on_success: Callable[[], None]) -> None:
        """Store what comes until the end. Raises sqlite3.Error; nothing taken is lost then."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closing)
                batch = dict(self._waiting)
            if not batch:
                return
            with outbox.step():
                for event, change in batch.values():
                    outbox.append(event)
                    if change is not None:
                        store_alert(outbox.connection, change)
            if self._fault:
                _log.info("%s: takes events again", self._path)
            self._fault = ""
            on_success()
            self._forget(batch)

    def _forget(self, batch: dict[str, tuple[Event, Change | None]]) -> None:
        with self._changed:
            for key, stored in batch.items():
                if self._waiting.get(key) is stored:
                    del self._waiting[key]

    def _note_fault(self, error: Exception) -> None:
        if not self._fault:
            _log.error("%s: takes no events: %s", self._path, error)
        self._fault = f"{self._path.name}: takes no events: {error}"
