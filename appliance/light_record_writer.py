"""Brings rows into the light record from a thread of its own: a disk must not hold up the watch."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from appliance.backoff import Backoff
from appliance.light_record import LightRecord, LightRow

_MOST_WAITING: Final = 50_000
"""Ten panels for three days; then the oldest rows are lost, and counted."""
_A_TURN: Final = 500
_FIRST_RETRY_S: Final = 1.0
_LONGEST_RETRY_S: Final = 30.0
_log = logging.getLogger(__name__)


class LightRecordWriter:
    """A queue in front of the light record; `put` never waits for the disk."""

    def __init__(self, record: LightRecord, volume_fault: Callable[[], str]) -> None:
        """`volume_fault` says why the record's volume is away; empty if it is there."""
        self._record: Final = record
        self._volume_fault: Final = volume_fault
        self._waiting: deque[LightRow] = deque()
        self._lost = 0
        self._changed: Final = threading.Condition()
        self._closing = False
        self._error: BaseException | None = None
        self._fault = ""
        self._thread: Final = threading.Thread(target=self._run, name="light record", daemon=True)
        self._thread.start()

    @property
    def fault(self) -> str:
        """Why rows wait, one sentence; empty if the record takes them. Raises a program's error."""
        if self._error is not None:
            raise self._error
        if not self._lost:
            return self._fault
        return f"{self._fault or 'light record: was away'}; {self._lost} rows are lost"

    def put(self, rows: Sequence[LightRow]) -> None:
        """Let rows be written, in this order."""
        with self._changed:
            self._waiting.extend(rows)
            while len(self._waiting) > _MOST_WAITING:
                self._waiting.popleft()
                self._lost += 1
            self._changed.notify()

    def close(self, timeout_s: float) -> None:
        """Write what waits and end; give up after `timeout_s`."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(timeout_s)
        if self._waiting:
            _log.error("light record: %d rows are lost: %s", len(self._waiting), self._fault)

    def _run(self) -> None:
        try:
            self._loop()
        except Exception as error:  # noqa: BLE001 - outermost loop: raised again by `fault`
            self._error = error

    def _loop(self) -> None:
        backoff = Backoff(_FIRST_RETRY_S, _LONGEST_RETRY_S)
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closing)
                batch = [self._waiting[i] for i in range(min(_A_TURN, len(self._waiting)))]
            if not batch:
                return
            if self._is_written(batch):
                backoff.reset()
                continue
            with self._changed:
                if self._changed.wait_for(lambda: self._closing, backoff.next_s()):
                    return

    def _is_written(self, batch: list[LightRow]) -> bool:
        fault = self._volume_fault()
        if not fault:
            try:
                self._record.write(batch)
            except OSError as error:
                place = f"{error.filename}: " if error.filename else ""
                fault = f"{place}{error.strerror or error}"
        if fault:
            if not self._fault:
                _log.error("light record: rows wait: %s", fault)
            self._fault = f"light record: {fault}"
            return False
        if self._fault:
            _log.warning("light record: takes rows again")
        self._fault = ""
        self._forget(batch)
        return True

    def _forget(self, batch: list[LightRow]) -> None:
        """Take away what was written, unless it was lost meanwhile for want of room."""
        with self._changed:
            for row in batch:
                if self._waiting and self._waiting[0] is row:
                    self._waiting.popleft()
