"""How many events wait, counted no more often than it is cheap."""

import time
from typing import Final

from appliance.outbox import Outbox

_EVERY_S: Final = 0.5
_SHARE: Final = 100
"""Counting takes a hundredth of the time at most; a million events take 0.1 s."""


class Backlog:
    """The number of waiting events, as fresh as it can be had."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._count = 0
        self._due_s = 0.0

    def count(self) -> int:
        """Return the number, at most half a second old unless it is very large."""
        began_s = time.monotonic()
        if began_s >= self._due_s:
            self._count = self._outbox.count_waiting()
            ended_s = time.monotonic()
            self._due_s = ended_s + max(_EVERY_S, _SHARE * (ended_s - began_s))
        return self._count
