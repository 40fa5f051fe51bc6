"""The process that labels all cages of a rack, live and late, with one network."""

import time
from collections import deque
from threading import Event, Lock
from typing import Final

from appliance.cage_labeller import CageLabeller
from appliance.label_ledger import LabelLedger
from appliance.ledger_forgetting import LedgerForgetting
from appliance.model_folder import find_model
from appliance.outbox import Outbox
from appliance.priority import set_niceness
from appliance.rack_path import event_ledger, segment_folder
from appliance.report import ClassifierDetail
from appliance.search_turn import SearchTurns
from appliance.segment_labelling import LabellingPlan
from appliance.segment_search import SegmentSearch
from appliance.worker import Worker
from inference.classifier import Classifier
from inference.judge import Judge

_NICENESS: Final = 5
"""Late labels cost nothing; frames cannot be repeated."""
_LOOP_S: Final = 0.1
_RATE_WINDOW_S: Final = 5.0
_HUNG_NETWORK_S: Final = 30.0
_HUNG_CAGE_S: Final = 120.0
"""Longer than a commit waits for the ledger, or a long label file takes to be read."""
_DRAIN_S: Final = 4.0
_JOIN_S: Final = 2.0


def run(worker: Worker) -> None:
    """Label until `worker.stop`; beats from the main loop while all threads live.

    Raises ModelError, OSError, sqlite3.Error, and what ended a cage's thread.
    """
    set_niceness(_NICENESS)
    config = worker.config
    classifier = Classifier(find_model(config.classifier.model), config.classifier.provider)
    with (
        Outbox(event_ledger(config)) as outbox,
        Judge(classifier, config.classifier.threads) as judge,
    ):
        rack = _Rack(worker, judge, LabelLedger(outbox))
        rack.start()
        try:
            while not worker.stop.wait(_LOOP_S):
                rack.look()
            rack.drain()
        finally:
            rack.stop()


class _Rack:
    """All cages of a rack; used by the main thread."""

    def __init__(self, worker: Worker, judge: Judge, ledger: LabelLedger) -> None:
        config = worker.config
        self._worker = worker
        self._judge = judge
        self._forgetting = LedgerForgetting(ledger, is_published=config.mqtt is not None)
        self._stop: Final = Event()
        reading_whole = Lock()
        self._cages: Final = [
            (
                SegmentSearch(segment_folder(config, cage.number), cage.number),
                CageLabeller(LabellingPlan(config, cage, judge, ledger, reading_whole), self._stop),
            )
            for cage in config.cage
        ]
        self._turns = SearchTurns(self._cages)
        self._counts: deque[tuple[float, int]] = deque([(time.monotonic(), 0)])

    def start(self) -> None:
        """Let the cages begin; each has nothing to do before its first search."""
        for _, labeller in self._cages:
            labeller.start()

    def look(self) -> None:
        """Search one cage and forget a little, raise what ended a thread, report if none hangs."""
        now_s = time.monotonic()
        self._search(now_s)
        self._forgetting.turn(now_s, time.time_ns())
        for _, labeller in self._cages:
            if labeller.error is not None:
                raise labeller.error
        if not self._is_hung():
            self._worker.beat(self._detail(now_s))

    def drain(self) -> None:
        """Give what has just ended a few seconds to be finished."""
        until_s = time.monotonic() + _DRAIN_S
        for _, labeller in self._cages:
            labeller.drain(until_s)
        while time.monotonic() < until_s and any(c.is_busy for _, c in self._cages):
            self._worker.beat(self._detail(time.monotonic()), "stopping")
            time.sleep(_LOOP_S)

    def stop(self) -> None:
        """End the threads; what is done stays."""
        self._stop.set()
        for _, labeller in self._cages:
            labeller.join(_JOIN_S)

    def _search(self, now_s: float) -> None:
        due = self._turns.next_due(now_s)
        if due is None:
            return
        search, labeller = due
        try:
            labeller.set_pending(search.unlabelled(now_s))
        except OSError as error:
            labeller.set_search_fault(f"{error.filename}: {error.strerror}")

    def _is_hung(self) -> bool:
        """Say whether a call of the network or a decoder does not come back; warn once."""
        hung = [labeller for _, labeller in self._cages if labeller.silent_s() > _HUNG_CAGE_S]
        return bool(hung) or self._judge.busy_s() > _HUNG_NETWORK_S

    def _detail(self, now_s: float) -> ClassifierDetail:
        classifier = self._judge.classifier
        return ClassifierDetail(
            model=classifier.identity(),
            device=classifier.device,
            frames_per_s=round(self._rate(now_s), 1),
            cages=tuple(labeller.report() for _, labeller in self._cages),
        )

    def _rate(self, now_s: float) -> float:
        """Return the frames labelled a second in the last few seconds."""
        self._counts.append((now_s, sum(labeller.state.frames for _, labeller in self._cages)))
        while len(self._counts) > 2 and now_s - self._counts[0][0] > _RATE_WINDOW_S:
            self._counts.popleft()
        (from_s, before), (to_s, after) = self._counts[0], self._counts[-1]
        return (after - before) / max(to_s - from_s, _LOOP_S)
