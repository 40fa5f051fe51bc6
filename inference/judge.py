"""Network threads that judge stacks of any number of videos, together where that is cheaper."""

import time
from collections import deque
from concurrent.futures import Future
from threading import Condition, Thread
from types import TracebackType
from typing import Final, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from inference.classifier import Classifier
from inference.error import ModelError
from inference.preprocessing import Gray

Verdict: TypeAlias = Future[NDArray[np.float64]]
"""Probabilities (n, 8) of the n stacks that were submitted together."""

_WAITING_PER_THREAD: Final = 3
_LOOK_S: Final = 0.25
_JOIN_S: Final = 5.0
_ANSWER_LIMIT_S: Final = 300.0


class Judge:
    """Runs one classifier on threads of its own; a context manager. Any thread may submit.

    Groups of stacks that wait at the same time, of whatever videos, share a batch. The classifier's
    batch is fixed and filled with zeros, so that no answer depends on who else is in it.
    """

    def __init__(self, classifier: Classifier, threads: int) -> None:
        self.classifier: Final = classifier
        self.threads: Final = threads
        self._changed = Condition()
        self._waiting: deque[tuple[Gray, Verdict]] = deque()
        self._waiting_stacks = 0
        self._most_stacks = _WAITING_PER_THREAD * threads * classifier.card.batch
        self._run_started_s: dict[int, float] = {}
        self._closed = False
        self._threads = [
            Thread(target=self._work, args=(number,), name=f"network-{number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def submit(self, stacks: Gray) -> Verdict:
        """Queue stacks (n, stack_length, height, width), n <= batch; borrowed until answered.

        Waits while three batches a thread wait already.
        """
        verdict: Verdict = Future()
        with self._changed:
            while self._waiting_stacks >= self._most_stacks and not self._closed:
                self._changed.wait(_LOOK_S)
            if self._closed:
                verdict.cancel()
                return verdict
            self._waiting.append((stacks, verdict))
            self._waiting_stacks += len(stacks)
            self._changed.notify_all()
        return verdict

    def busy_s(self) -> float:
        """Return how long the longest call of the network that has not answered is running."""
        started_s = list(self._run_started_s.values())
        return time.monotonic() - min(started_s) if started_s else 0.0

    def close(self) -> None:
        """Answer nothing more and end the threads; safe to call twice. At most 5 s."""
        with self._changed:
            self._closed = True
            while self._waiting:
                self._waiting.popleft()[1].cancel()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(_JOIN_S)

    def _work(self, number: int) -> None:
        while groups := self._take():
            self._run_started_s[number] = time.monotonic()
            try:
                answers = self.classifier.probabilities(np.concatenate([g for g, _ in groups]))
            except Exception as error:  # noqa: BLE001 - whoever asked gets it, and ends by it
                for _, verdict in groups:
                    verdict.set_exception(error)
            else:
                _hand_out(groups, answers)
            finally:
                del self._run_started_s[number]

    def _take(self) -> list[tuple[Gray, Verdict]]:
        """Wait for groups that fit into one batch; none once the judge is closed."""
        groups: list[tuple[Gray, Verdict]] = []
        room = self.classifier.card.batch
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait(_LOOK_S)
            while self._waiting and len(self._waiting[0][0]) <= room:
                group = self._waiting.popleft()
                room -= len(group[0])
                groups.append(group)
            self._waiting_stacks -= self.classifier.card.batch - room
            self._changed.notify_all()
        return groups


def answer_of(verdict: Verdict) -> NDArray[np.float64]:
    """Wait for the probabilities, at most five minutes; raises ModelError."""
    try:
        return verdict.result(_ANSWER_LIMIT_S)
    except TimeoutError as error:
        raise ModelError(f"the network has not answered for {_ANSWER_LIMIT_S:.0f} s") from error


def _hand_out(groups: list[tuple[Gray, Verdict]], answers: NDArray[np.float64]) -> None:
    first = 0
    for stacks, verdict in groups:
        verdict.set_result(answers[first : first + len(stacks)])
        first += len(stacks)
