"""`ethoprofiler commission`: cages, cameras and panels looked over."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from appliance.config import read_config
from appliance.instance_lock import InstanceLock
from appliance.main import main
from appliance.rack_path import lock_path, reference_path
from capture_hw.reference import read_reference

RACK = """\
[rack]
facility = "demo"
name = "rack-1"
data = "data"   # on a disk of its own
utc_offset = "+01:00"

[[lights.panel]]
name = "north"
driver = "simulated"
light_file = "north.json"

[[lights.panel]]
name = "south"
driver = "simulated"
light_file = "south.json"

[[cage]]
number = 1
animal = "one"
camera = { driver = "simulated", seed = 4, routine = "busy", light_file = "south.json" }

[[cage]]
number = 2
animal = "two"
camera = { driver = "simulated", faults = [{ kind = "black", after_s = 0, for_s = 900 }] }
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "rack.toml"
    path.write_text(RACK)
    return path


def commission(path: Path, *options: str, answers: str | None = None) -> Result:
    command = ["commission", str(path), "--look", "1", "--learn", "17", *options]
    return CliRunner().invoke(main, command, input=answers)


def test_a_fit_cage_is_saved_with_the_panel_behind_it_and_its_surroundings(path: Path) -> None:
    answers = "c\n20,70,660,400\n\n\n"
    result = commission(path, "--cage", "1", answers=answers)
    assert result.exit_code == 0, result.output
    assert "panel north  ok  not seen by this camera" in result.output
    assert "panel south  ok  seen by this camera" in result.output
    config = read_config(path)
    cage = config.cage_numbered(1)
    assert cage.panel == "south"
    assert cage.crop is not None
    assert (cage.crop.left, cage.crop.width) == (20, 660)
    assert 'data = "data"   # on a disk of its own' in path.read_text()
    reference = read_reference(reference_path(config, 1))
    assert reference is not None
    assert reference.picture.shape == (576, 704)
    assert (reference_path(config, 1).parent / "01_preview.png").stat().st_size > 50_000


def test_a_cage_left_out_changes_nothing(path: Path) -> None:
    result = commission(path, "--cage", "1", answers="l\nx\n")
    assert result.exit_code == 1
    assert result.output.count("exposure  ok") == 2
    assert path.read_text() == RACK
    assert not reference_path(read_config(path), 1).exists()


def test_a_dark_camera_is_not_saved_without_a_person(path: Path) -> None:
    result = commission(path, "--cage", "2", "--yes")
    assert result.exit_code == 1
    assert "exposure  failed  too dark: mean luma 17" in result.output
    assert "not saved: cage 02" in result.output
    assert path.read_text() == RACK


def test_a_camera_in_use_is_not_taken_from_its_recorder(path: Path) -> None:
    with InstanceLock(lock_path(read_config(path), "recorder-01")):
        result = commission(path, "--cage", "1", "--yes")
    assert result.exit_code == 1
    assert "cage 01: not saved: its recorder, process" in result.output
    assert "`ethoprofiler cage stop 1` frees it" in result.output


def test_an_unknown_cage_is_one_sentence(path: Path) -> None:
    result = commission(path, "--cage", "7", "--yes")
    assert result.exit_code == 1
    assert result.output == "Error: cage 07: not in the configuration\n"
