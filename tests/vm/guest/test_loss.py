"""Every frame that is missing is counted: the picture, not the driver's number, is the witness."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import pairwise

import pytest

from capture_hw.camera import Camera, CapturedFrame, open_camera
from tests.vm.guest.card import Card, v4l2_ctl
from tests.vm.guest.picture_clock import HEIGHT, PERIOD, WIDTH, frames_between, start_ramp

_PATIENCE_S = 5.0
_INTERVAL_NS = 40_000_000
_CARD = Card(0)


@pytest.fixture
def card() -> Iterator[Card]:
    """A card with a moving ramp, its faults over again afterwards."""
    start_ramp(_CARD)
    yield _CARD
    _CARD.set(percentage_of_dropped_buffers=0, wrap_sequence_number=0, wrap_timestamp=0)
    _CARD.set(timestamp_source=0)


def _camera(card: Card) -> Camera:
    size = {"width": WIDTH, "height": HEIGHT}
    return open_camera(card.config(standard="PAL", pixel_format="GREY", **size))


def _lost_as_seen(frames: list[CapturedFrame]) -> int:
    """Compare each step of the sequence with the picture; how many frames are missing."""
    for earlier, later in pairwise(frames):
        step = later.sequence - earlier.sequence
        assert step % PERIOD == frames_between(earlier, later)
        elapsed_ns = later.captured_ns - earlier.captured_ns
        assert abs(elapsed_ns - step * _INTERVAL_NS) < _INTERVAL_NS  # the guest's ticks are uneven
    return frames[-1].sequence - frames[0].sequence + 1 - len(frames)


def _read(camera: Camera, count: int) -> list[CapturedFrame]:
    return [camera.read(_PATIENCE_S) for _ in range(count)]


def test_buffers_that_the_driver_drops_are_counted(
    card: Card, record_property: Callable[[str, object], None]
) -> None:
    card.set(timestamp_source=1, percentage_of_dropped_buffers=30)
    with closing(_camera(card)) as camera:
        frames = _read(camera, 150)
    lost = _lost_as_seen(frames)
    record_property("received, lost", f"{len(frames)}, {lost}")
    assert 20 <= lost <= 150


def test_frames_that_nobody_fetched_in_time_are_counted(
    card: Card, record_property: Callable[[str, object], None]
) -> None:
    card.set(timestamp_source=1)
    with closing(_camera(card)) as camera:
        frames = _read(camera, 10)
        time.sleep(2.0)  # the reader hangs
        frames += _read(camera, 60)
    lost = _lost_as_seen(frames)
    record_property("received, lost", f"{len(frames)}, {lost}")
    assert lost >= 10


def test_damaged_buffers_are_left_out_and_counted(
    card: Card, record_property: Callable[[str, object], None]
) -> None:
    card.set(timestamp_source=1)
    with closing(_camera(card)) as camera:
        frames = _read(camera, 10)
        for _ in range(5):
            card.set(inject_v4l2_buf_flag_error=1)
            frames += _read(camera, 20)
    lost = _lost_as_seen(frames)
    record_property("received, lost", f"{len(frames)}, {lost}")
    assert lost >= 5


def test_a_count_that_wraps_keeps_every_loss(
    card: Card, record_property: Callable[[str, object], None]
) -> None:
    card.set(timestamp_source=1, wrap_sequence_number=1, percentage_of_dropped_buffers=30)
    shown = v4l2_ctl(
        "-d", card.node(), "--stream-mmap", "--stream-count=1", "--stream-to=/dev/null", "--verbose"
    )
    assert "seq: 42949671" in shown, "the driver does not start its count near the end"
    with closing(_camera(card)) as camera:
        frames = _read(camera, 150)
    assert frames[-1].sequence - frames[0].sequence > 128  # the driver wraps after 128 frames
    record_property("received, lost", f"{len(frames)}, {_lost_as_seen(frames)}")


@pytest.mark.parametrize("width_of_clock", [1, 2], ids=["64 bit", "32 bit"])
def test_a_time_stamp_that_is_nonsense_is_not_believed(card: Card, width_of_clock: int) -> None:
    card.set(timestamp_source=1, wrap_timestamp=width_of_clock)
    opened_ns = time.monotonic_ns()
    with closing(_camera(card)) as camera:
        frames = _read(camera, 50)
        read_ns = time.monotonic_ns()
    times_ns = [frame.captured_ns for frame in frames]
    assert opened_ns - _INTERVAL_NS < times_ns[0]
    assert times_ns[-1] <= read_ns
    assert all(later - earlier >= 1_000_000 for earlier, later in pairwise(times_ns))


@pytest.mark.parametrize("source", [0, 1], ids=["end of frame", "start of exposure"])
def test_no_frame_is_from_the_future(card: Card, source: int) -> None:
    card.set(timestamp_source=source)
    with closing(_camera(card)) as camera:
        camera.read(_PATIENCE_S)
        for _ in range(50):
            frame = camera.read(_PATIENCE_S)
            age_ns = time.monotonic_ns() - frame.captured_ns
            assert 0 <= age_ns < 2_000_000_000
