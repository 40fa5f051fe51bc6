"""Sends the outbox over one connection, in the order of its rows, and marks what has arrived."""

import time
from collections import deque
from collections.abc import Sequence
from typing import Final

from appliance.backoff import Backoff
from appliance.broker_link import BrokerLink, BrokerLost, Message, Receipt
from appliance.outbox import Outbox, StoredEvent

_READ_AHEAD: Final = 100
_MARK_EVERY_S: Final = 0.1
_MARK_AT_MOST: Final = 500
CONFIRM_S: Final = 30.0
"""A broker that answers pings but confirms nothing for so long is left."""
_RETRY_S: Final = (1.0, 30.0)


class EventSender:
    """One connection's way through the outbox; the next connection gets its own.

    In memory are at most a window of sent events, 100 that come next and 500 numbers of rows to
    mark. An event that the broker refuses holds back its topic, and only that: it is tried again
    after 1 to 30 s, from the first event of the topic that has not arrived.
    """

    def __init__(self, outbox: Outbox, link: BrokerLink, root: str) -> None:
        self.confirmed = 0
        """Events that arrived."""
        self.refused = 0
        """Refusals, each try counted."""
        self._outbox = outbox
        self._link = link
        self._root = root
        self._in_flight: dict[int, StoredEvent] = {}
        self._ahead: deque[StoredEvent] = deque()
        self._read_row = 0
        self._has_more = True
        self._to_mark: list[int] = []
        self._marked_s = self._heard_s = time.monotonic()
        self._held: set[str] = set()
        self._refusals: dict[str, str] = {}
        self._backoff = Backoff(*_RETRY_S)
        self._retry_s: float | None = None

    @property
    def reason(self) -> str:
        """Which topics the broker refuses and why, one sentence; empty if none."""
        if not self._refusals:
            return ""
        topic, refusal = next(iter(self._refusals.items()))
        more = len(self._refusals) - 1
        others = f" and {more} more" if more else ""
        return (
            f"{self._link.address}: refuses {self._root}{topic}{others}: {refusal} "
            f"({self.refused} refusals)"
        )

    @property
    def is_idle(self) -> bool:
        """Whether all that may be sent has arrived."""
        return not (self._has_more or self._ahead or self._in_flight)

    def settle(self, receipts: Sequence[Receipt]) -> None:
        """Take note of the broker's answers; those to other messages are left alone."""
        for receipt in receipts:
            event = self._in_flight.pop(receipt.packet, None)
            if event is None:
                continue
            self._heard_s = time.monotonic()
            if receipt.refusal:
                self._hold(event.topic, receipt.refusal)
            else:
                self.confirmed += 1
                self._to_mark.append(event.row)
                if self._refusals.pop(event.topic, None) and not self._refusals:
                    self._backoff.reset()

    def send(self) -> None:
        """Fill the window, and mark what has arrived. Raises BrokerLost or sqlite3.Error."""
        now_s = time.monotonic()
        if now_s - self._marked_s >= _MARK_EVERY_S or len(self._to_mark) >= _MARK_AT_MOST:
            self.mark()
        if self._in_flight and now_s - self._heard_s > CONFIRM_S:
            raise BrokerLost(f"{self._link.address}: confirms nothing for {CONFIRM_S:.0f} s")
        if self._retry_s is not None and now_s >= self._retry_s:
            self._begin_again()
            return
        # Asked first: what is written after the question makes the next answer true.
        self._has_more = self._outbox.changed() or self._has_more
        while len(self._in_flight) < self._link.window:
            event = self._next()
            if event is None:
                return
            if not self._in_flight:
                self._heard_s = now_s
            self._in_flight[self._link.send(_message(event, self._root))] = event

    def mark(self) -> None:
        """Write down what has arrived; call it before the sender is given up."""
        self._marked_s = time.monotonic()
        if self._to_mark:
            self._outbox.mark_published(self._to_mark, time.time_ns())
            self._to_mark.clear()

    def _next(self) -> StoredEvent | None:
        while True:
            if not self._ahead and self._has_more:
                self._ahead.extend(self._outbox.waiting(self._read_row, _READ_AHEAD))
                self._has_more = len(self._ahead) == _READ_AHEAD
            if not self._ahead:
                return None
            event = self._ahead.popleft()
            self._read_row = event.row
            if event.topic not in self._held:
                return event

    def _hold(self, topic: str, refusal: str) -> None:
        self.refused += 1
        self._refusals[topic] = refusal
        self._held.add(topic)
        if self._retry_s is None:
            self._retry_s = time.monotonic() + self._backoff.next_s()

    def _begin_again(self) -> None:
        """Read from the first row that has not arrived, once nothing is under way."""
        if self._in_flight:
            return
        self.mark()
        self._retry_s = None
        self._held.clear()
        self._ahead.clear()
        self._read_row = 0
        self._has_more = True


def _message(event: StoredEvent, root: str) -> Message:
    properties: tuple[tuple[str, str], ...] = (("schema", event.schema),)
    if not event.body:
        # Nothing but this tells a reader that the number is no hole.
        properties += (("seq", str(event.seq)),)
    if event.replayed:
        properties += (("replay", "1"),)
    return Message(
        root + event.topic,
        event.body,
        event.retained,
        properties=properties,
    )
