"""What ends a V4L2 camera, and what does not: silence, faults, events, signal."""

import errno
import time
from contextlib import closing
from pathlib import Path

import pytest

from capture_hw.error import DeviceStalled
from capture_hw.v4l2.number import (
    SRC_CH_RESOLUTION,
    InputStatus,
    Standard,
)
from tests.capture_hw.v4l2_card import (
    BRIGHT,
    card_device,
    drained,
    opened_card,
    until_lost,
)
from tests.capture_hw.v4l2_device import (
    ScriptedInput,
)
from tests.capture_hw.v4l2_kernel import ScriptedMachine
from tests.capture_hw.v4l2_pace import paced


@pytest.fixture
def card(tmp_path: Path) -> ScriptedMachine:
    return ScriptedMachine(tmp_path)


def test_a_silent_device_stalls_in_time_and_is_lost_after_five_seconds(
    card: ScriptedMachine,
) -> None:
    with closing(opened_card(card, card_device())) as camera:
        begun_s = time.monotonic()
        with pytest.raises(DeviceStalled, match=r"14\.0-1 node 0: no frame for 0\.2 s"):
            camera.read(0.2)
        assert 0.2 <= time.monotonic() - begun_s < 0.5
        reason, took_s = until_lost(camera)
        assert reason == "usb-0000:00:14.0-1 node 0: no frame for 5 s"
        assert 4.0 < took_s < 5.5


def test_a_device_that_is_pulled_out_is_lost_at_once(card: ScriptedMachine) -> None:
    with closing(opened_card(card, card_device())) as camera:
        card.unplug(0)
        reason, took_s = until_lost(camera)
        assert took_s < 0.5
        assert reason.startswith("usb-0000:00:14.0-1 node 0: ")
        assert reason.endswith("/dev/video0: VIDIOC_DQEVENT: the device is gone")
    assert card.kernel.open_descriptors() == 0


@pytest.mark.parametrize("code", [errno.EIO, errno.ENODEV, errno.EINVAL])
def test_a_device_that_refuses_its_buffers_is_lost(card: ScriptedMachine, code: int) -> None:
    device = card_device()
    with closing(opened_card(card, device)) as camera:
        card.kernel.fail("VIDIOC_DQBUF", code)
        card.kernel.capture(device, BRIGHT)
        assert "VIDIOC_DQBUF: " in until_lost(camera)[0]


def test_a_source_of_another_standard_is_a_lost_camera(card: ScriptedMachine) -> None:
    device = card_device()
    with closing(opened_card(card, device)) as camera:
        device.detected_standard = int(Standard.NTSC)
        card.kernel.change_source(device)
        reason, _ = until_lost(camera)
        assert reason.startswith(
            "usb-0000:00:14.0-1 node 0: the standard has changed from PAL to NTSC; it was v4l2 usb"
        )


def test_a_decoder_that_cannot_look_again_is_opened_again(card: ScriptedMachine) -> None:
    device = card_device()
    with closing(opened_card(card, device)) as camera:
        card.kernel.fail("VIDIOC_QUERYSTD", errno.EBUSY)
        card.kernel.change_source(device)
        assert ": the picture's size or standard may have changed; it" in until_lost(camera)[0]


@pytest.mark.parametrize("detected", [0, int(Standard.PAL | Standard.NTSC | Standard.SECAM)])
def test_an_event_of_a_decoder_that_sees_no_other_standard_cuts_nothing(
    card: ScriptedMachine, detected: int
) -> None:
    device = card_device()
    with closing(opened_card(card, device)) as camera:
        device.detected_standard = detected
        for changes in (0, SRC_CH_RESOLUTION):
            card.kernel.change_source(device, changes)
            card.kernel.capture(device, BRIGHT)
            assert len(drained(camera)) == 1


def test_a_digital_source_that_changes_and_an_ended_stream_are_lost_cameras(
    card: ScriptedMachine,
) -> None:
    device = card_device(inputs=[ScriptedInput("HDMI", standards=0)], standards=())
    with closing(opened_card(card, device)) as camera:
        card.kernel.change_source(device)
        assert ": the picture's size has changed; it was v4l2 usb" in until_lost(camera)[0]
    card.unplug(0)
    device = card_device()
    with closing(opened_card(card, device)) as camera:
        card.kernel.end_stream(device)
        assert ": the stream has ended" in until_lost(camera)[0]


@pytest.mark.parametrize(
    ("status", "what"),
    [
        (InputStatus.NO_SIGNAL, "no signal"),
        (InputStatus.NO_POWER, "no power"),
        (InputStatus.NO_H_LOCK, "no horizontal lock"),
    ],
)
def test_a_signal_that_is_gone_for_a_second_is_a_lost_camera(
    card: ScriptedMachine, status: InputStatus, what: str
) -> None:
    source = ScriptedInput()
    device = card_device(inputs=[source])
    with closing(opened_card(card, device)) as camera, paced(card.kernel, device, [BRIGHT]):
        source.status = status
        reason, took_s = until_lost(camera)
        assert reason == f"usb-0000:00:14.0-1 node 0: {what} on input 0"
        assert 1.0 <= took_s < 2.8


def test_a_flickering_status_and_missing_color_cut_nothing(card: ScriptedMachine) -> None:
    source = ScriptedInput(status=InputStatus.NO_COLOR | InputStatus.COLOR_KILL)
    device = card_device(inputs=[source])
    with closing(opened_card(card, device)) as camera, paced(card.kernel, device, [BRIGHT]):
        for number in range(75):
            flickers = InputStatus.NO_SIGNAL if number % 20 < 10 else InputStatus(0)
            source.status = InputStatus.NO_COLOR | flickers
            camera.read(5.0)
