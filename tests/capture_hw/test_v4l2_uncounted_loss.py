"""Losses that a driver does not count: by its time stamps, and only by those."""

import time
from collections.abc import Iterable
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

from capture_hw.gap_finder import GapFinder, Loss
from capture_hw.v4l2.number import BufferFlag
from capture_hw.v4l2.uncounted_loss import UncountedLoss
from tests.capture_hw.v4l2_card import BRIGHT, card_device, open_card
from tests.capture_hw.v4l2_kernel import ScriptedMachine
from tests.capture_hw.v4l2_pace import paced


@pytest.fixture
def card(tmp_path: Path) -> ScriptedMachine:
    return ScriptedMachine(tmp_path)


def missing(frames: Iterable[tuple[int, int | None]], driver: str = "usbtv") -> list[int]:
    """Return what is missing before each frame, given by number and moment in ms, after ten good
    ones at 25 frames/s, the last of them number 9 at 360 ms."""
    losses = UncountedLoss(driver, 25.0)
    for number in range(10):
        assert losses.before(number, number * 40_000_000) == 0
    return [losses.before(number, None if ms is None else ms * 1_000_000) for number, ms in frames]


def test_a_pause_that_no_number_explains_is_a_loss() -> None:
    assert missing([(10, 1840), (11, 1880)]) == [36, 0]
    assert missing([(10, 440), (11, 480)]) == [1, 0]


def test_a_frame_that_is_a_little_late_is_none() -> None:
    assert missing([(10, 418), (11, 440), (12, 480)]) == [0, 0, 0]


def test_a_driver_that_has_shown_a_loss_is_believed_from_then_on() -> None:
    assert missing([(12, 480), (13, 1960), (14, 2000)]) == [0, 0, 0]


@pytest.mark.parametrize("driver", ["uvcvideo", "v4l2 loopback", "vivid"])
def test_a_driver_that_is_known_to_count_is_believed(driver: str) -> None:
    """A USB camera exposes longer in the dark."""
    assert missing([(10, 440), (11, 520), (12, 600)], driver=driver) == [0, 0, 0]


def test_a_late_moment_of_reading_is_no_loss() -> None:
    assert missing([(10, None), (11, None), (12, 480), (13, 520)]) == [0, 0, 0, 0]
    assert missing([(10, None), (11, 1880), (12, 1920)]) == [0, 36, 0]


def test_a_device_that_is_slower_than_it_says_is_slow() -> None:
    losses = UncountedLoss("usbtv", 30.0)
    assert {losses.before(number, number * 66_666_667) for number in range(200)} == {0}
    assert losses.before(200, 202 * 66_666_667) == 2


def test_a_late_reader_of_a_driver_that_counts_what_it_delivers_has_a_gap(
    card: ScriptedMachine,
) -> None:
    device = card_device(driver="usbtv", counts_lost=False)
    card.plug(0, device)
    with paced(card.kernel, device, [BRIGHT]), closing(open_card(card)) as camera:
        frames = [camera.read(1.0) for _ in range(12)]
        lost_before = device.lost
        time.sleep(1.0)
        frames += [camera.read(1.0) for _ in range(20)]
        lost = device.lost - lost_before
        finder = GapFinder(camera.format, counts_frames=camera.counts_frames)
    losses = [
        loss for last, it in pairwise(frames) if (loss := finder.between(last, it, 0)) is not None
    ]
    assert lost >= 10
    assert losses == [Loss(lost, "camera dropped frames")]


def test_a_late_reader_of_a_driver_without_time_stamps_has_no_false_gap(
    card: ScriptedMachine,
) -> None:
    device = card_device(driver="usbtv", counts_lost=False, timestamp_flags=BufferFlag(0))
    card.plug(0, device)
    with paced(card.kernel, device, [BRIGHT]), closing(open_card(card)) as camera:
        frames = [camera.read(1.0) for _ in range(10)]
        time.sleep(0.3)
        frames += [camera.read(1.0) for _ in range(10)]
    assert device.lost == 0
    assert frames[-1].sequence - frames[0].sequence == 19
