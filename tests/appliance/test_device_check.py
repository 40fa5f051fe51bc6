"""What `ethoprofiler check` says of panels."""

import os
import time
from pathlib import Path

import pytest

from appliance import device_check
from appliance.config import read_config
from appliance.device_check import device_probes
from appliance.example_config import example_config
from appliance.instance_lock import InstanceLock
from appliance.probe import CheckRow, run_probes
from appliance.rack_path import control_socket, lock_path
from capture_hw.panel.panel import Panel
from capture_hw.panel.simulated_controller import SimulatedController
from tests.appliance.light_room import Room
from tests.appliance.running_lights import NORTH, RACK
from tests.capture_hw.port_bench import Bench
from tests.capture_hw.test_panel_reconnection import named
from tests.tui.rack_server import RackServer
from tests.tui.rack_state import rack


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("", ("ok", "serial number SIM-main, on /dev/pts/7; light is as scheduled")),
        ("panel main: no valid answer", ("failed", "which says: panel main: no valid answer")),
    ],
)
def test_a_panel_in_use_is_as_the_lights_worker_says(
    tmp_path: Path, reason: str, expected: tuple[str, str]
) -> None:
    path = tmp_path / "rack.toml"
    path.write_text(example_config(1))
    config = read_config(path)
    state = rack()
    assert state.lights is not None
    told = {"panel": "main", "serial_number": "SIM-main", "port": "/dev/pts/7", "reason": reason}
    panel = state.lights.panels[0].model_copy(update=told)
    lights = state.lights.model_copy(update={"panels": (panel,)})
    with (
        InstanceLock(lock_path(config, "lights")),
        RackServer(control_socket(config), state.model_copy(update={"lights": lights})),
    ):
        (row,) = run_probes([probe for probe in device_probes(config) if "panel" in probe.what])
    assert row.verdict == expected[0]
    assert row.text.startswith(f"in use by the lights worker, process {os.getpid()}")
    assert row.text.endswith(expected[1])


def checked(folder: Path, panel: Panel, monkeypatch: pytest.MonkeyPatch) -> CheckRow:
    """Return the row of a rack's only panel, which is this one."""
    path = folder / "rack.toml"
    path.write_text(RACK + NORTH)
    monkeypatch.setattr(device_check, "open_panel", lambda *_words: panel)
    (row,) = run_probes([one for one in device_probes(read_config(path)) if "panel" in one.what])
    return row


def test_a_panel_whose_board_is_just_starting_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Room(tmp_path, at_h=3)
    with room.keeper() as keeper:
        feed, until_s = SimulatedController.feed, time.monotonic() + 0.7

        def starting(controller: SimulatedController, data: bytes) -> bytes:
            return feed(controller, data) if time.monotonic() > until_s else b""

        monkeypatch.setattr(SimulatedController, "feed", starting)
        row = checked(tmp_path, keeper.panel, monkeypatch)
    assert row.verdict == "ok"
    assert "serial number SIM-north" in row.text


def test_a_panel_that_opening_resets_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench()
    bench.plug("/dev/a", named("N1", up_ms=90, cause="external"))
    row = checked(tmp_path, bench.panel, monkeypatch)
    assert row.verdict == "warning"
    assert row.text.endswith("; opening its line resets it, so its wiring is wrong")


SERIAL = """\
[[lights.panel]]
name = "{name}"
driver = "serial"
port = "/dev/{name}"
"""
LONG_DAY = """\
[[lights.change]]
at = 2026-03-02 07:00:00
light_hours = 16
panels = ["b"]
"""
SWAPPED = (
    "a, b have different plans and no `serial_number`, so nobody notices if they are swapped while "
    "the rack is stopped"
)
NUMBERED = 'serial_number = "EP-1"\n'


@pytest.mark.parametrize(
    ("panels", "expected"),
    [
        (SERIAL.format(name="a") + SERIAL.format(name="b"), []),
        (
            SERIAL.format(name="a") + SERIAL.format(name="b") + LONG_DAY,
            [SWAPPED],
        ),
        (SERIAL.format(name="a") + SERIAL.format(name="b") + NUMBERED + LONG_DAY, []),
    ],
)
def test_panels_with_plans_of_their_own_should_have_serial_numbers(
    tmp_path: Path, panels: str, expected: list[str]
) -> None:
    path = tmp_path / "rack.toml"
    path.write_text(RACK + panels)
    rows = run_probes([one for one in device_probes(read_config(path)) if one.what == "panels"])
    assert [row.text for row in rows] == expected
