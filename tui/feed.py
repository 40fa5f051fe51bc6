"""The way from the control socket to pictures: one thread, no terminal."""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

from appliance.control_client import ControlClient, ControlError, RequestRefused
from tui.picture import Connection, HistoryQuery, Picture

_RETRY_S: Final = 1.0
_HISTORY_S: Final = (2.0, 30.0)
"""A history is asked for again after half of its bin, but not more or less often than this."""


class Feed:
    """Asks the rack for its state again and again, and says what it found.

    `run` belongs to one thread; `want` and `stop` may be called from any.
    """

    def __init__(self, socket: Path, every_s: float, on_picture: Callable[[Picture], None]) -> None:
        self._client: Final = ControlClient(socket)
        self._every_s: Final = every_s
        self._on_picture: Final = on_picture
        self._wanted: tuple[HistoryQuery, ...] = ()
        self._asked_s: dict[HistoryQuery, float] = {}
        self._stopping: Final = threading.Event()
        self._wake: Final = threading.Event()
        self._since_s = time.monotonic()
        self._picture = Picture(Connection("waiting", time.time_ns(), 0.0))

    def want(self, queries: Iterable[HistoryQuery]) -> None:
        """Say which histories the screens show; new ones are fetched at once."""
        wanted = tuple(queries)
        if wanted != self._wanted:
            self._wanted = wanted
            self._wake.set()

    def hurry(self) -> None:
        """Ask now instead of when it is time: something has just been changed."""
        self._wake.set()

    def stop(self) -> None:
        """Let `run` return soon, at most after the client's time limit; safe to call twice."""
        self._stopping.set()
        self._wake.set()

    def run(self) -> None:
        """Ask until `stop`."""
        while not self._stopping.is_set():
            try:
                self._read()
                pause_s = self._every_s
            except ControlError as error:
                self._lose(str(error))
                pause_s = _RETRY_S
            if self._stopping.is_set():
                break
            self._on_picture(self._picture)
            self._wake.wait(pause_s)
            self._wake.clear()
        self._client.close()

    def _read(self) -> None:
        status = self._client.status()
        if self._picture.connection.state != "live":
            self._since_s = time.monotonic()
            live = Connection("live", time.time_ns(), 0.0)
        else:
            live = replace(self._picture.connection, for_s=time.monotonic() - self._since_s)
        self._picture = replace(self._picture, connection=live, status=status)
        wanted = self._wanted
        self._asked_s = {query: at for query, at in self._asked_s.items() if query in wanted}
        for query in wanted:
            if self._is_due(query):
                self._fetch(query)

    def _is_due(self, query: HistoryQuery) -> bool:
        shortest_s, longest_s = _HISTORY_S
        pause_s = min(max(query.hours * 1800 / query.bins, shortest_s), longest_s)
        asked_s = self._asked_s.get(query)
        return asked_s is None or time.monotonic() - asked_s >= pause_s

    def _fetch(self, query: HistoryQuery) -> None:
        """Get a history; a rack that gives none is still a rack."""
        self._asked_s[query] = time.monotonic()
        try:
            history = self._client.history(query.hours, query.bins)
        except RequestRefused as error:
            self._picture = replace(self._picture, history_fault=str(error))
            return
        kept = {one: old for one, old in self._picture.histories.items() if self._is_of_use(one)}
        self._picture = replace(self._picture, histories=kept | {query: history}, history_fault="")

    def _is_of_use(self, query: HistoryQuery) -> bool:
        """Say whether a history is wanted, or stands in for a wanted one that has not come yet."""
        if query in self._wanted:
            return True
        missing = set(self._wanted) - self._picture.histories.keys()
        return any(one.hours == query.hours for one in missing)

    def _lose(self, reason: str) -> None:
        before = self._picture.connection
        if before.state == "live":
            self._since_s = time.monotonic()
            lost = Connection("lost", time.time_ns(), 0.0, reason)
        else:
            lost = replace(before, for_s=time.monotonic() - self._since_s, reason=reason)
        self._picture = replace(self._picture, connection=lost)
        self._asked_s.clear()
