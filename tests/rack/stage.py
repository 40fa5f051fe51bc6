"""A whole rack as a person starts it, for tests that look at it from outside."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from appliance.config import RackConfig, read_config
from appliance.control_client import ControlClient, ControlError
from appliance.instance_lock import holder_of
from appliance.rack_path import control_socket, lock_path
from appliance.status import RackStatus

START_S: Final = 60.0
STOP_S: Final = 20.0
"""Contract: an ordered stop."""


class RackStage:
    """A rack on a configuration file; a context manager that leaves no process behind."""

    def __init__(self, config_path: Path) -> None:
        self.config_path: Final = config_path
        self.config: Final[RackConfig] = read_config(config_path)
        self.client: Final = ControlClient(control_socket(self.config))
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.client.close()
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        for name in self.names():
            if (pid := self.pid_of(name)) is not None:
                os.kill(pid, signal.SIGKILL)

    def start(self) -> None:
        """Start the supervisor as a service manager does, and wait until it answers."""
        log = self.config_path.with_suffix(".log")
        with log.open("ab") as file:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "appliance", "run", str(self.config_path)],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )
        self.await_that(lambda _: True, "the rack answers", START_S)

    def stop(self, *, in_haste: bool = False) -> float:
        """Stop in order; return the seconds it took.

        In haste, as for a person who says it twice, nobody lingers for last labels and events;
        for a rack of which all that was awaited.
        """
        assert self._process is not None
        started_s = time.monotonic()
        self._process.send_signal(signal.SIGTERM)
        if in_haste:
            self._process.send_signal(signal.SIGINT)  # a second SIGTERM might fall into the first
        assert self._process.wait(STOP_S + 5) == 0
        return time.monotonic() - started_s

    def end_recordings(self) -> None:
        """Let every recorder finish its segment and end, and wait until all is labelled."""
        for cage in self.config.cage:
            self.client.stop_cage(cage.number, "test")
        self.await_that(lambda _: not self.unfinished(), "every segment is finished")

    def unfinished(self) -> list[Path]:
        """Return what is still being written, and videos without labels."""
        data = self.config.rack.data
        return [
            path
            for path in data.glob("[0-9][0-9]/*/*")
            if path.suffix == ".part" or not path.with_suffix(".json").exists()
        ]

    def kill_supervisor(self) -> None:
        """End the supervisor as a bug would, and reap it."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def kill(self, name: str) -> None:
        """End a worker as a bug would, and wait until another process does its job."""
        pid = self.pid_of(name)
        assert pid is not None, f"{name} does not run"
        os.kill(pid, signal.SIGKILL)
        self.await_that(lambda _: self.pid_of(name) not in {pid, None}, f"another {name}")

    def pid_of(self, name: str) -> int | None:
        """Return the process that does a job now."""
        return holder_of(lock_path(self.config, name))

    def names(self) -> list[str]:
        """Return the workers of this rack."""
        return [f"recorder-{cage.label}" for cage in self.config.cage] + [
            "classifier",
            "watcher",
            "lights",
            "publisher",
            "uploader",
        ]

    def await_that(
        self, claim: Callable[[RackStatus], bool], what: str, limit_s: float = START_S
    ) -> RackStatus:
        """Look at the status until a claim is true; fail with `what` and the last status."""
        deadline_s = time.monotonic() + limit_s
        last: RackStatus | None = None
        while time.monotonic() < deadline_s:
            try:
                last = self.client.status()
                if claim(last):
                    return last
            except ControlError:
                assert self._process is not None
                log = self.config_path.with_suffix(".log").read_text()
                assert self._process.poll() is None, log
            time.sleep(0.1)
        shown = last.model_dump_json(indent=1) if last else "no status"
        raise AssertionError(f"not in {limit_s} s: {what}\n{shown}")


def everything_runs(status: RackStatus) -> bool:
    """Say whether each cage is recorded and labelled, and every other worker is ready."""
    return all(worker.state == "ready" for worker in status.workers) and all(
        cage.worker.state == "ready"
        and cage.recorder is not None
        and cage.recorder.state == "recording"
        and cage.label is not None
        and cage.label.behavior is not None
        for cage in status.cages
    )
