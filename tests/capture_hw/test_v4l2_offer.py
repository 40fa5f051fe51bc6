"""What a node offers and how its controls are set, through the kernel's face."""

import errno
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from capture_hw.error import DeviceLost
from capture_hw.v4l2.control import Control, list_controls, named_control, set_control
from capture_hw.v4l2.node import Node
from capture_hw.v4l2.number import (
    STD_625_50,
    BufferType,
    Cap,
    ControlFlag,
    ControlKind,
    InputKind,
    InputStatus,
    Standard,
    fourcc,
)
from capture_hw.v4l2.offer import (
    FormatOffer,
    InputOffer,
    RateRange,
    SizeOffer,
    Span,
    StandardOffer,
    list_formats,
    list_inputs,
    list_standards,
)
from tests.capture_hw.v4l2_device import (
    ScriptedControl,
    ScriptedDevice,
    ScriptedFormat,
    ScriptedInput,
)
from tests.capture_hw.v4l2_kernel import ScriptedMachine


@pytest.fixture
def machine(tmp_path: Path) -> ScriptedMachine:
    return ScriptedMachine(tmp_path)


def test_inputs_and_standards_are_listed_with_what_is_wrong(machine: ScriptedMachine) -> None:
    card = ScriptedDevice(
        inputs=(
            ScriptedInput("Composite", status=InputStatus.NO_SIGNAL | InputStatus.NO_H_LOCK),
            ScriptedInput("HDMI", standards=0),
            ScriptedInput("Antenna", InputKind.TUNER),
        ),
        standards=(
            ("PAL", Standard.PAL, Fraction(25), 625),
            ("NTSC", Standard.NTSC, Fraction(30000, 1001), 525),
        ),
    )
    node = Node(machine.plug(0, card), machine.kernel)
    assert list_inputs(node) == (
        InputOffer(0, "Composite", "camera", True, ("no signal", "no h lock")),
        InputOffer(1, "HDMI", "camera", False, ()),
        InputOffer(2, "Antenna", "tuner", True, ()),
    )
    assert STD_625_50 & Standard.NTSC == 0
    assert list_standards(node) == (StandardOffer(0xFF, "PAL", Fraction(25), 625),)
    node.set_input(1)
    assert node.input() == 1
    assert list_standards(node) == ()


def test_single_sizes_and_ranges_are_listed_with_their_rates(machine: ScriptedMachine) -> None:
    card = ScriptedDevice(
        formats=(
            ScriptedFormat("MJPG", ((640, 480), (1920, 1080)), rates=(Fraction(30), Fraction(25))),
            ScriptedFormat(
                "GREY",
                size_range=(16, 2048, 16, 16, 1536, 16),
                rate_range=(Fraction(1), Fraction(60)),
            ),
            ScriptedFormat("H264", ((704, 576),), rates=()),
        )
    )
    node = Node(machine.plug(0, card), machine.kernel)
    rates = (RateRange(Fraction(30), Fraction(30)), RateRange(Fraction(25), Fraction(25)))
    assert list_formats(node, BufferType.VIDEO_CAPTURE) == (
        FormatOffer(
            "MJPEG",
            fourcc("MJPG"),
            "MJPG pictures",
            False,
            (
                SizeOffer(Span(640, 640, 1), Span(480, 480, 1), rates),
                SizeOffer(Span(1920, 1920, 1), Span(1080, 1080, 1), rates),
            ),
        ),
        FormatOffer(
            "GREY",
            fourcc("GREY"),
            "GREY pictures",
            False,
            (
                SizeOffer(
                    Span(16, 2048, 16), Span(16, 1536, 16), (RateRange(Fraction(1), Fraction(60)),)
                ),
            ),
        ),
        FormatOffer(
            "H264",
            fourcc("H264"),
            "H264 pictures",
            False,
            (SizeOffer(Span(704, 704, 1), Span(576, 576, 1), ()),),
        ),
    )


def test_a_multi_planar_device_lists_its_formats_too(machine: ScriptedMachine) -> None:
    card = ScriptedDevice(abilities=Cap.VIDEO_CAPTURE_MPLANE | Cap.STREAMING)
    node = Node(machine.plug(0, card), machine.kernel)
    kind = node.identification().buffer_type
    assert kind == BufferType.VIDEO_CAPTURE_MPLANE
    assert [it.name for it in list_formats(node, kind)] == ["YUYV"]


def test_an_endless_list_of_a_broken_driver_ends(machine: ScriptedMachine) -> None:
    card = ScriptedDevice(inputs=[ScriptedInput()] * 1000)
    node = Node(machine.plug(0, card), machine.kernel)
    assert len(list_inputs(node)) == 256


GAIN = ScriptedControl(0x980913, "Gain", minimum=0, maximum=100, step=5, default=10, value=10)
AUTO = ScriptedControl(
    0x9A0901,
    "Exposure, Auto",
    ControlKind.MENU,
    maximum=3,
    default=3,
    value=3,
    menu={1: "Manual Mode", 3: "Aperture Priority"},
)
LEVEL = ScriptedControl(0x980A00, "Level", flags=ControlFlag.READ_ONLY, value=7)


def controlled(machine: ScriptedMachine, *controls: ScriptedControl) -> Node:
    return Node(machine.plug(0, ScriptedDevice(controls=controls)), machine.kernel)


