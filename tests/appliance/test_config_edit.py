"""Changing a cage in a configuration file."""

from pathlib import Path

import pytest

from appliance.config import ConfigError, read_config
from appliance.config_edit import edit_cage
from appliance.example_config import example_config
from capture_hw.camera_config import V4l2CameraConfig
from inference.crop import CropRectangle

CARD = V4l2CameraConfig(
    driver="v4l2", device="PCI:0000:03:00.0", node=2, card="TW6869", controls={"gain": 3}
)
CROP = CropRectangle(left=30, top=60, width=640, height=480)

BY_TABLES = """\
[rack]
facility = "demo"   # the house
name = "rack-1"
data = "data"
utc_offset = "+01:00"

[[cage]]
number = 1
animal = "one"
[cage.camera]
driver = "simulated" # for now
seed = 4
[cage.crop]
left = 1
top = 2
width = 300
height = 200

[[cage]]
number = 2
animal = "two"
camera = { driver = "simulated", seed = 2 }

# the end
[alerts]
lag_s = 60.0
"""


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_the_example_keeps_every_other_line(tmp_path: Path) -> None:
    path = written(tmp_path / "rack.toml", example_config(3))
    before = path.read_text().splitlines()
    cage = read_config(path).cage_numbered(2)
    edit_cage(path, cage.model_copy(update={"camera": CARD, "crop": CROP, "panel": "main"}))
    after = path.read_text().splitlines()
    assert [line for line in before if line not in after] == [
        'camera = { driver = "simulated", seed = 2, fur = "white" }'
    ]
    assert [line for line in after if line not in before] == [
        (
            'camera = {driver = "v4l2", device = "PCI:0000:03:00.0", node = 2, card = "TW6869", '
            "controls = {gain = 3}}"
        ),
        "crop = {left = 30, top = 60, width = 640, height = 480}",
        'panel = "main"',
    ]
    edited = read_config(path)
    assert edited.cage_numbered(2).camera == CARD
    assert edited.cage_numbered(2).crop == CROP
    assert edited.cage_numbered(1).camera == read_config(path).cage_numbered(1).camera


def test_tables_stay_tables_and_the_next_section_stays_whole(tmp_path: Path) -> None:
    path = written(
        tmp_path / "rack.toml",
        BY_TABLES.replace(
            "[alerts]", '[[lights.panel]]\nname = "main"\ndriver = "simulated"\n\n[alerts]'
        ),
    )
    cage = read_config(path).cage_numbered(1)
    edit_cage(path, cage.model_copy(update={"camera": CARD, "crop": CROP, "panel": "main"}))
    edited = read_config(path)
    assert edited.cage_numbered(1).camera == CARD
    assert edited.cage_numbered(1).crop == CROP
    assert edited.cage_numbered(1).panel == "main"
    assert edited.cage_numbered(2).crop is None
    assert edited.alerts.lag_s == 60.0
    text = path.read_text()
    assert "[cage.camera]" in text
    assert "# the house" in text
    assert "# the end" in text


def test_a_key_can_be_taken_out(tmp_path: Path) -> None:
    path = written(tmp_path / "rack.toml", BY_TABLES)
    edit_cage(path, read_config(path).cage_numbered(1).model_copy(update={"crop": None}))
    assert read_config(path).cage_numbered(1).crop is None
    assert "[cage.crop]" not in path.read_text()


def test_what_cannot_be_valid_changes_nothing(tmp_path: Path) -> None:
    path = written(tmp_path / "rack.toml", BY_TABLES)
    cage = read_config(path).cage_numbered(1)
    with pytest.raises(ConfigError, match="no such panel"):
        edit_cage(path, cage.model_copy(update={"panel": "north"}))
    assert path.read_text() == BY_TABLES
    assert sorted(tmp_path.iterdir()) == [path]


def test_mode_and_link_of_the_file_stay(tmp_path: Path) -> None:
    real = written(tmp_path / "real.toml", BY_TABLES)
    real.chmod(0o640)
    link = tmp_path / "rack.toml"
    link.symlink_to(real)
    edit_cage(link, read_config(link).cage_numbered(2).model_copy(update={"crop": CROP}))
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert read_config(link).cage_numbered(2).crop == CROP
