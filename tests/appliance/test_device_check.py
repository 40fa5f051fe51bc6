"""What `ethoprofiler check` says of panels that the lights worker has."""

import os
from pathlib import Path

import pytest

from appliance.config import read_config
from appliance.device_check import device_probes
from appliance.example_config import example_config
from appliance.instance_lock import InstanceLock
from appliance.probe import run_probes
from appliance.rack_path import control_socket, lock_path
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
