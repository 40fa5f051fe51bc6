"""Frames of the V4L2 camera on a scripted kernel."""

import logging
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from capture_hw.camera import CapturedFrame
from capture_hw.driver.v4l2 import V4l2Camera
from capture_hw.v4l2.number import (
    BufferFlag,
    Cap,
)
from tests.capture_hw.scripted_camera import access_units, decoded_units
from tests.capture_hw.v4l2_card import (
    BRIGHT,
    CODED,
    SIZE,
    card_device,
    drained,
    numbers,
    open_card,
    opened_card,
)
from tests.capture_hw.v4l2_device import (
    ScriptedDevice,
    ScriptedFormat,
)
from tests.capture_hw.v4l2_kernel import ScriptedMachine
from tests.capture_hw.v4l2_pace import paced


@pytest.fixture
def card(tmp_path: Path) -> ScriptedMachine:
    return ScriptedMachine(tmp_path)


def test_a_picture_arrives_with_its_levels_and_the_source_is_told(card: ScriptedMachine) -> None:
    device = card_device(card="vivid", driver="vivid", timestamp_flags=BufferFlag(0x2000 | 0x10000))
    with closing(opened_card(card, device)) as camera:
        # Gray is full range unless its driver says otherwise: 16 + level * 219 / 255, rounded.
        card.kernel.capture(device, bytes([0, 1, 2, 127, 128, 200, 254, 255] * 384))
        content = camera.read(5.0).content
        assert isinstance(content, np.ndarray)
        assert content.shape == (48, 64)
        assert content[47, 56:].tolist() == [16, 17, 18, 125, 126, 188, 234, 235]
        assert camera.format.source == (
            "v4l2 usb-0000:00:14.0-1 node 0 (vivid), S-Video 0, PAL, GREY 64x48 interlaced,"
            " top field first, timed at the start of exposure"
        )


def test_limited_range_of_yuyv_keeps_its_levels(card: ScriptedMachine) -> None:
    device = card_device(ScriptedFormat("YUYV", sizes=SIZE))
    card.plug(0, device)
    with paced(card.kernel, device, [bytes([0, 128, 255, 128] * 1536)], 200):
        camera = open_card(card)
    with closing(camera):
        content = camera.read(5.0).content
        assert isinstance(content, np.ndarray)
        assert content[3, :4].tolist() == [0, 255, 0, 255]


def test_frames_that_the_driver_lost_are_a_step_of_the_sequence(card: ScriptedMachine) -> None:
    device = card_device()
    with closing(opened_card(card, device)) as camera:
        assert camera.counts_frames
        for lost in (0, 3, 0, 1):
            card.kernel.skip(device, lost)
            card.kernel.capture(device, BRIGHT)
        assert numbers(drained(camera)) == [0, 4, 5, 7]


def test_what_had_no_buffer_for_a_late_reader_is_counted(card: ScriptedMachine) -> None:
    device = card_device(most_buffers=4)
    with closing(opened_card(card, device)) as camera:
        kept = [card.kernel.capture(device, BRIGHT) for _ in range(9)]
        assert kept == [True] * 4 + [False] * 5
        frames = drained(camera)
        card.kernel.capture(device, BRIGHT)
        frames += drained(camera)
        assert numbers(frames) == [0, 1, 2, 3, 9]


def test_half_a_second_of_a_late_reader_is_bridged(card: ScriptedMachine) -> None:
    device = card_device()
    with closing(opened_card(card, device)) as camera:
        assert all(card.kernel.capture(device, BRIGHT) for _ in range(13))
        assert len(drained(camera)) == 13


def test_the_sequence_goes_on_over_the_end_of_32_bits(card: ScriptedMachine) -> None:
    device = card_device()
    with closing(opened_card(card, device)) as camera:
        card.kernel.skip(device, (1 << 31) - 10)
        card.kernel.capture(device, BRIGHT)
        card.kernel.skip(device, (1 << 31) - 10)
        for lost in (0, 30, 0):
            card.kernel.skip(device, lost)
            card.kernel.capture(device, BRIGHT)
        frames = drained(camera)
        far = (1 << 31) - 9
        assert numbers(frames) == [0, far, far + 31, far + 32]


def test_damaged_and_short_buffers_are_left_out_and_leave_a_step(
    card: ScriptedMachine, caplog: pytest.LogCaptureFixture
) -> None:
    device = card_device()
    with caplog.at_level(logging.WARNING):
        camera = opened_card(card, device)
        card.kernel.capture(device, BRIGHT)
        card.kernel.capture(device, BRIGHT, flags=BufferFlag.ERROR)
        card.kernel.capture(device, BRIGHT[:-1])
        card.kernel.capture(device, b"")
        card.kernel.capture(device, BRIGHT)
        assert numbers(drained(camera)) == [0, 4]
        camera.close()
    place = "usb-0000:00:14.0-1 node 0"
    assert caplog.messages == [
        f"{place}: a picture is left out: the driver calls it damaged; the next ones are counted",
        f"{place}: pictures left out: 3",
    ]


