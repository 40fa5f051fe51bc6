"""Checking many segments, a process for each core asked for."""

import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Final

from appliance.segment_check import CheckStopped, check_segment
from appliance.segment_fault import Fault, SegmentResult
from appliance.segment_files import SegmentFiles

_NICE: Final = 10
"""Behind everything that a rack does."""
_POLL_S: Final = 0.2
_REPORT_S: Final = 0.2
_HUNG_S: Final = 300.0
"""A decoder that has not come to the next frame by then, even from a slow disk, never will."""
_STOP_S: Final = 5.0


class CheckQueue:
    """Takes segments one after the other; `run` once. One thread."""

    def __init__(
        self,
        on_progress: Callable[[SegmentFiles, int], None],
        on_result: Callable[[SegmentFiles, SegmentResult], None],
        *,
        quick: bool,
    ) -> None:
        """`on_progress` gets the frames done of a segment, `on_result` each result, once."""
        self._on_progress = on_progress
        self._on_result = on_result
        self._quick = quick
        self._context = multiprocessing.get_context("spawn")
        self._workers: list[_Worker] = []

    def run(self, segments: Sequence[SegmentFiles], jobs: int) -> None:
        """Check all; a process that dies or hangs costs its segment a fault, the others nothing."""
        waiting = deque(segments)
        try:
            while waiting or any(worker.segment for worker in self._workers):
                while len(self._workers) < min(jobs, len(self._workers) + len(waiting)):
                    self._workers.append(_Worker(self._context, quick=self._quick))
                for worker in self._workers:
                    if worker.segment is None and waiting:
                        worker.give(waiting.popleft())
                self._listen()
        finally:
            for worker in self._workers:
                worker.end()

    def _listen(self) -> None:
        ready = wait([worker.connection for worker in self._workers], _POLL_S)
        for worker in list(self._workers):
            if worker.connection in ready:
                self._hear(worker)
            elif worker.segment is not None and time.monotonic() - worker.heard_s > _HUNG_S:
                self._lose(worker, f"no frame was decoded for {_HUNG_S:.0f} s")

    def _hear(self, worker: "_Worker") -> None:
        try:
            said = worker.connection.recv()
        except (EOFError, ConnectionResetError):
            self._lose(worker, "the process that checked it died")
            return
        worker.heard_s = time.monotonic()
        assert worker.segment is not None
        if isinstance(said, SegmentResult):
            segment, worker.segment = worker.segment, None
            self._on_result(segment, said)
        else:
            self._on_progress(worker.segment, said)

    def _lose(self, worker: "_Worker", reason: str) -> None:
        self._workers.remove(worker)
        segment = worker.segment
        worker.end()
        if segment is not None:
            result = SegmentResult(segment.video, "faulty", faults=[Fault(reason)])
            self._on_result(segment, result)


class _Worker:
    """A process that checks what it is given."""

    def __init__(self, context: multiprocessing.context.SpawnContext, *, quick: bool) -> None:
        self.segment: SegmentFiles | None = None
        self.heard_s = time.monotonic()
        self.connection, theirs = context.Pipe()
        self._process: BaseProcess = context.Process(
            target=_work, args=(theirs, quick), daemon=True
        )
        self._process.start()
        theirs.close()

    def give(self, segment: SegmentFiles) -> None:
        """Have a segment checked; that the process died shows when it is heard."""
        self.segment, self.heard_s = segment, time.monotonic()
        with suppress(BrokenPipeError):
            self.connection.send(segment)

    def end(self) -> None:
        """Stop the process, whatever it is doing: it only reads."""
        self.connection.close()
        self._process.kill()
        self._process.join(_STOP_S)


def _work(connection: Connection, quick: bool) -> None:
    """Run in a process of its own: check what comes until the connection closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is told as well, and ends this
    os.nice(_NICE)
    try:
        while True:
            segment: SegmentFiles = connection.recv()
            teller = _Teller(connection)
            connection.send(check_segment(segment, quick=quick, on_frame=teller.tell))
    except (EOFError, BrokenPipeError, ConnectionResetError, CheckStopped):
        return  # nobody wants to know any more


class _Teller:
    """Says a few times a second how far a check is; says nothing to nobody."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._next_s = 0.0

    def tell(self, frames: int) -> bool:
        """Tell, if it is time; return whether nobody listens."""
        now_s = time.monotonic()
        if now_s < self._next_s:
            return False
        self._next_s = now_s + _REPORT_S
        try:
            self._connection.send(frames)
        except (BrokenPipeError, ConnectionResetError):
            return True
        return False
