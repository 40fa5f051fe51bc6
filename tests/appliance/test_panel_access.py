"""Blinking a panel whose line the lights worker holds, and one whose line nobody holds."""

import multiprocessing
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from appliance.commissioning import cage_camera, try_panels
from appliance.config import RackConfig, read_config
from appliance.instance_lock import InstanceLock, holder_of
from appliance.panel_access import infrared_dimmer
from appliance.panel_proof import dimmed_steps, prove_panel
from appliance.rack_path import lights_socket, lock_path
from appliance.worker import run_worker
from capture_hw.error import PanelRefused, PanelSilent
from capture_hw.panel_light import read_windows
from tests.appliance.test_commission import RACK

NORTH: Final = '[[lights.panel]]\nname = "north"\ndriver = "simulated"\nlight_file = "north.json"\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "rack.toml"
    path.write_text(RACK)
    return path


def lights_process(path: Path) -> None:
    """The whole of the lights worker's process."""
    sys.exit(run_worker("lights", path))


@contextmanager
def lights_at_work(config: RackConfig, path: Path) -> Iterator[None]:
    process = multiprocessing.get_context("spawn").Process(target=lights_process, args=(path,))
    process.start()
    try:
        deadline_s = time.monotonic() + 20
        while not (lights_socket(config).exists() and holder_of(lock_path(config, "lights"))):
            assert process.is_alive()
            assert time.monotonic() < deadline_s
            time.sleep(0.02)
        yield
    finally:
        process.kill()
        process.join(10)
        process.close()


def dimmed_ns(file: Path) -> list[int]:
    """Return how long each window of dimmed light was."""
    return [window.until_ns - window.from_ns for window in read_windows(file)]


def test_the_panel_behind_a_cage_is_found_while_the_lights_worker_holds_its_line(
    path: Path,
) -> None:
    path.write_text(RACK.replace(NORTH, ""))
    config = read_config(path)
    with lights_at_work(config, path), cage_camera(config, config.cage_numbered(1)) as camera:
        (south,) = try_panels(config, camera)
    assert (south.panel, south.is_seen) == ("south", True), south.text
    assert south.depth > 20.0
    assert dimmed_ns(path.parent / "south.json") == [1_200_000_000, 400_000_000]


def test_a_lights_worker_that_does_not_answer_is_said(path: Path) -> None:
    config = read_config(path)
    panel = config.lights.panel[0]
    with (
        InstanceLock(lock_path(config, "lights")),
        infrared_dimmer(config, panel) as dim,
        pytest.raises(PanelSilent, match=r"the lights worker does not answer: .*lights\.sock: no"),
    ):
        dim(30, 0.4)


def test_a_panel_that_refuses_is_not_taken_for_one_that_dims(path: Path) -> None:
    config = read_config(path)
    with infrared_dimmer(config, config.lights.panel[0]) as dim:
        dim(30, 0.4)
        with pytest.raises(PanelRefused, match="panel north: refuses 'override'"):
            dim(10, 0.4)


def test_infrared_light_too_low_to_be_dimmed_is_not_blinked(path: Path) -> None:
    path.write_text(RACK + "\n[lights]\nir_percent = 30\n")
    config = read_config(path)
    with cage_camera(config, config.cage_numbered(1)) as camera:
        trials = try_panels(config, camera)
    expected = "infrared light of 30 % cannot be dimmed to 30 %; not blinked"
    assert [(trial.is_seen, trial.text) for trial in trials] == [(None, expected)] * 2


def test_the_rhythm_is_two_dimmed_stretches() -> None:
    assert list(dimmed_steps()) == [(2, 3), (7, 1)]


def test_a_panel_too_slow_for_the_rhythm_three_times_is_no_verdict(path: Path) -> None:
    config = read_config(path)
    asked: list[tuple[int, float]] = []

    def dim_late(percent: int, for_s: float) -> None:
        asked.append((percent, for_s))
        time.sleep(0.25)

    with (
        cage_camera(config, config.cage_numbered(1)) as camera,
        pytest.raises(PanelSilent, match=r"dimming took 0\.\d s, too slow for the rhythm"),
    ):
        prove_panel(dim_late, camera)
    assert asked == [(30, 1.2)] * 3


def test_a_rhythm_that_a_busy_machine_spoiled_is_blinked_again(path: Path) -> None:
    config = read_config(path)
    asked: list[float] = []

    with (
        cage_camera(config, config.cage_numbered(1)) as camera,
        infrared_dimmer(config, config.lights.panel[1]) as dim,
    ):

        def dim_late_once(percent: int, for_s: float) -> None:
            asked.append(for_s)
            if len(asked) == 1:
                time.sleep(0.25)
                return
            dim(percent, for_s)

        result = prove_panel(dim_late_once, camera)
    assert (asked, result.is_seen) == ([1.2, 1.2, 0.4], True)