def test_controls_are_listed_by_plain_names_with_range_and_value(
    machine: ScriptedMachine,
) -> None:
    heading = ScriptedControl(0x980001, "User Controls", ControlKind.CTRL_CLASS)
    silent = ScriptedControl(0x980950, "Trigger", flags=ControlFlag.WRITE_ONLY)
    node = controlled(machine, heading, GAIN, silent, AUTO)
    menu = ((1, "Manual Mode"), (3, "Aperture Priority"))
    assert list_controls(node) == (
        Control(0x980913, "gain", "integer", 0, 100, 5, 10, 10, False, False, ()),
        Control(0x980950, "trigger", "integer", 0, 255, 1, 0, None, False, False, ()),
        Control(0x9A0901, "exposure_auto", "menu", 0, 3, 1, 3, 3, False, False, menu),
    )


def test_a_control_is_set_and_read_back_as_the_device_rounds_it(machine: ScriptedMachine) -> None:
    node = controlled(machine, ScriptedControl(1, "Gain", maximum=100, step=5))
    gain = named_control(node, "gain")
    assert set_control(node, gain, 20) == 20
    assert set_control(node, gain, 23) == 20
    assert list_controls(node)[0].value == 20


def test_a_wide_control_keeps_all_its_bits(machine: ScriptedMachine) -> None:
    rate = ScriptedControl(1, "Pixel Rate", ControlKind.INTEGER64, maximum=1 << 40)
    node = controlled(machine, rate)
    assert set_control(node, list_controls(node)[0], 1 << 36) == 1 << 36


def test_bits_are_a_positive_number(machine: ScriptedMachine) -> None:
    """The structure has a signed one."""
    bits = ScriptedControl(1, "Mask", ControlKind.BITMASK, maximum=0x8040_2010, value=0x8000_2000)
    node = controlled(machine, bits)
    (mask,) = list_controls(node)
    assert mask.value == 0x8000_2000
    assert set_control(node, mask, 0x8040_0000) == 0x8040_0000


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("iris", 1, 'has no control "iris"; it has gain, exposure_auto'),
        ("gain", 101, "control gain = 101: must be 0 to 100"),
        (
            "exposure_auto",
            2,
            "control exposure_auto = 2: must be one of 1 Manual Mode, 3 Aperture Priority",
        ),
        ("level", 1, "control level cannot be set"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_in_one_sentence(
    machine: ScriptedMachine, name: str, value: int, sentence: str
) -> None:
    node = controlled(machine, GAIN, AUTO, LEVEL)
    with pytest.raises(DeviceLost) as caught:
        set_control(node, named_control(node, name), value)
    assert str(caught.value) == f"{node.path}: {sentence}"
    assert "VIDIOC_S_EXT_CTRLS" not in machine.kernel.calls


FOCUS = ScriptedControl(0x9A090A, "Focus", value=5)
REFUSALS = (errno.EPIPE, errno.EREMOTEIO, errno.EIO, errno.ETIMEDOUT)


@pytest.mark.parametrize("code", REFUSALS)
def test_a_control_that_cannot_be_read_has_no_value(machine: ScriptedMachine, code: int) -> None:
    node = controlled(machine, GAIN, FOCUS)
    machine.kernel.fail("VIDIOC_G_EXT_CTRLS", code)
    assert [(it.name, it.value) for it in list_controls(node)] == [("gain", None), ("focus", 5)]


@pytest.mark.parametrize("code", [errno.EPIPE, errno.EREMOTEIO, errno.EIO])
@pytest.mark.parametrize("bad", [0, 1, 2])
def test_a_control_that_cannot_be_described_is_left_out(
    machine: ScriptedMachine, code: int, bad: int
) -> None:
    names = ["gain", "hue", "focus"]
    hue = ScriptedControl(0x980914, "Hue")
    controls = [replace(it) for it in (GAIN, hue, FOCUS)]
    controls[bad].refused_with = code
    node = controlled(machine, *controls)
    assert [it.name for it in list_controls(node)] == [it for it in names if it != names[bad]]


def test_a_control_that_is_never_described_in_time_ends_the_list(machine: ScriptedMachine) -> None:
    node = controlled(machine, GAIN, replace(FOCUS, refused_with=errno.ETIMEDOUT))
    assert [it.name for it in list_controls(node)] == ["gain"]
    assert machine.kernel.calls.count("VIDIOC_QUERY_EXT_CTRL") == 2


@pytest.mark.parametrize("code", [errno.EPIPE, errno.EIO])
def test_a_menu_item_that_cannot_be_read_is_left_out(machine: ScriptedMachine, code: int) -> None:
    node = controlled(machine, AUTO)
    machine.kernel.fail("VIDIOC_QUERYMENU", code, times=2)
    assert list_controls(node)[0].menu == ((3, "Aperture Priority"),)


@pytest.mark.parametrize("request_name", ["VIDIOC_G_EXT_CTRLS", "VIDIOC_QUERY_EXT_CTRL"])
def test_a_device_that_is_gone_has_no_controls(machine: ScriptedMachine, request_name: str) -> None:
    node = controlled(machine, GAIN, AUTO)
    machine.kernel.fail(request_name, errno.ENODEV)
    with pytest.raises(DeviceLost, match="the device is gone"):
        list_controls(node)


def test_only_the_named_control_is_read(machine: ScriptedMachine) -> None:
    node = controlled(machine, AUTO, GAIN, FOCUS)
    named_control(node, "focus")
    assert machine.kernel.calls.count("VIDIOC_G_EXT_CTRLS") == 1
    assert "VIDIOC_QUERYMENU" not in machine.kernel.calls
