"""`ethoprofiler devices`, before scripted devices and on the machine itself."""

import json
import os
import subprocess
import sys
import tomllib
from fractions import Fraction
from itertools import takewhile
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner, Result
from pydantic import TypeAdapter

from appliance.command.devices import devices
from capture_hw.camera_config import CameraConfig, V4l2CameraConfig
from capture_hw.v4l2.device import find_device
from capture_hw.v4l2.kernel import Machine
from capture_hw.v4l2.number import ControlFlag, ControlKind, InputStatus, Standard
from tests.capture_hw.v4l2_device import (
    ScriptedControl,
    ScriptedDevice,
    ScriptedFormat,
    ScriptedInput,
)
from tests.capture_hw.v4l2_kernel import ScriptedMachine

GOLDEN: Final = Path(__file__).parent / "golden"


def capture_card() -> ScriptedDevice:
    return ScriptedDevice(
        card="Grabber 16",
        bus_info="PCI:0000:03:00.0",
        driver="grabber",
        inputs=(
            ScriptedInput("Composite", status=InputStatus.NO_SIGNAL, standards=0xFF_FFFF),
            ScriptedInput("S-Video"),
            ScriptedInput("HDMI", standards=0),
        ),
        standards=(
            ("PAL", Standard.PAL, Fraction(25), 625),
            ("PAL-H", 0x08, Fraction(25), 625),
            ("SECAM", Standard.SECAM, Fraction(25), 625),
            ("PAL-60", Standard.PAL_60, Fraction(30000, 1001), 525),
        ),
        formats=(
            ScriptedFormat("H264", ((704, 576),)),
            ScriptedFormat("YUYV", size_range=(48, 720, 2, 32, 576, 2), rates=()),
            ScriptedFormat("YVYU"),
            ScriptedFormat("BGR3"),
        ),
    )


def usb_camera() -> ScriptedDevice:
    return ScriptedDevice(
        card='The "Eye"',
        inputs=(ScriptedInput("Camera 1", standards=0),),
        formats=(
            ScriptedFormat(
                "MJPG",
                ((640, 480), (1280, 720)),
                rates=(Fraction(30), Fraction(25), Fraction(15, 2)),
            ),
            ScriptedFormat("GREY", ((640, 480),), rate_range=(Fraction(1), Fraction(60))),
        ),
        controls=(
            ScriptedControl(0x980913, "Gain", maximum=100, default=10, value=20),
            ScriptedControl(
                0x9A0901,
                "Auto Exposure",
                ControlKind.MENU,
                maximum=3,
                default=3,
                value=1,
                menu={1: "Manual Mode", 3: "Aperture Priority Mode"},
            ),
            ScriptedControl(0x9A0A00, "Temperature", flags=ControlFlag.READ_ONLY, value=41),
        ),
    )


@pytest.fixture
def machine(tmp_path: Path) -> ScriptedMachine:
    """A machine with a card of two channels and a USB camera; its folders in the output differ."""
    scripted = ScriptedMachine(tmp_path)
    scripted.plug(0, usb_camera(), serial="A-17")
    scripted.plug(1, capture_card(), usb=None)
    card = capture_card()
    card.input = 2
    scripted.plug(2, card, usb=None, index=1)
    return scripted


def shown(machine: Machine | None, *arguments: str) -> Result:
    done = CliRunner().invoke(devices, arguments, obj=machine)
    assert done.exit_code == 0, done.output
    return done


def test_every_device_is_shown_with_all_that_it_offers(machine: ScriptedMachine) -> None:
    text = shown(machine.machine).stdout.replace(str(machine.devices), "/dev")
    lines = [line.rstrip() for line in text.splitlines()]
    assert "\n".join(lines) + "\n" == (GOLDEN / "devices.txt").read_text()


def test_json_says_the_same_to_programs(machine: ScriptedMachine) -> None:
    text = shown(machine.machine, "--json").stdout.replace(str(machine.devices), "/dev")
    assert json.loads(text) == json.loads((GOLDEN / "devices.json").read_text())


def test_the_shown_lines_configure_that_device(machine: ScriptedMachine) -> None:
    lines = [line[13:] for line in shown(machine.machine).stdout.splitlines()]
    starts = [at for at, line in enumerate(lines) if line.startswith("[cage.camera]")]
    found = []
    for start in starts:
        keys = list(takewhile(lambda line: " = " in line, lines[start + 1 :]))
        config = TypeAdapter(CameraConfig).validate_python(tomllib.loads("\n".join(keys)))
        assert isinstance(config, V4l2CameraConfig)
        path = find_device(config, machine.machine)
        found.append((path.name, config.card, config.serial, config.input, config.standard))
    assert found == [
        ("video1", "Grabber 16", None, "Composite", "PAL"),
        ("video2", "Grabber 16", None, "HDMI", None),
        ("video0", 'The "Eye"', "A-17", None, None),
    ]


def test_looking_asks_and_never_sets(machine: ScriptedMachine) -> None:
    shown(machine.machine)
    assert machine.kernel.calls
    assert not [name for name in machine.kernel.calls if name.startswith("VIDIOC_S_")]
    assert machine.kernel.open_descriptors() == 0


def test_a_device_that_does_not_answer_is_one_line_beside_the_others(
    machine: ScriptedMachine,
) -> None:
    machine.kernel.fail("VIDIOC_ENUM_FMT", 19)
    done = shown(machine.machine)
    assert done.stderr == (f"{machine.devices}/video1: VIDIOC_ENUM_FMT: the device is gone\n")
    assert "PCI:0000:03:00.0 node 1" in done.stdout
    machine.kernel.fail("open", 13, times=3)
    document = json.loads(shown(machine.machine, "--json").stdout)
    assert document["devices"] == []
    assert document["refusals"][0].endswith(
        "open: permission denied; is this user in the group `video`?"
    )


def test_no_device_is_said_and_is_no_failure(tmp_path: Path) -> None:
    bare = Machine(devices=tmp_path / "dev", sysfs=tmp_path / "sys")
    done = shown(bare)
    assert done.stdout == "no V4L2 device found\n"
    assert json.loads(shown(bare, "--json").stdout) == {
        "schema": "ethoprofiler.devices/1",
        "devices": [],
        "refusals": [],
    }


def test_the_program_lists_what_this_machine_has() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "appliance", "devices", "--json"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "COLUMNS": "80"},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["schema"] == "ethoprofiler.devices/1"
