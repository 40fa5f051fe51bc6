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

CARD_LINE = (
    'camera = {driver = "v4l2", device = "PCI:0000:03:00.0", node = 2, card = "TW6869", '
    "controls = {gain = 3}}"
)

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


COMMENTED = """\
[rack]
facility = "demo"
name = "rack-1"
data = "data"
utc_offset = "+01:00"

[[lights.panel]]
name = "main"
driver = "simulated"

[[cage]]
number = 1
animal = "one"

# the camera
[cage.camera]
# from the loft
driver = "simulated"  # for now
seed = 4

# what it shows
[cage.crop]
left = 1  # px
top = 2
width = 300
height = 200

# by the door
[[cage]]
number = 2
animal = "two"
camera = { driver = "simulated", seed = 2 }  # new

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
        'camera = { driver = "simulated", seed = 2, fur = "white", light_file = "light.json" }'
    ]
    assert [line for line in after if line not in before] == [
        CARD_LINE,
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


def test_comments_stay_in_a_table_and_above_the_next(tmp_path: Path) -> None:
    path = written(tmp_path / "rack.toml", COMMENTED)
    cage = read_config(path).cage_numbered(1)
    edit_cage(path, cage.model_copy(update={"camera": CARD, "crop": CROP, "panel": "main"}))
    kept_head, _, kept_end = COMMENTED.partition('animal = "one"\n')
    changed = """\
animal = "one"
panel = "main"

# the camera
[cage.camera]
# from the loft
driver = "v4l2"  # for now
device = "PCI:0000:03:00.0"
node = 2
card = "TW6869"
controls = {gain = 3}

# what it shows
[cage.crop]
left = 30  # px
top = 60
width = 640
height = 480
"""
    assert path.read_text() == kept_head + changed + kept_end[kept_end.index("\n# by the door") :]


def test_a_table_taken_out_leaves_the_comment_above_the_next(tmp_path: Path) -> None:
    path = written(tmp_path / "rack.toml", COMMENTED)
    edit_cage(path, read_config(path).cage_numbered(1).model_copy(update={"crop": None}))
    begin, end = COMMENTED.index("[cage.crop]"), COMMENTED.index("\n# by the door")
    assert path.read_text() == COMMENTED[:begin] + COMMENTED[end:]


def test_new_keys_of_a_cage_come_before_the_comment_above_the_next(tmp_path: Path) -> None:
    path = written(tmp_path / "rack.toml", COMMENTED)
    cage = read_config(path).cage_numbered(2)
    edit_cage(path, cage.model_copy(update={"crop": CROP, "panel": "main"}))
    line = 'camera = { driver = "simulated", seed = 2 }  # new\n'
    new = 'crop = {left = 30, top = 60, width = 640, height = 480}\npanel = "main"\n'
    assert path.read_text() == COMMENTED.replace(line, line + new)


def test_controls_with_lines_of_their_own_keep_them(tmp_path: Path) -> None:
    before, after = "gain = 1  # bright\n", "gain = 3  # bright\n"
    table = 'driver = "v4l2"\ndevice = "usb-1"\n[cage.camera.controls]\n' + before + "hue = 2\n"
    text = COMMENTED.replace('driver = "simulated"  # for now\nseed = 4\n', table)
    path = written(tmp_path / "rack.toml", text)
    cage = read_config(path).cage_numbered(1)
    camera = cage.camera.model_copy(update={"controls": {"gain": 3, "white balance": 5}})
    edit_cage(path, cage.model_copy(update={"camera": camera}))
    expected = text.replace(before, after).replace("hue = 2\n", '"white balance" = 5\n')
    assert path.read_text() == expected


def test_dotted_keys_become_one_line(tmp_path: Path) -> None:
    dotted = 'camera.driver = "simulated"\ncamera.seed = 2\n'
    line = 'camera = { driver = "simulated", seed = 2 }  # new\n'
    path = written(tmp_path / "rack.toml", COMMENTED.replace(line, dotted))
    edit_cage(path, read_config(path).cage_numbered(2).model_copy(update={"camera": CARD}))
    assert path.read_text() == COMMENTED.replace(line, CARD_LINE + "\n")


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
