"""Reading the camera in its own thread: nothing waits, nothing is dropped in silence."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import numpy as np
import pytest

from capture_hw import capture_thread
from capture_hw.camera import Camera, CameraFormat, CapturedFrame
from capture_hw.capture_thread import CameraGone, CameraOpened, CaptureThread, Queued, QueuedFrame
from capture_hw.error import DeviceLost
from tests.capture_hw.scripted_camera import (
    FRAME_NS,
    H264,
    LUMA,
    ScriptedCamera,
    Step,
    h264_frames,
    luma_frames,
    opening,
    wait_until,
)


@contextmanager
def _capturing(*cameras: Camera | DeviceLost) -> Iterator[CaptureThread]:
    capture = CaptureThread(opening(*cameras), "cage 03")
    try:
        yield capture
    finally:
        capture.stop()
        assert capture.join(5)


def _taken(capture: CaptureThread, count: int) -> list[Queued]:
    entries = [capture.take(5) for _ in range(count)]
    return [entry for entry in entries if entry is not None]


def _frames(entries: list[Queued]) -> list[QueuedFrame]:
    return [entry for entry in entries if isinstance(entry, QueuedFrame)]


def _numbers(entries: list[Queued]) -> list[tuple[int, int]]:
    return [(entry.frame.sequence, entry.dropped) for entry in _frames(entries)]


def test_frames_come_in_order_behind_the_format() -> None:
    with _capturing(ScriptedCamera(luma_frames(0, range(5)))) as capture:
        entries = _taken(capture, 6)
    assert entries[0] == CameraOpened(LUMA, counts_frames=True)
    assert _numbers(entries) == [(number, 0) for number in range(5)]


def test_nothing_to_take_is_none_after_the_wait() -> None:
    with _capturing(ScriptedCamera([])) as capture:
        assert isinstance(capture.take(5), CameraOpened)
        started_s = time.monotonic()
        assert capture.take(0.05) is None
    assert time.monotonic() - started_s < 3


def test_a_full_queue_drops_the_newest_and_counts_them() -> None:
    is_full = threading.Event()
    go_on = threading.Event()

    def wait() -> None:
        is_full.set()
        go_on.wait(10)

    steps: list[Step] = [*luma_frames(0, range(100)), wait, *luma_frames(0, range(100, 103))]
    with _capturing(ScriptedCamera(steps)) as capture:
        assert is_full.wait(10)
        before = _taken(capture, 75)
        go_on.set()
        after = _taken(capture, 3)
    assert _numbers(before) == [(number, 0) for number in range(74)]
    assert _numbers(after) == [(100, 26), (101, 0), (102, 0)]


def test_large_pictures_fill_the_queue_by_their_bytes() -> None:
    is_full = threading.Event()
    black = np.broadcast_to(np.uint8(16), (1080, 1920))
    steps: list[Step] = [CapturedFrame(n * FRAME_NS, n, black, is_key=True) for n in range(60)]
    steps.append(is_full.set)
    camera = ScriptedCamera(steps, CameraFormat("luma", 1920, 1080, 25.0))
    with _capturing(camera) as capture:
        assert is_full.wait(10)
        entries = _taken(capture, 32)
        assert capture.take(0.05) is None
    assert _numbers(entries) == [(number, 0) for number in range(31)]


def test_after_a_drop_copied_frames_go_on_at_a_key_frame() -> None:
    is_full = threading.Event()
    go_on = threading.Event()

    def wait() -> None:
        is_full.set()
        go_on.wait(10)

    frames = list(h264_frames(0, range(820)))
    steps: list[Step] = [*frames[:753], wait, *frames[753:775]]
    with _capturing(ScriptedCamera(steps, H264)) as capture:
        assert is_full.wait(10)
        before = _taken(capture, 750)
        go_on.set()
        after = _taken(capture, 3)
    assert _numbers(before)[-1] == (748, 0)
    assert _numbers(after) == [(760, 11), (761, 0), (762, 0)]


def test_a_lost_camera_is_opened_again() -> None:
    first = ScriptedCamera([*luma_frames(0, range(2)), DeviceLost("unplugged")])
    second = ScriptedCamera(luma_frames(0, range(1)), H264)
    with _capturing(first, DeviceLost("still away"), second) as capture:
        entries = _taken(capture, 3)
        gone = [capture.take(5)]
        wait_until(lambda: isinstance(_last(gone, capture), CameraOpened), "opened again")
    assert _numbers(entries) == [(0, 0), (1, 0)]
    assert gone[0] == CameraGone("unplugged")
    assert gone[-1] == CameraOpened(H264, counts_frames=True)
    assert first.is_closed
    assert second.is_closed


def test_a_camera_that_stays_silent_is_closed_and_opened_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(capture_thread, "_SILENT_S", 1.0)
    first = ScriptedCamera(luma_frames(0, range(2)))
    second = ScriptedCamera(luma_frames(0, range(1)), H264)
    with _capturing(first, second) as capture:
        entries = _taken(capture, 3)
        began_s = time.monotonic()
        gone = [capture.take(5)]
        silent_s = time.monotonic() - began_s
        wait_until(lambda: isinstance(_last(gone, capture), CameraOpened), "opened again")
    assert _numbers(entries) == [(0, 0), (1, 0)]
    assert gone[0] == CameraGone(
        "cage 03: no frame for 1 s, the camera is opened again", was_silent=True
    )
    assert 0.5 < silent_s < 3
    assert gone[-1] == CameraOpened(H264, counts_frames=True)
    assert first.is_closed


def test_a_camera_that_cannot_be_opened_does_not_fill_the_queue() -> None:
    with _capturing(DeviceLost("one"), DeviceLost("two")) as capture:
        capture.join(1.2)
        entries = [capture.take(0), capture.take(0)]
    assert entries == [CameraGone("two"), None]


def test_a_camera_that_flaps_is_opened_less_and_less_often() -> None:
    opened_s: list[float] = []
    steady = 251 * FRAME_NS
    pictures = [range(3), range(3), range(3), [0, steady // FRAME_NS], range(3)]
    cameras = [
        ScriptedCamera([*luma_frames(0, numbers), DeviceLost("flaps")]) for numbers in pictures
    ]
    give = opening(*cameras)

    def open_camera() -> Camera:
        opened_s.append(time.monotonic())
        return give()

    capture = CaptureThread(open_camera, "cage 03")
    wait_until(lambda: len(opened_s) >= 5, "the fifth opening")
    capture.stop()
    assert capture.join(5)
    waits_s = [later - earlier for earlier, later in pairwise(opened_s[:5])]
    assert waits_s[1] > 0.9
    assert waits_s[2] > 1.9
    assert waits_s[3] < 1.5


def _last(gone: list[Queued | None], capture: CaptureThread) -> Queued | None:
    entry = capture.take(0.2)
    if entry is not None:
        gone.append(entry)
    return gone[-1]
