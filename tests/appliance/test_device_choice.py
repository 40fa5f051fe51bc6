"""Which device and input a cage's camera is: asked, written down, doubted."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from appliance.config import read_config
from appliance.device_check import device_probes
from appliance.device_config import device_config
from appliance.device_dialog import pick_camera
from capture_hw.camera_config import CameraConfig, SimulatedCameraConfig, V4l2CameraConfig
from capture_hw.v4l2.number import Standard
from capture_hw.v4l2.survey import survey
from tests.capture_hw.v4l2_card import BRIGHT, BUS, card_device, open_card
from tests.capture_hw.v4l2_device import PAL_FPS, ScriptedDevice, ScriptedInput
from tests.capture_hw.v4l2_kernel import ScriptedMachine
from tests.capture_hw.v4l2_pace import paced

INPUTS = (ScriptedInput("Composite"), ScriptedInput("S-Video"), ScriptedInput("HDMI", standards=0))
SIMULATED = SimulatedCameraConfig(driver="simulated", seed=4)


@pytest.fixture
def card(tmp_path: Path) -> ScriptedMachine:
    return ScriptedMachine(tmp_path)


def v4l2(**keys: object) -> V4l2CameraConfig:
    return V4l2CameraConfig.model_validate({"driver": "v4l2", "device": BUS, **keys})


def plug(card: ScriptedMachine, present: int = 1, **details: object) -> ScriptedDevice:
    device = card_device(**{"inputs": INPUTS, **details})
    device.input = present
    card.plug(0, device)
    return device


def picked(card: ScriptedMachine, camera: CameraConfig, answers: str) -> tuple[CameraConfig, str]:
    """Return what was picked and what was shown."""
    cameras: list[CameraConfig] = []

    @click.command()
    def ask() -> None:
        cameras.append(pick_camera(camera, card.machine))

    result = CliRunner().invoke(ask, input=answers)
    assert result.exit_code == 0, result.output
    return cameras[0], result.output


def test_of_several_inputs_the_chosen_one_is_written_down(card: ScriptedMachine) -> None:
    plug(card)
    camera, shown = picked(card, SIMULATED, "1\n0\n")
    assert "  0  Composite\n  1  S-Video, in use\n  2  HDMI\n" in shown
    assert camera == v4l2(card="Cam A", input="Composite", standard="PAL")


def test_the_input_in_use_is_proposed_and_a_digital_one_has_no_standard(
    card: ScriptedMachine,
) -> None:
    plug(card)
    assert picked(card, SIMULATED, "1\n\n")[0] == v4l2(
        card="Cam A", input="S-Video", standard="PAL"
    )
    assert picked(card, SIMULATED, "1\n2\n")[0] == v4l2(card="Cam A", input="HDMI")


def test_a_device_with_one_input_is_not_asked_for_it(card: ScriptedMachine) -> None:
    plug(card, 0, inputs=(ScriptedInput("Camera 1", standards=0),))
    camera, shown = picked(card, SIMULATED, "1\n")
    assert camera == v4l2(card="Cam A")
    assert "Camera 1" not in shown


def test_inputs_of_the_same_name_are_told_apart_by_number(card: ScriptedMachine) -> None:
    plug(card, inputs=(ScriptedInput("Composite"), ScriptedInput("Composite")))
    (device,) = survey(card.machine).devices
    assert [device_config(device, number).input for number in (0, 1)] == [0, 1]


@pytest.mark.parametrize("standard", [Standard.PAL_60, Standard.PAL | Standard.SECAM])
def test_a_standard_without_a_word_of_its_own_is_not_written(
    card: ScriptedMachine, standard: Standard
) -> None:
    plug(card, standards=(("odd", int(standard), PAL_FPS, 625),), inputs=[ScriptedInput()] * 2)
    (device,) = survey(card.machine).devices
    assert device_config(device, 0).standard is None


SETTINGS = {"controls": {"gain": 20}, "width": 720, "fps": 12.5}


@pytest.mark.parametrize(
    "old",
    [
        v4l2(card="Cam A", input=2, **SETTINGS),
        v4l2(card="Cam A", input="HDMI", **SETTINGS).model_copy(update={"device": "usb-2"}),
        v4l2(input=2, **SETTINGS),
    ],
)
def test_settings_are_carried_over_to_a_device_of_the_same_make(
    card: ScriptedMachine, old: V4l2CameraConfig
) -> None:
    plug(card)
    assert picked(card, old, "1\n\n")[0] == v4l2(card="Cam A", input="HDMI", **SETTINGS)


def test_a_configured_standard_stays(card: ScriptedMachine) -> None:
    plug(card)
    old = v4l2(card="Cam A", input=0, standard="SECAM")
    assert picked(card, old, "1\n\n")[0] == v4l2(card="Cam A", input="Composite", standard="SECAM")


@pytest.mark.parametrize(
    "old",
    [
        v4l2(card="Cam B", input=2, standard="SECAM", **SETTINGS),
        v4l2(node=1, input=2, standard="SECAM", **SETTINGS),
    ],
)
def test_settings_of_another_make_are_not_carried_over(
    card: ScriptedMachine, old: V4l2CameraConfig
) -> None:
    plug(card)
    assert picked(card, old, "1\n\n")[0] == v4l2(card="Cam A", input="S-Video", standard="PAL")


def test_the_configured_camera_may_stay(card: ScriptedMachine) -> None:
    assert picked(card, SIMULATED, "")[1] == "no V4L2 device; the camera stays simulated\n"
    plug(card)
    assert picked(card, SIMULATED, "\n")[0] is SIMULATED


RACK = """\
[rack]
facility = "test"
name = "rack-1"
data = "data"
utc_offset = "+01:00"

[[cage]]
number = 1
animal = "one"
camera = {{ driver = "v4l2", device = "{bus}"{more} }}
"""


@contextmanager
def taking_pictures(card: ScriptedMachine, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a device of three inputs take pictures, and be found by the product itself."""
    device = plug(card)
    for module in ("appliance.device_check", "capture_hw.driver.v4l2"):
        monkeypatch.setattr(f"{module}.Machine", lambda: card.machine)
    with paced(card.kernel, device, [BRIGHT]):
        yield


@pytest.mark.parametrize(
    ("more", "verdict", "end"),
    [
        (
            "",
            "warning",
            '3; 1 "S-Video" is recorded, and perhaps another one after a restart',
        ),
        (', input = "S-Video"', "ok", "pictures, encoded by the recorder"),
    ],
)
def test_the_check_warns_of_an_input_that_nobody_chose(
    card: ScriptedMachine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    more: str,
    verdict: str,
    end: str,
) -> None:
    path = tmp_path / "rack.toml"
    path.write_text(RACK.format(bus=BUS, more=more))
    with taking_pictures(card, monkeypatch):
        finding = device_probes(read_config(path))[0].look()
    assert finding.verdict == verdict
    assert finding.text.endswith(end)


@pytest.mark.parametrize(("keys", "lines"), [({}, 1), ({"input": "S-Video"}, 0)])
def test_opening_says_once_that_nobody_chose_the_input(
    card: ScriptedMachine, caplog: pytest.LogCaptureFixture, keys: dict[str, str], lines: int
) -> None:
    device = plug(card)
    with paced(card.kernel, device, [BRIGHT]):
        open_card(card, **keys).close()
    said = [line for line in caplog.messages if "input is not configured" in line]
    assert len(said) == lines
    assert all(line.startswith(f"{BUS} node 0: input is not") for line in said)
