"""Labelling many videos: worker processes, their supervision and their reports."""

import multiprocessing
import signal
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from multiprocessing.synchronize import Event
from typing import Final

from appliance.classify_job import Job, Outcome, Progress, Ready, Settings, Unusable
from inference.error import ModelError

_STOP_SIGNALS: Final = {signal.SIGINT, signal.SIGTERM}
_POLL_S: Final = 0.5
_SILENCE_LIMIT_S: Final = 120.0
"""A worker that reports nothing for this long hangs in a decoder; it is killed."""
_LOADING_LIMIT_S: Final = 300.0
"""TensorRT builds its engine while it loads a model."""
_STOP_LIMIT_S: Final = 20.0


@dataclass(slots=True)
class _Worker:
    process: SpawnProcess
    connection: Connection
    job: Job | None = None
    heard_s: float = 0.0


class ClassifyQueue:
    """Run jobs on worker processes; a worker that crashes or hangs fails its own job only.

    `on_progress(job, Progress)` and `on_outcome(Outcome)` are called on the caller's thread.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        on_ready: Callable[[Ready], None],
        on_progress: Callable[[Job, Progress], None],
        on_outcome: Callable[[Outcome], None],
        silence_limit_s: float = _SILENCE_LIMIT_S,
    ) -> None:
        self._settings = settings
        self._on_ready = on_ready
        self._on_progress = on_progress
        self._on_outcome = on_outcome
        self._silence_limit_s = silence_limit_s
        self._context = multiprocessing.get_context("spawn")
        self._stop: Event = self._context.Event()
        self._waiting: deque[Job] = deque()
        self._workers: list[_Worker] = []

    def run(self, jobs: Sequence[Job], workers: int) -> None:
        """Run all jobs; raises ModelError if the model cannot be used.

        On KeyboardInterrupt the current jobs stop where they are, their rows kept, and the
        interrupt goes on to the caller.
        """
        self._waiting.extend(jobs)
        try:
            for _ in range(min(workers, len(jobs))):
                self._workers.append(self._start())
            while self._workers:
                self._poll()
        except KeyboardInterrupt:
            self._stop_workers()
            raise
        finally:
            for worker in self._workers:
                worker.process.kill()

    def _start(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(
            target=_work, args=(theirs, self._settings, self._stop), daemon=True
        )
        # The worker inherits the mask: a stop reaches the queue, which decides what it means.
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS)
        process.start()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOP_SIGNALS)
        theirs.close()
        return _Worker(process, ours, heard_s=time.monotonic())

    def _poll(self) -> None:
        ready = wait([worker.connection for worker in self._workers], _POLL_S)
        for worker in list(self._workers):
            if worker.connection in ready:
                self._receive(worker)
            elif time.monotonic() - worker.heard_s > self._limit_s(worker):
                limit_s = self._limit_s(worker)
                self._replace(worker, f"no frame for {limit_s:.0f} s, the decoder hangs")

    def _limit_s(self, worker: _Worker) -> float:
        return _LOADING_LIMIT_S if worker.job is None else self._silence_limit_s

    def _receive(self, worker: _Worker) -> None:
        worker.heard_s = time.monotonic()
        try:
            report = worker.connection.recv()
        except (EOFError, OSError):
            worker.process.join()
            self._replace(worker, f"the decoder crashed (exit code {worker.process.exitcode})")
            return
        match report:
            case Unusable():
                raise ModelError(report.message)
            case Progress() if worker.job is not None:
                self._on_progress(worker.job, report)
            case Ready():
                self._on_ready(report)
                self._hand_out(worker)
            case Outcome():
                self._on_outcome(report)
                self._hand_out(worker)

    def _hand_out(self, worker: _Worker) -> None:
        """Give the worker its next job, or let it go if there is none."""
        if self._waiting and not self._stop.is_set():
            worker.job = self._waiting.popleft()
            worker.connection.send(worker.job)
        else:
            worker.connection.close()
            self._workers.remove(worker)

    def _replace(self, worker: _Worker, reason: str) -> None:
        """Fail a lost worker's job; start another worker if jobs are waiting."""
        worker.process.kill()
        worker.process.join()
        worker.connection.close()
        self._workers.remove(worker)
        if worker.job is None and self._stop.is_set():
            return
        if worker.job is None:
            raise ModelError(f"{self._settings.model}: a worker ended while loading it ({reason})")
        self._on_outcome(Outcome(worker.job, "failed", f"{worker.job.video}: {reason}"))
        if self._waiting and not self._stop.is_set():
            self._workers.append(self._start())

    def _stop_workers(self) -> None:
        """Let the workers close their files, then take their last outcomes."""
        self._stop.set()
        deadline_s = time.monotonic() + _STOP_LIMIT_S
        with suppress(KeyboardInterrupt):  # a second Ctrl-C does not wait
            while self._workers and time.monotonic() < deadline_s:
                self._poll()


def _work(connection: Connection, settings: Settings, stop: Event) -> None:
    # A lazy import: only the workers need OpenCV, PyAV and ONNX Runtime.
    from appliance.classify_worker import work

    work(connection, settings, stop)
