"""Opening a V4L2 camera: what is set, what is refused, what stays open."""

import errno
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from capture_hw.error import DeviceLost
from capture_hw.v4l2.number import (
    ControlId,
    Field,
    InputStatus,
    SelectionTarget,
    Standard,
)
from tests.capture_hw.v4l2_card import (
    BUS,
    GRAY,
    card_device,
    open_card,
    opened_card,
)
from tests.capture_hw.v4l2_device import (
    PAL_FPS,
    ScriptedControl,
    ScriptedDevice,
    ScriptedInput,
)
from tests.capture_hw.v4l2_kernel import ScriptedMachine


@pytest.fixture
def card(tmp_path: Path) -> ScriptedMachine:
    return ScriptedMachine(tmp_path)


def test_ntsc_has_its_bottom_field_first_and_webcams_have_none(card: ScriptedMachine) -> None:
    ntsc = (("NTSC", int(Standard.NTSC), PAL_FPS * 30000 / 25025, 525),)
    analog = ScriptedInput("Composite", standards=int(Standard.NTSC))
    device = card_device(inputs=[analog], standards=ntsc)
    with closing(opened_card(card, device, standard="NTSC")) as camera:
        assert "Composite, NTSC, GREY 64x48 interlaced, bottom field first" in camera.format.source
    card.unplug(0)
    webcam = card_device(inputs=[ScriptedInput("Camera 1", standards=0)], standards=())
    with closing(opened_card(card, webcam)) as camera:
        assert "Camera 1, GREY 64x48, timed at the end" in camera.format.source


def test_what_an_earlier_program_cut_off_or_covered_is_whole_again(card: ScriptedMachine) -> None:
    device = card_device()
    whole = (0, 0, 64, 48)
    device.rectangles = {
        SelectionTarget.CROP: (8, 8, 32, 24),
        SelectionTarget.CROP_DEFAULT: whole,
        SelectionTarget.COMPOSE: (0, 0, 32, 24),
        SelectionTarget.COMPOSE_DEFAULT: whole,
    }
    with closing(opened_card(card, device)):
        assert set(device.rectangles.values()) == {whole}


def test_an_input_without_signal_is_not_opened(card: ScriptedMachine) -> None:
    dark = ScriptedInput("Eye 2", status=InputStatus.NO_SIGNAL)
    card.plug(0, card_device(inputs=[ScriptedInput(), dark]))
    with pytest.raises(DeviceLost, match=r"14\.0-1 node 0: .*no signal on input 1"):
        open_card(card, input="Eye 2")
    assert card.kernel.open_descriptors() == 0


def test_controls_are_set_and_read_back(card: ScriptedMachine) -> None:
    gain = ScriptedControl(0x980913, "Gain", maximum=100)
    period = ScriptedControl(ControlId.MPEG_VIDEO_H264_I_PERIOD, "H264 I-Frame Period")
    device = card_device(controls=[gain, period])
    keys = {"gain": 20, "h264_i_frame_period": 25}
    with closing(opened_card(card, device, controls=keys)):
        assert (gain.value, period.value) == (20, 25)


@pytest.mark.parametrize(
    ("controls", "sentence"),
    [
        ({"gain": 21}, "control gain = 21: the device made it 20"),
        ({"gain": 101}, "control gain = 101: must be 0 to 100"),
        ({"grain": 1}, 'has no control "grain"; it has gain'),
    ],
)
def test_a_control_that_is_not_taken_is_refused(
    card: ScriptedMachine, controls: dict[str, int], sentence: str
) -> None:
    gain = ScriptedControl(0x980913, "Gain", maximum=100, step=10)
    card.plug(0, card_device(controls=[gain]))
    with pytest.raises(DeviceLost) as caught:
        open_card(card, controls=controls)
    assert str(caught.value).endswith(sentence)
    assert card.kernel.open_descriptors() == 0


@pytest.mark.parametrize(
    "name",
    [
        "VIDIOC_S_INPUT",
        "VIDIOC_S_STD",
        "VIDIOC_S_FMT",
        "VIDIOC_S_PARM",
        "VIDIOC_REQBUFS",
        "mmap",
        "VIDIOC_STREAMON",
        "poll",
    ],
)
def test_an_opening_that_fails_leaves_nothing_open(card: ScriptedMachine, name: str) -> None:
    device = card_device()
    card.plug(0, device)
    card.kernel.fail(name, errno.EIO)
    with pytest.raises(DeviceLost, match=f"node 0: .*/dev/video0: {name}: "):
        open_card(card, input=0, standard="PAL")
    assert card.kernel.open_descriptors() == 0
    assert not device.buffers
    assert Path("/proc/self/maps").read_text().count("memfd:v4l2") == 0


def test_a_device_that_delivers_nothing_is_not_opened(card: ScriptedMachine) -> None:
    card.plug(0, card_device())
    begun_s = time.monotonic()
    with pytest.raises(DeviceLost, match="no frame for 5 s"):
        open_card(card)
    assert time.monotonic() - begun_s < 6.0
    assert card.kernel.open_descriptors() == 0


@pytest.mark.parametrize(
    ("field", "what"),
    [
        (Field.ALTERNATE, "top and bottom fields in turn"),
        (Field.TOP, "top fields only"),
        (Field.SEQ_TB, "a picture's fields one after the other"),
        (12, "fields in an unknown order, 12"),
    ],
)
def test_single_fields_are_refused(card: ScriptedMachine, field: int, what: str) -> None:
    class _Fielded(ScriptedDevice):
        @property
        def field_order(self) -> Any:
            return field

    card.plug(0, _Fielded(bus_info=BUS, formats=(GRAY,)))
    with pytest.raises(DeviceLost, match=f"delivers {what}, and only whole pictures"):
        open_card(card)


def test_a_size_that_the_device_does_not_take_is_refused(card: ScriptedMachine) -> None:
    class _Stubborn(ScriptedDevice):
        def fitting_size(self, *_: object) -> tuple[int, int]:
            return 64, 40

    card.plug(0, _Stubborn(bus_info=BUS, formats=(GRAY,)))
    with pytest.raises(DeviceLost, match="was told 64x48 and set 64x40"):
        open_card(card, width=64, height=48)
