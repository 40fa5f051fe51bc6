"""Events about light on their way into the ledger, which may not take them for a while."""

import logging
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from appliance.backoff import Backoff
from appliance.outbox import Event, Outbox
from disk.damaged_ledger import is_lost
from disk.ledger import close_ledger

_MOST_WAITING: Final = 10_000
"""That the ledger has not taken; then the oldest are lost, and counted."""
_FIRST_RETRY_S: Final = 0.5
_LONGEST_RETRY_S: Final = 30.0
_log = logging.getLogger(__name__)


class LightEventQueue:
    """A queue in front of the event ledger; one thread at a time.

    The ledger is opened by the first `store`, and again after it was set aside. None of its errors
    is the caller's: the panels are watched also while a disk is full.
    """

    def __init__(self, path: Path, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._path: Final = path
        self._monotonic_s: Final = monotonic_s
        self._outbox: Outbox | None = None
        self._backoff: Final = Backoff(_FIRST_RETRY_S, _LONGEST_RETRY_S)
        self._not_before_s = 0.0
        self._waiting: deque[Event] = deque()
        self._lost = 0
        self._fails = False

    def put(self, events: Iterable[Event]) -> None:
        """Let events be stored, in this order."""
        self._waiting.extend(events)
        while len(self._waiting) > _MOST_WAITING:
            self._waiting.popleft()
            self._lost += 1

    def store(self) -> None:
        """Put what waits into the ledger; what it does not take waits on."""
        is_needed = self._waiting or self._outbox is None
        if is_needed and (self._outbox is not None or self._monotonic_s() >= self._not_before_s):
            self._try()

    def close(self) -> None:
        """Store what waits, in one last try, and close the ledger."""
        if self._waiting:
            self._try()
        if self._waiting:
            _log.error("%s: %d events about light are lost", self._path, len(self._waiting))
        self._close()

    def _try(self) -> None:
        try:
            self._outbox = self._outbox or Outbox(self._path)
            self._outbox.add(list(self._waiting))
        except (sqlite3.Error, OSError) as error:
            self._note_failure(error)
            return
        if self._lost:
            _log.error("%s: %d events about light were lost", self._path, self._lost)
        if self._fails:
            _log.warning("%s: takes events about light again", self._path)
        self._fails, self._lost = False, 0
        self._waiting.clear()
        self._backoff.reset()

    def _note_failure(self, error: Exception) -> None:
        if not self._fails:
            _log.warning("%s: events about light cannot be written and wait: %s", self._path, error)
        self._fails = True
        if self._outbox is None or is_lost(error):
            self._not_before_s = self._monotonic_s() + self._backoff.next_s()
            self._close(error)

    def _close(self, reason: Exception | None = None) -> None:
        outbox, self._outbox = self._outbox, None
        if outbox is None:
            return
        try:
            close_ledger(outbox.connection, reason)
        except (sqlite3.Error, OSError) as error:
            _log.warning("%s: cannot be closed in order: %s", self._path, error)
