"""A rack whose one panel is the real firmware in an emulator, paced, behind a pseudo-terminal."""

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from appliance.config import read_config
from appliance.control_client import ControlClient, ControlError
from appliance.instance_lock import holder_of
from appliance.rack_path import control_socket, event_ledger, lock_path
from appliance.report import PanelDetail
from appliance.status import RackStatus
from tests.bench.faulty_line import FaultyLine
from tests.firmware.firmware_build import BuiltFirmware
from tests.firmware.host import Host
from tests.firmware.paced_panel import PacedPanel

START_S: Final = 60.0
_STOP_S: Final = 30.0
_POLL_S: Final = 0.02
_RAW_FULL: Final = 800
"""What the emulated sensors read at full light. Source: panel_rig.c."""
_AHEAD_S: Final = 5
"""A drift is set at once; a panel without time would wait for this machine to be synchronized."""
RACK: Final = """\
[rack]
facility = "bench"
name = "rack"
data = "data"
utc_offset = "+00:00"
[[cage]]
number = 1
animal = "mouse-1"
camera = { driver = "simulated" }
"""
"""The beginning of a configuration: one cage, light to be added."""
_LIGHTS: Final = """\
[lights]
{lights}
[[lights.panel]]
name = "north"
driver = "serial"
port = "{port}"
"""


class Benched:
    """A calibrated panel, as it would be in a room: its line, its pace. A context manager."""

    def __init__(self, built: BuiltFirmware, folder: Path) -> None:
        """Switch it on, with a clock for the worker to set; time begins to pass on entering."""
        self.line: Final = FaultyLine(built)
        self.line.run(0.05)
        host = Host(self.line)
        host.ask(f"calibrate {_RAW_FULL} {_RAW_FULL}")
        host.set_time(int(time.time()) + _AHEAD_S)
        self.paced: Final = PacedPanel(self.line, folder / "panel")

    def __enter__(self) -> Self:
        self.paced.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.paced.close()
        self.line.close()

    def feed(self, data: bytes) -> None:
        """Let a second master send something."""
        self.paced.call(lambda panel: panel.feed(data))


class LitRack:
    """A supervisor and a lights worker as real processes; a context manager."""

    def __init__(self, folder: Path, panel: Benched, lights: str) -> None:
        """`lights` are the keys of the configuration's table of that name."""
        self._path: Final = folder / "rack.toml"
        self._path.write_text(RACK + _LIGHTS.format(lights=lights, port=panel.paced.link))
        self.config: Final = read_config(self._path)
        self.client: Final = ControlClient(control_socket(self.config))
        self._held: Final = ExitStack()

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tests.bench.lights_supervisor", str(self._path)]
        process = subprocess.Popen(command, cwd=Path(__file__).parents[2])
        self._held.callback(_stop, process)
        self._held.callback(self.client.close)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._held.close()

    @property
    def worker_pid(self) -> int:
        """Return the process of the lights worker."""
        pid = holder_of(lock_path(self.config, "lights"))
        assert pid is not None
        return pid

    def status(self) -> RackStatus | None:
        """Return what the rack says of itself; None if it does not answer."""
        try:
            return self.client.status()
        except ControlError:
            return None

    def panel(self) -> PanelDetail | None:
        """Return what the rack says of its panel; None if it says nothing yet."""
        status = self.status()
        return (
            status.lights.panels[0] if status and status.lights and status.lights.panels else None
        )

    def await_well(self, timeout_s: float = START_S) -> PanelDetail:
        """Return the panel as soon as it answers and all is well. Raises TimeoutError."""
        return self.await_panel(
            lambda panel: not panel.reason and panel.ir_measured == 100, timeout_s
        )

    def await_panel(self, is_so: Callable[[PanelDetail], bool], timeout_s: float) -> PanelDetail:
        """Return the panel as soon as it is so. Raises TimeoutError."""
        until_s = time.monotonic() + timeout_s
        while (panel := self.panel()) is None or not is_so(panel):
            if time.monotonic() > until_s:
                raise TimeoutError(f"panel after {timeout_s:.0f} s: {panel}")
            time.sleep(_POLL_S)
        return panel

    def last_row(self) -> int:
        """Return the newest row of the event ledger."""
        return int(self._ask("SELECT coalesce(max(row), 0) FROM event")[0][0])

    def reasons_after(self, row: int) -> list[str]:
        """Return the reasons in the panel's events after a row, only those that say something."""
        bodies = self._ask(
            "SELECT body FROM event WHERE topic = 'lights/north' AND row > ? ORDER BY row", row
        )
        reasons = [json.loads(body)["reason"] for (body,) in bodies]
        return [reason for reason in reasons if reason]

    def _ask(self, query: str, *values: int) -> list[Any]:
        ledger = f"file:{event_ledger(self.config)}?mode=ro"
        with closing(sqlite3.connect(ledger, uri=True)) as connection:
            return connection.execute(query, values).fetchall()


def lit_for(hours: float) -> str:
    """Return lights that went on so many hours ago, for twelve hours; negative: will go on."""
    on = datetime.now(UTC) - timedelta(hours=hours)
    return f"lights_on = {on:%H:%M:%S}\nlight_hours = 12"


def load() -> str:
    """Return how busy this machine is."""
    return " ".join(f"{one:.1f}" for one in os.getloadavg())


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_S)
    finally:
        process.kill()
        process.wait()
