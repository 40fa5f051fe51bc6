"""An answer that another thread gives: asked for, begun in time or not at all, given or overdue."""

import threading
import time
from collections.abc import Callable
from typing import Final

from appliance.control_message import Answer

TURN_S: Final = 0.5
"""What has not been begun by then is never done: a client must not be told that it failed first."""
_LONGEST_S: Final = 4.5
"""A client waits 5 s for its answer."""


class PendingAnswer:
    """What was asked of a device's thread; any thread may call anything, nothing waits."""

    def __init__(self, subject: str, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        """`subject` begins the sentences that are said for want of an answer: `panel left`."""
        self._subject: Final = subject
        self._monotonic_s: Final = monotonic_s
        self._asked_s: Final = monotonic_s()
        self._lock: Final = threading.Lock()
        self._has_begun = False
        self._answer: Answer | None = None

    def begin(self) -> bool:
        """Return whether it is to be done now; if not, its client knows that nothing was done."""
        with self._lock:
            self._give_up_if_due()
            self._has_begun = self._answer is None
            return self._has_begun

    def give(self, answer: Answer) -> None:
        """Answer; the client of an overdue one has been told already."""
        with self._lock:
            self._answer = self._answer or answer

    def cancel(self) -> None:
        """Do nothing of it, unless it has begun: nobody waits for the answer any more."""
        with self._lock:
            if not self._has_begun:
                self._refuse("nothing was done, for who asked has hung up")

    def answer(self) -> Answer | None:
        """Return the answer; None while it may still come."""
        with self._lock:
            self._give_up_if_due()
            return self._answer

    def _give_up_if_due(self) -> None:
        passed_s = self._monotonic_s() - self._asked_s
        if self._has_begun and passed_s > _LONGEST_S:
            self._refuse("has not confirmed in time; its state says whether it was done")
        elif not self._has_begun and passed_s > TURN_S:
            self._refuse("is busy, so nothing was done")

    def _refuse(self, reason: str) -> None:
        self._answer = self._answer or Answer(refused=f"{self._subject}: {reason}")
