"""Buffers of a scripted driver, and what their numbers and stamps become."""

import errno
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture_hw.error import DeviceLost
from capture_hw.v4l2.clock import BufferClock, BufferCounter
from capture_hw.v4l2.node import Node
from capture_hw.v4l2.number import BufferFlag, BufferType, Cap
from capture_hw.v4l2.stream import BufferStream
from tests.capture_hw.v4l2_device import ScriptedDevice, ScriptedFormat
from tests.capture_hw.v4l2_kernel import ScriptedKernel

_NODE = Path("/dev/video0")
_PICTURE = bytes(range(256)) * 12
_GRAY = ScriptedFormat("GREY", sizes=((64, 48),))


def _plugged(**details: object) -> tuple[ScriptedKernel, ScriptedDevice, Node]:
    kernel = ScriptedKernel()
    device = ScriptedDevice(formats=(_GRAY,), **details)  # type: ignore[arg-type]
    kernel.plug(_NODE, device)
    return kernel, device, Node(_NODE, kernel)


def _mappings() -> int:
    """Return how many of this process's mappings belong to scripted devices."""
    return Path("/proc/self/maps").read_text().count("memfd:v4l2")


def _next(stream: BufferStream) -> tuple[bytes, int]:
    """Return content and number of the next buffer."""
    with stream.filled() as buffer:
        assert buffer is not None
        return bytes(buffer.content), buffer.sequence


def test_a_filled_buffer_comes_with_content_number_and_moment() -> None:
    kernel, device, node = _plugged()
    stream = BufferStream(node, BufferType.VIDEO_CAPTURE, 4)
    assert stream.count == 4
    assert stream.wait(0) == "nothing"
    with stream.filled() as nothing:
        assert nothing is None
    kernel.capture(device, _PICTURE[:100], flags=BufferFlag.TSTAMP_SRC_SOE, timestamp_ns=7_000)
    assert stream.wait(5.0) == "buffer"
    with stream.filled() as buffer:
        assert buffer is not None
        assert bytes(buffer.content) == _PICTURE[:100]
        assert (buffer.sequence, buffer.stamped_ns) == (0, 7_000)
        assert buffer.dequeued_ns <= time.monotonic_ns()
        assert buffer.is_stamped_at_start
        assert not buffer.is_damaged
        assert not buffer.is_key
    stream.close()


def test_a_stamp_that_is_not_called_monotonic_is_none() -> None:
    kernel, device, node = _plugged(timestamp_flags=BufferFlag.TIMESTAMP_COPY)
    stream = BufferStream(node, BufferType.VIDEO_CAPTURE, 4)
    kernel.capture(device, _PICTURE, flags=BufferFlag.ERROR | BufferFlag.KEYFRAME)
    with stream.filled() as buffer:
        assert buffer is not None
        assert buffer.stamped_ns is None
        assert buffer.is_damaged
        assert buffer.is_key
    stream.close()


def test_buffers_go_back_to_the_driver_even_if_their_reader_fails() -> None:
    kernel, device, node = _plugged()
    stream = BufferStream(node, BufferType.VIDEO_CAPTURE, 2)
    for number in range(10):
        assert kernel.capture(device, bytes([number]) * 3072)
        with pytest.raises(ArithmeticError), stream.filled():
            raise ArithmeticError
    assert kernel.capture(device, _PICTURE)
    assert _next(stream) == (_PICTURE, 10)
    stream.close()


def test_a_reader_that_is_late_gets_all_that_had_a_buffer_and_sees_what_had_none() -> None:
    kernel, device, node = _plugged()
    stream = BufferStream(node, BufferType.VIDEO_CAPTURE, 3)
    kept = [kernel.capture(device, bytes([number]) * 3072) for number in range(5)]
    assert kept == [True, True, True, False, False]
    assert [_next(stream)[1] for _ in range(3)] == [0, 1, 2]
    kernel.capture(device, _PICTURE)
    assert _next(stream) == (_PICTURE, 5)
    stream.close()


def test_the_driver_says_how_many_buffers_there_are() -> None:
    _, _, node = _plugged(most_buffers=2)
    stream = BufferStream(node, BufferType.VIDEO_CAPTURE, 12)
    assert stream.count == 2
    stream.close()


def test_one_buffer_is_too_few() -> None:
    _, device, node = _plugged(most_buffers=1)
    with pytest.raises(DeviceLost, match="has memory for 1 pictures, and 2 are needed"):
        BufferStream(node, BufferType.VIDEO_CAPTURE, 4)
    assert not device.buffers


def test_multiplanar_buffers_are_read_alike() -> None:
    kernel, device, node = _plugged(abilities=Cap.VIDEO_CAPTURE_MPLANE | Cap.STREAMING)
    stream = BufferStream(node, BufferType.VIDEO_CAPTURE_MPLANE, 3)
    for number in range(7):
        kernel.capture(device, bytes([number]) * 3072)
        assert _next(stream) == (bytes([number]) * 3072, number)
    stream.close()
    assert not device.buffers


@pytest.mark.parametrize(
    "name", ["VIDIOC_REQBUFS", "VIDIOC_QUERYBUF", "mmap", "VIDIOC_QBUF", "VIDIOC_STREAMON"]
)
def test_a_start_that_fails_half_way_leaves_nothing_behind(name: str) -> None:
    kernel, device, node = _plugged()
    kernel.fail(name, errno.ENOMEM)
    with pytest.raises(DeviceLost, match=f"/dev/video0: {name}: "):
        BufferStream(node, BufferType.VIDEO_CAPTURE, 4)
    assert not device.buffers
    assert not device.streams
    assert _mappings() == 0
    BufferStream(node, BufferType.VIDEO_CAPTURE, 4).close()


