"""Running folds on processes of this machine or of others; home of Dask's distributed."""

# mypy: disallow-untyped-calls=False

import asyncio
import concurrent.futures
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, Final, TypeAlias, TypeVar
from uuid import uuid4

import dask
from distributed import (
    Client,
    Future,
    KilledWorker,
    LocalCluster,
    Security,
    get_worker,
    wait,
)
from distributed.comm.core import CommClosedError
from distributed.utils import silence_logging_cmgr

from inference.error import InferenceError, TrainingError

Task = TypeVar("Task")
AnyFuture: TypeAlias = "Future[None]"

_POLL_S: Final = 0.5
_CONNECT_S: Final = 20
_CLOSE_S: Final = 10
_KILL_S: Final = 0.5
_DEATHS: Final = 3
"""How often a fold whose process was killed is tried again: it may be the fold that kills."""
_LOST: Final = (CommClosedError, concurrent.futures.CancelledError, asyncio.CancelledError)
"""What Dask raises of everything that a lost scheduler had to do."""
_SETTINGS: Final = {
    "distributed.scheduler.allowed-failures": _DEATHS,
    "distributed.scheduler.work-stealing": False,
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.admin.system-monitor.gil.enabled": False,
    "distributed.comm.timeouts.connect": f"{_CONNECT_S}s",
}
"""No page and no figures are served: the folder tells how far each fold is."""


def run_folds(
    work: Callable[[Task], None],
    tasks: Mapping[str, Task],
    *,
    jobs: int,
    scheduler: str | None = None,
    finished: Callable[[str, str], None],
    waiting: Callable[[], None],
) -> dict[str, str]:
    """Do `work` for each task, `jobs` at a time; return why some failed, by name.

    With `scheduler` (an address such as tcp://10.0.0.7:8786) on the processes that serve it, else
    in processes of its own, which end with this one however it ends. A task whose process is
    killed is done again, from wherever it left its state, three times at most. `finished` is told
    each name with an empty text or why it failed, `waiting` is called twice a second, both from
    this thread. `work` raises InferenceError for what a person should know; any other error of it
    is raised here when the others are done. Raises TrainingError if there is no cluster, or none
    any more.
    """
    failures: dict[str, str] = {}
    bugs: list[BaseException] = []
    with _connected(jobs, scheduler) as client:
        names = {
            client.submit(_alone, work, task, key=f"{name}-{uuid4()}", pure=False): name
            for name, task in tasks.items()
        }
        while names:
            waiting()
            for future in _ended(list(names)):
                name, error = names.pop(future), _error_of(future)
                if error is not None and not isinstance(error, InferenceError | KilledWorker):
                    bugs.append(error)
                text = _sentence(error)
                if text:
                    failures[name] = text
                finished(name, text)
    if bugs:
        raise bugs[0]
    return failures


def refuse_deserted(scheduler: str) -> None:
    """Raise TrainingError if no scheduler answers at an address, or if no worker serves it."""
    with _connected(1, scheduler):
        pass


def _alone(work: Callable[[Task], None], task: Task) -> None:
    """Do one task in a process that does nothing else meanwhile: torch's state is a process's."""
    worker = get_worker()
    if worker.state.nthreads != 1:
        raise TrainingError(
            f"the worker {worker.address} has {worker.state.nthreads} threads: "
            "start it with `dask worker --nthreads 1`"
        )
    work(task)


@contextmanager
def _connected(jobs: int, scheduler: str | None) -> Iterator[Client]:
    """Yield a client of processes that are there; every loss of the scheduler is TrainingError."""
    place = _own_cluster(jobs) if scheduler is None else _served(scheduler)
    with (
        dask.config.set(_SETTINGS),
        silence_logging_cmgr(logging.CRITICAL),
        silence_logging_cmgr(logging.CRITICAL, "distributed.client"),
    ):
        try:
            with place as client:
                yield client
        except _LOST as error:
            where = scheduler or "of the folds"
            raise TrainingError(f"the scheduler {where} is gone: start again") from error


@contextmanager
def _served(scheduler: str) -> Iterator[Client]:
    known = Security().get_connection_args("client")
    if scheduler.startswith("tls://") and known["ssl_context"] is None:
        raise TrainingError(
            f"{scheduler} takes certificates, which Dask's configuration does not name"
        )
    with _client(scheduler, None) as client:
        try:
            client.wait_for_workers(1, timeout=_CONNECT_S)
        except TimeoutError as error:
            raise TrainingError(
                f"no worker serves the scheduler {scheduler}: start one with "
                f"`dask worker {scheduler} --nthreads 1 --memory-limit 0`"
            ) from error
        yield client


@contextmanager
def _own_cluster(jobs: int) -> Iterator[Client]:
    security = Security.temporary()  # else every user of this machine could run code as this one
    cluster = LocalCluster(
        n_workers=jobs,
        threads_per_worker=1,
        host="127.0.0.1",
        protocol="tls://",
        security=security,
        dashboard_address="127.0.0.1:0",
        worker_dashboard_address="127.0.0.1:0",
        scheduler_kwargs={"dashboard": False},
        memory_limit=0,  # mapped bands count as memory, and a fold must not be ended for them
        silence_logs=logging.CRITICAL,
    )
    try:
        with _client(cluster.scheduler_address, security) as client:
            yield client
    finally:
        with _uninterrupted():
            _end(cluster)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let a second Ctrl-C wait until what the first one began is over, which takes seconds."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {
        number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(cluster: LocalCluster) -> None:
    """End all processes at once; one that lingers dies with this one, whose pipe it watches."""

    async def kill_all() -> None:
        nannies = cluster.workers.values()
        await asyncio.gather(*(nanny.kill(timeout=_KILL_S) for nanny in nannies))

    for end in (
        partial(cluster.sync, kill_all, callback_timeout=_CLOSE_S),
        partial(cluster.close, timeout=_CLOSE_S),
    ):
        with suppress(TimeoutError):
            end()


@contextmanager
def _client(address: str, security: Any) -> Iterator[Client]:
    try:
        client = Client(address, security=security, timeout=_CONNECT_S)
    except (OSError, ValueError, socket.gaierror) as error:
        raise TrainingError(f"no scheduler answers at {address}") from error
    try:
        yield client
    finally:
        with _uninterrupted(), suppress(TimeoutError):
            client.close(timeout=_CLOSE_S)


def _ended(futures: list[AnyFuture]) -> list[AnyFuture]:
    """Return those that have ended, after half a second at the latest; raises one of `_LOST`."""
    try:
        wait(futures, timeout=_POLL_S, return_when="FIRST_COMPLETED")
    except TimeoutError:
        return []
    ended = [future for future in futures if future.done()]
    if any(future.status in ("cancelled", "lost") for future in ended):
        raise concurrent.futures.CancelledError
    return ended


def _error_of(future: AnyFuture) -> BaseException | None:
    error = future.exception(timeout=_CONNECT_S) if future.status == "error" else None
    assert error is None or isinstance(error, BaseException)
    return error


def _sentence(error: BaseException | None) -> str:
    if error is None:
        return ""
    if isinstance(error, KilledWorker):
        return f"its process was killed {_DEATHS + 1} times"
    if isinstance(error, InferenceError):
        return str(error)
    return f"{type(error).__name__}: {error}"
