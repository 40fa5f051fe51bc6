"""The one shape of a worker process: lock, log, run, report, stop."""

import hashlib
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Final, TypeAlias

from appliance.config import ConfigError, RackConfig, parse_config, read_bytes
from appliance.instance_lock import AlreadyRunning, InstanceLock
from appliance.local_socket import socket_address
from appliance.log import start_log
from appliance.rack_path import lock_path, log_path, reports_socket
from appliance.rack_volume import VolumeAway, refuse_hidden_state
from appliance.report import Detail, Report, WorkerState

_REPORT_INTERVAL_S: Final = 0.5
_EXIT_FAILED: Final = 1
RECORDER: Final = "recorder"
_MODULES: Final[Mapping[str, str]] = {
    RECORDER: "appliance.recorder_worker",
    "classifier": "appliance.classifier_worker",
    "lights": "appliance.lights_worker",
    "publisher": "appliance.publisher_worker",
    "uploader": "appliance.uploader_worker",
    "watcher": "appliance.watcher_worker",
}
_log = logging.getLogger(__name__)


class Worker:
    """What a worker's loop holds: configuration, stop, and the way to report.

    Any thread may set or wait for `stop`; `beat` belongs to the loop, because it proves that the
    loop lives.
    """

    def __init__(self, name: str, config: RackConfig, config_sha256: str) -> None:
        self.name: Final = name
        self.config: Final = config
        self.stop: Final = threading.Event()
        self._sha256 = config_sha256
        self._path = reports_socket(config)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._sent_s = 0.0
        self._state: WorkerState = "starting"

    def beat(self, detail: Detail | None = None, state: WorkerState = "ready") -> None:
        """Report, at most twice a second unless the state changes; call it at least every second.

        Nobody listening, or nobody reading, is no error: the supervisor may be between two lives.
        """
        now_s = time.monotonic()
        if state == self._state and now_s - self._sent_s < _REPORT_INTERVAL_S:
            return
        self._sent_s, self._state = now_s, state
        report = Report(
            worker=self.name,
            pid=os.getpid(),
            config_sha256=self._sha256,
            state=state,
            detail=detail,
        )
        try:
            with socket_address(self._path) as address:
                self._socket.sendto(report.model_dump_json().encode(), address)
        except OSError:
            return

    def close(self) -> None:
        """Give the way to the supervisor back; safe to call twice."""
        self._socket.close()


Run: TypeAlias = Callable[[Worker], None]
"""A worker's `run`: opens everything, beats `ready`, loops until `stop`, closes in `finally`."""


def run_worker(name: str, config_path: Path, folder: Path | None = None) -> int:
    """Run the worker `name` until it is told to stop; return the exit code.

    Relative paths of the configuration start at `folder`, by default the folder of its file.
    """
    try:
        content = read_bytes(config_path)
        config = parse_config(content, config_path, (folder or config_path.parent).absolute())
        refuse_hidden_state(config)
        start_log(log_path(config, name), also_stderr=False)
        with InstanceLock(lock_path(config, name)):
            return _run_locked(name, config, config_sha256(content))
    except (ConfigError, AlreadyRunning, VolumeAway, OSError) as error:
        _log.error("%s: %s", name, error)
        return _EXIT_FAILED


def config_sha256(content: bytes) -> str:
    """Return what says which configuration a process runs with, from its file's content.

    The release counts as well: the first `run` after an update replaces the workers one by one.
    """
    return hashlib.sha256(content + version("ethoprofiler").encode()).hexdigest()


def cage_of(name: str) -> int:
    """Return the cage number in `recorder-03`; raises ConfigError."""
    number = name.removeprefix(f"{RECORDER}-")
    if not number.isdecimal():
        raise ConfigError(f"{name}: not the name of a worker")
    return int(number)


def _run_locked(name: str, config: RackConfig, sha256: str) -> int:
    run = _run_of(name)
    worker = Worker(name, config, sha256)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stop.set())
    worker.beat(state="starting")
    _log.info("%s: starts, process %d", name, os.getpid())
    try:
        run(worker)
    except ConfigError:
        raise  # a sentence for a person, not a fault of the program
    except Exception:  # noqa: BLE001 - the outermost loop: the supervisor starts the worker again
        _log.exception("%s: ends by an error", name)
        return _EXIT_FAILED
    finally:
        worker.close()
    _log.info("%s: stopped in order", name)
    return 0


def _run_of(name: str) -> Run:
    """Import a worker's module, and only that: a recorder has no use for a network."""
    module = _MODULES.get(name) or _MODULES.get(name.partition("-")[0])
    if module is None:
        raise ConfigError(f"{name}: not the name of a worker")
    run: Run = import_module(module).run
    return run