def test_closing_stops_unmaps_and_gives_back_twice_is_once() -> None:
    _, device, node = _plugged()
    stream = BufferStream(node, BufferType.VIDEO_CAPTURE, 4)
    assert _mappings() == 4
    stream.close()
    stream.close()
    assert _mappings() == 0
    assert not device.buffers
    assert not device.streams


def test_a_device_that_is_gone_is_lost_and_can_be_closed() -> None:
    kernel, _, node = _plugged()
    stream = BufferStream(node, BufferType.VIDEO_CAPTURE, 4)
    kernel.unplug(_NODE)
    assert stream.wait(5.0) == "event"
    with pytest.raises(DeviceLost, match="VIDIOC_DQBUF: the device is gone"), stream.filled():
        pass
    stream.close()
    assert _mappings() == 0


def test_a_broken_queue_and_an_ended_stream_say_so() -> None:
    kernel, device, node = _plugged()
    stream = BufferStream(node, BufferType.VIDEO_CAPTURE, 4)
    kernel.break_stream(device)
    with pytest.raises(DeviceLost, match="VIDIOC_DQBUF: the device reports a fault"):
        stream.wait(5.0)
    stream.close()
    stream = BufferStream(node, BufferType.VIDEO_CAPTURE, 4)
    kernel.end_stream(device)
    assert _next(stream)[0] == b""
    with pytest.raises(DeviceLost, match="the stream has ended"), stream.filled():
        pass
    stream.close()


def test_a_poll_that_fails_without_a_reason_is_a_lost_device() -> None:
    _, device, node = _plugged()
    stream = BufferStream(node, BufferType.VIDEO_CAPTURE, 4)
    device.streams = False
    with pytest.raises(DeviceLost):
        stream.wait(5.0)
    stream.close()


_MOMENTS = st.lists(
    st.tuples(
        st.one_of(st.none(), st.integers(-(10**12), 10**12)),  # stamp, against dequeuing
        st.integers(0, 10**11),  # pause before dequeuing
    ),
    max_size=30,
)


@given(moments=_MOMENTS)
def test_captured_moments_grow_by_a_millisecond_whatever_the_driver_says(
    moments: list[tuple[int | None, int]],
) -> None:
    clock = BufferClock(10**12)
    dequeued_ns = 10**12
    captured: list[int] = []
    for offset_ns, pause_ns in moments:
        # The camera waits until a moment has come before it gives the frame.
        dequeued_ns = max([dequeued_ns, *captured[-1:]]) + pause_ns
        stamped_ns = None if offset_ns is None else dequeued_ns + offset_ns
        captured.append(clock.captured_ns(stamped_ns, dequeued_ns))
        assert captured[-1] <= dequeued_ns + 1_000_000
    assert all(later - earlier >= 1_000_000 for earlier, later in pairwise(captured))


def test_a_true_stamp_is_taken_and_an_impossible_one_is_not() -> None:
    clock = BufferClock(1_000_000_000)
    assert clock.captured_ns(1_040_000_000, 1_050_000_000) == 1_040_000_000
    # From the future, as a virtual driver does that stamps the end of a frame.
    assert clock.captured_ns(1_121_000_000, 1_090_000_000) == 1_090_000_000
    # Not after the frame before.
    assert clock.captured_ns(1_090_000_000, 1_130_000_000) == 1_130_000_000
    assert clock.captured_ns(None, 1_170_000_000) == 1_170_000_000
    # A late reader gets the stamps of what waited for it.
    assert clock.captured_ns(1_210_000_000, 9_000_000_000) == 1_210_000_000
    assert clock.captured_ns(1_250_000_000, 9_000_000_000) == 1_250_000_000
    # Before the stream was started.
    assert BufferClock(1_000_000_000).captured_ns(5, 1_040_000_000) == 1_040_000_000


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([0, 1, 2, 5, 6], [0, 1, 2, 5, 6]),
        ([7, 8, 10], [0, 1, 3]),
        ([4_294_967_294, 4_294_967_295, 0, 1, 4], [0, 1, 2, 3, 6]),
        ([4_294_967_280, 4_294_967_281, 3], [0, 1, 19]),
        ([100, 101, 0, 1, 2], [0, 1, 2, 3, 4]),
        ([0, 0, 0], [0, 1, 2]),
    ],
)
def test_numbers_grow_over_the_end_of_32_bits(numbers: list[int], expected: list[int]) -> None:
    counter = BufferCounter(25.0)
    assert [counter.number(number, 0) for number in numbers] == expected
    assert counter.seen == len(numbers)
    assert counter.has_grown == (len(set(numbers)) > 1)


@pytest.mark.parametrize(
    ("second", "later_ms", "expected"), [(105, 16, 1), (105, 40, 1), (2, 40, 1), (4, 160, 4)]
)
def test_the_first_step_is_what_time_allows(second: int, later_ms: int, expected: int) -> None:
    # v4l2loopback numbers the first buffer of a reader 0, whatever the count is.
    counter = BufferCounter(25.0)
    assert counter.number(0, 0) == 0
    assert counter.number(second, later_ms * 1_000_000) == expected
    assert counter.number(second + 30, later_ms * 1_000_000) == expected + 30


def test_a_buffer_that_was_not_meant_to_hold_a_frame_is_not_counted() -> None:
    counter = BufferCounter(25.0)
    assert counter.number(0, 0) == 0
    counter.take_back()
    assert [counter.number(number, 0) for number in (1, 2, 5)] == [0, 1, 4]