def test_a_driver_that_does_not_count_is_not_believed_to(card: ScriptedMachine) -> None:
    device = card_device()
    card.plug(0, device)

    class _Zero(ScriptedDevice):
        """Every buffer has number 0."""

        @property
        def sequence(self) -> int:
            return 0

        @sequence.setter
        def sequence(self, value: int) -> None: ...

    device.__class__ = _Zero
    with paced(card.kernel, device, [BRIGHT], 200), closing(open_card(card)) as camera:
        assert not camera.counts_frames
        first, second = camera.read(5.0), camera.read(5.0)
        assert second.sequence == first.sequence + 1


@pytest.mark.parametrize("flags", [BufferFlag(0), BufferFlag.TIMESTAMP_MONOTONIC])
def test_no_frame_is_from_the_future_and_times_grow(
    card: ScriptedMachine, flags: BufferFlag
) -> None:
    device = card_device(timestamp_flags=flags)
    with closing(opened_card(card, device)) as camera:
        for _ in range(8):
            ahead_ns = time.monotonic_ns() + 31_000_000
            card.kernel.capture(device, BRIGHT, timestamp_ns=ahead_ns)
        times_ns = []
        for _ in range(8):
            times_ns.append(camera.read(5.0).captured_ns)
            assert times_ns[-1] <= time.monotonic_ns()
        assert np.diff(times_ns).min() >= 1_000_000


def test_a_monotonic_stamp_is_the_moment(card: ScriptedMachine) -> None:
    device = card_device()
    with closing(opened_card(card, device)) as camera:
        moment_ns = time.monotonic_ns() // 1000 * 1000
        card.kernel.capture(device, BRIGHT, timestamp_ns=moment_ns)
        assert camera.read(5.0).captured_ns == moment_ns


@pytest.fixture
def coded(card: ScriptedMachine) -> Iterator[tuple[ScriptedMachine, ScriptedDevice, V4l2Camera]]:
    """A card whose second node delivers H.264, its parameter sets in a buffer of their own."""
    card.plug(0, card_device())
    device = card_device(CODED)
    card.plug(1, device, index=1)
    first = access_units(25)[0][0]
    at = first.index(b"\x00\x00\x01\x65")
    with paced(card.kernel, device, [first[:at], first[at:]], 200):
        camera = open_card(card, node=1)
    with closing(camera):
        drained(camera)
        yield card, device, camera


def test_h264_of_the_second_node_is_copied_with_complete_key_frames(
    coded: tuple[ScriptedMachine, ScriptedDevice, V4l2Camera],
) -> None:
    card, device, camera = coded
    assert camera.format.codec == "h264"
    units = [unit for unit, _ in access_units(25)]
    bare = [
        unit[unit.index(b"\x00\x00\x01\x65") :] if b"\x01\x67" in unit else unit for unit in units
    ]
    contents = []
    for unit in bare:
        card.kernel.capture(device, unit)
        contents.append(camera.read(5.0).content)
    assert all(isinstance(content, bytes) for content in contents)
    assert decoded_units(contents) == decoded_units(units)  # type: ignore[arg-type]
    assert decoded_units(contents[20:]) == decoded_units(units[20:])  # type: ignore[arg-type]


def test_after_a_lost_access_unit_nothing_comes_before_the_next_key_frame(
    coded: tuple[ScriptedMachine, ScriptedDevice, V4l2Camera],
) -> None:
    card, device, camera = coded
    frames: list[CapturedFrame] = []
    for number, (unit, _) in enumerate(access_units(25)):
        if number == 3:
            card.kernel.skip(device, 1)
        else:
            flags = BufferFlag.ERROR if number == 14 else BufferFlag(0)
            card.kernel.capture(device, unit, flags=flags)
        frames += drained(camera)
    expected = [0, 1, 2, *range(10, 14), *range(20, 25)]
    assert numbers(frames) == expected
    assert [frame.is_key for frame in frames] == [number in (0, 10, 20) for number in expected]


def test_a_buffer_with_parameter_sets_only_is_no_loss(
    coded: tuple[ScriptedMachine, ScriptedDevice, V4l2Camera],
) -> None:
    card, device, camera = coded
    units = [unit for unit, _ in access_units(25)]
    header = units[0][: units[0].index(b"\x00\x00\x01\x65")]
    frames = []
    for content in (*units[:10], header, *units[10:13]):
        card.kernel.capture(device, content)
        frames += drained(camera)
    assert numbers(frames) == list(range(13))


def test_multiplanar_cards_are_read_alike(card: ScriptedMachine) -> None:
    device = card_device(abilities=Cap.VIDEO_CAPTURE_MPLANE | Cap.STREAMING, line_padding=32)
    with closing(opened_card(card, device, controls={})) as camera:
        rows = np.full((48, 96), 7, np.uint8)
        rows[:, :64] = 255
        card.kernel.capture(device, rows.tobytes())
        content = camera.read(5.0).content
        assert isinstance(content, np.ndarray)
        assert content.shape == (48, 64)
        assert (content == 235).all()
