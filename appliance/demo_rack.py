"""The demonstration: a broker, a rack of simulated cages, and a store, all on this machine."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from appliance.config import RackConfig
from appliance.control_client import ControlClient, ControlError
from appliance.rack_path import control_socket
from appliance.status import RackStatus

_START_S: Final = 60.0
_STOP_S: Final = 25.0
_LOOK_S: Final = 0.5
_AUTHOR: Final = "demo"


class DemoError(Exception):
    """The demonstration cannot go on; the message is one sentence."""


@contextmanager
def running_rack(config_path: Path, config: RackConfig) -> Iterator[ControlClient]:
    """Run `ethoprofiler run` beside this process while the block runs, then stop it in order.

    Raises DemoError if it does not answer within a minute.
    """
    command = [sys.executable, "-m", "appliance", "run", str(config_path)]
    said = config_path.with_suffix(".log")
    with said.open("w", encoding="utf-8") as log:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and program
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            start_new_session=True,  # Ctrl-C in this terminal is for the dashboard
        )
    with ControlClient(control_socket(config)) as client:
        try:
            _await_answer(client, process, said)
            yield client
        finally:
            process.terminate()
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def await_status(
    client: ControlClient, claim: Callable[[RackStatus], bool], limit_s: float
) -> bool:
    """Look at the rack until a claim about it is true; say whether it came true in time."""
    deadline_s = time.monotonic() + limit_s
    while time.monotonic() < deadline_s:
        if claim(client.status()):
            return True
        time.sleep(_LOOK_S)
    return False


def end_recordings(client: ControlClient, config: RackConfig) -> None:
    """Let every recorder finish its segment and end; the others go on. Raises ControlError."""
    for cage in config.cage:
        client.stop_cage(cage.number, _AUTHOR)


def allow_recordings(client: ControlClient, config: RackConfig) -> None:
    """Let every cage be recorded, also those that an earlier demonstration ended."""
    for cage in config.cage:
        client.start_cage(cage.number, _AUTHOR)


def all_recording(status: RackStatus) -> bool:
    """Say whether every cage is recorded and the first labels are there."""
    return all(
        cage.recorder is not None
        and cage.recorder.state == "recording"
        and cage.label is not None
        and cage.label.behavior is not None
        for cage in status.cages
    )


def all_ended(status: RackStatus) -> bool:
    """Say whether no cage is recorded any more, and no event waits for the broker."""
    return (
        all(cage.worker.state == "stopped" for cage in status.cages)
        and status.publisher is not None
        and status.publisher.waiting == 0
    )


def _await_answer(client: ControlClient, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline_s = time.monotonic() + _START_S
    while time.monotonic() < deadline_s:
        if process.poll() is not None:
            said = log.read_text(encoding="utf-8").strip().splitlines()
            raise DemoError(said[-1] if said else "the rack ended at once")
        try:
            client.status()
        except ControlError:
            time.sleep(_LOOK_S)
        else:
            return
    raise DemoError(f"the rack does not answer after {_START_S:.0f} s")
