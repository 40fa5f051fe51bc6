"""`ethoprofiler commission`: cages, cameras and panels looked over."""

from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from appliance.command.commission import commission as commission_command
from appliance.commission_dialog import CommissionDialog, Given
from appliance.commissioning import cage_camera, try_panels
from appliance.config import ConfigError, read_config
from appliance.demo_config import write_demo_config
from appliance.example_config import example_config
from appliance.instance_lock import InstanceLock
from appliance.main import main
from appliance.rack_path import lock_path, reference_path
from capture_hw.reference import Reference, ReferenceUnusable, learn, read_reference
from capture_hw.simulation.cage import SimulatedCage
from inference.crop import CropRectangle

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


SILENT = RACK.replace(
    'light_file = "south.json"\n\n',
    'faults = [{ kind = "silent", after_s = 0, for_s = 900 }]\n\n',
    1,
).replace('animal = "one"', 'animal = "one"\npanel = "south"')
CROP = CropRectangle(left=20, top=70, width=660, height=400)


@cache
def learnt() -> Reference:
    cage = SimulatedCage(4, routine="busy")
    return learn([cage.picture(number * 100) for number in range(8)])


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # Pictures follow each other five times as fast: learning takes 4 s instead of 17.
    monkeypatch.setattr("appliance.commissioning._PICTURE_EVERY_NS", 400_000_000)
    learning = next(one for one in commission_command.params if one.name == "learn_s")
    monkeypatch.setattr(learning.type, "min", 4.0)
    path = tmp_path / "rack.toml"
    path.write_text(RACK)
    return path


def commission(path: Path, *options: str, answers: str | None = None) -> Result:
    command = ["commission", str(path), "--look", "1", "--learn", "4", *options]
    return CliRunner().invoke(main, command, input=answers)


def test_a_fit_cage_is_saved_with_the_panel_behind_it_and_its_surroundings(path: Path) -> None:
    answers = "c\n20,70,660,400\n\n\n"
    result = commission(path, "--cage", "1", answers=answers)
    assert result.exit_code == 0, result.output
    assert "panel north  ok  not seen by this camera" in result.output
    assert "panel south  ok  seen by this camera" in result.output
    assert "\nlearnt: mean luma " in result.output
    assert "\nfaults: 40% over-exposed, moved beyond 7 px, likeness below 0.6" in result.output
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


def test_a_configured_panel_that_is_silent_stays_after_a_question(path: Path) -> None:
    path.write_text(SILENT)
    result = commission(path, "--cage", "1", answers="\ny\n\n")
    assert result.exit_code == 0, result.output
    assert "panel south  failed  no valid answer to 'identify'" in result.output
    assert "no panel is seen; go on with panel south? [y/N]: y" in result.output
    assert "cage 01: saved" in result.output
    assert path.read_text() == SILENT


@pytest.mark.parametrize(("options", "answers"), [(["--yes"], None), ([], "\n\n")])
def test_a_silent_panel_is_not_passed_over_without_a_word(
    path: Path, options: list[str], answers: str | None
) -> None:
    path.write_text(SILENT)
    result = commission(path, "--cage", "1", *options, answers=answers)
    assert result.exit_code == 1
    assert "learning" not in result.output
    assert "not saved: cage 01" in result.output
    assert not reference_path(read_config(path), 1).exists()


def test_a_crop_outside_of_the_picture_is_shown_and_said(path: Path) -> None:
    result = commission(path, "--cage", "1", answers="c\n0,600,10,10\nx\n")
    assert result.exit_code == 1
    assert "10x10 at 0, 600 reaches beyond the picture of 704x576" in result.output


def test_a_reference_that_cannot_be_written_leaves_the_configuration(path: Path) -> None:
    config = read_config(path)
    reference_path(config, 1).mkdir(parents=True)
    dialog = CommissionDialog(path, Given(look_s=1.0, learn_s=17.0, png=None, asks=False))
    cage = config.cage_numbered(1).model_copy(update={"crop": CROP})
    with pytest.raises(ReferenceUnusable, match=r"01\.png: cannot be written"):
        dialog._save(cage, learnt())
    assert path.read_text() == RACK


def test_a_configuration_that_cannot_be_written_says_what_is_saved(path: Path) -> None:
    config = read_config(path)
    path.with_name("rack.toml.part").mkdir()
    dialog = CommissionDialog(path, Given(look_s=1.0, learn_s=17.0, png=None, asks=False))
    cage = config.cage_numbered(1).model_copy(update={"crop": CROP})
    expected = r"rack\.toml: cannot be written: .*; the reference is saved already, in .*01\.png"
    with pytest.raises(ConfigError, match=expected):
        dialog._save(cage, learnt())
    assert path.read_text() == RACK
    assert read_reference(reference_path(config, 1)) is not None


@pytest.mark.parametrize("is_demo", [True, False])
def test_the_panel_of_the_demonstration_and_of_the_example_is_found(
    tmp_path: Path, is_demo: bool
) -> None:
    path = tmp_path / "rack.toml"
    path.write_text(example_config(1))
    if is_demo:
        write_demo_config(path, cages=1, port=1883, segment_s=60, threads=1)
    config = read_config(path)
    with cage_camera(config, config.cage_numbered(1)) as camera:
        (trial,) = try_panels(config, camera)
    assert (trial.panel, trial.is_seen) == ("main", True), trial.text
    assert trial.depth > 20.0


def test_an_unknown_cage_is_one_sentence(path: Path) -> None:
    result = commission(path, "--cage", "7", "--yes")
    assert result.exit_code == 1
    assert result.output == "Error: cage 07: not in the configuration\n"
