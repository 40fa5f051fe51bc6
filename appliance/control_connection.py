"""One client of the control socket, as the server sees it."""

import select
import socket
from collections.abc import Callable
from typing import Final

from appliance.control_message import LONGEST_REQUEST
from appliance.pending_answer import PendingAnswer

_CHUNK: Final = 65_536


class ControlConnection:
    """Lines in, answers out, never waiting: neither a silent nor a slow client costs time.

    While an answer is pending or waits to be taken, nothing more is read; so a client holds one
    answer at most.
    """

    def __init__(self, client: socket.socket, now_s: float) -> None:
        client.setblocking(False)
        self.socket: Final = client
        self.moved_s = now_s
        """When bytes moved last, either way."""
        self.watch_every_s: float | None = None
        self.watch_due_s = 0.0
        self.pending: PendingAnswer | None = None
        """What another thread is to answer; further requests wait for that."""
        self._received = b""
        self._unsent = memoryview(b"")
        self._ended = False

    @property
    def is_sending(self) -> bool:
        """Whether an answer waits for the client to take it."""
        return bool(self._unsent)

    @property
    def has_line(self) -> bool:
        """Whether a whole request waits to be answered."""
        return b"\n" in self._received

    @property
    def can_act(self) -> bool:
        """Whether a request waits, and no earlier one is in its way."""
        return self.has_line and not self.is_sending and self.pending is None

    @property
    def is_over(self) -> bool:
        """Whether nothing more can come of it: who only stops talking still hears answers."""
        if self.pending is not None:
            return self._has_hung_up()
        return self._ended and not self.is_sending and not self.has_line

    @property
    def is_flooding(self) -> bool:
        """Whether the line that is coming in is longer than any request."""
        return len(self._received) > LONGEST_REQUEST and not self.has_line

    def receive(self, now_s: float) -> None:
        """Take in what has come. Raises OSError if the client is gone."""
        try:
            chunk = self.socket.recv(_CHUNK)
        except BlockingIOError:
            return
        self.moved_s = now_s
        self._ended = not chunk
        self._received += chunk

    def take_line(self) -> bytes:
        """Return the next request without its end; `has_line` must be true."""
        line, _, self._received = self._received.partition(b"\n")
        return line

    def answer(self, line: bytes, now_s: float) -> None:
        """Send a line, as far as the client takes it now. Raises OSError if it is gone."""
        self._unsent = memoryview(bytes(self._unsent) + line)
        self.send(now_s)

    def send(self, now_s: float) -> None:
        """Go on with an answer that waits. Raises OSError if the client is gone."""
        try:
            sent = self.socket.send(self._unsent, socket.MSG_NOSIGNAL)
        except BlockingIOError:
            return
        self.moved_s = now_s
        self._unsent = self._unsent[sent:]

    def _has_hung_up(self) -> bool:
        """Whether the client has closed both directions; asks the kernel, reads nothing."""
        poll = select.poll()
        poll.register(self.socket, 0)
        return bool(poll.poll(0))

    def each_line(self, most: int, act: Callable[[bytes], None]) -> None:
        """Answer waiting requests until an answer does not go out at once, `most` at a time."""
        for _ in range(most):
            if not self.can_act:
                return
            act(self.take_line())
