"""A lights worker that runs in a thread, and what a test asks of it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from appliance.config import RackConfig, read_config
from appliance.control_client import ControlClient
from appliance.lights_worker import run
from appliance.rack_path import lights_socket
from appliance.report import Detail, LightsDetail, PanelDetail, WorkerState
from appliance.worker import Worker

RACK: Final = """\
[rack]
facility = "demo"
name = "rack-1"
data = "data"
utc_offset = "+01:00"
[[cage]]
number = 1
animal = "A1"
camera = { driver = "simulated" }
"""
NORTH: Final = '[[lights.panel]]\nname = "north"\ndriver = "simulated"\n'


class ListeningWorker(Worker):
    """A worker whose reports are kept instead of sent."""

    newest: LightsDetail | None = None

    def beat(self, detail: Detail | None = None, state: WorkerState = "ready") -> None:  # noqa: ARG002
        assert isinstance(detail, LightsDetail)
        self.newest = detail


class RunningLights:
    """The worker and a client of its socket."""

    def __init__(self, config: RackConfig, worker: ListeningWorker, client: ControlClient) -> None:
        self.config: Final = config
        self.client: Final = client
        self._worker = worker

    def detail(self) -> LightsDetail:
        assert self._worker.newest is not None
        return self._worker.newest

    def panel(self, name: str = "north") -> PanelDetail:
        (found,) = [panel for panel in self.detail().panels if panel.panel == name]
        return found

    def wait_for(self, is_so: Callable[[PanelDetail], bool], name: str = "north") -> PanelDetail:
        """Return the panel as soon as it is so."""
        wait_until(lambda: self._has(name) and is_so(self.panel(name)))
        return self.panel(name)

    def _has(self, name: str) -> bool:
        newest = self._worker.newest
        return newest is not None and any(panel.panel == name for panel in newest.panels)


def wait_until(is_so: Callable[[], bool], timeout_s: float = 20.0) -> None:
    deadline_s = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def write_lights(folder: Path, panels: str = NORTH) -> Path:
    path = folder / "rack.toml"
    path.write_text(RACK + panels)
    return path


@contextmanager
def running_lights(folder: Path, panels: str = NORTH) -> Iterator[RunningLights]:
    """Yield a worker that has seen all its panels once; raise what ended it, if anything did."""
    config = read_config(write_lights(folder, panels))
    config.state.mkdir(parents=True, exist_ok=True)
    worker = ListeningWorker("lights", config, "sha")
    errors: list[BaseException] = []

    def run_it() -> None:
        try:
            run(worker)
        except BaseException as error:  # noqa: BLE001 - raised again below
            errors.append(error)

    thread = threading.Thread(target=run_it)
    thread.start()
    try:
        count = len(config.lights.panel)
        wait_until(
            lambda: (
                bool(errors) or (worker.newest is not None and len(worker.newest.panels) == count)
            )
        )
        with ControlClient(lights_socket(config)) as client:
            yield RunningLights(config, worker, client)
    finally:
        worker.stop.set()
        thread.join(20)
        worker.close()
    assert not thread.is_alive()
    if errors:
        raise errors[0]
