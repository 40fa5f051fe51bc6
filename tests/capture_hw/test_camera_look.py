"""Decoded pictures of any camera."""

import time
import weakref
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from capture_hw.camera import CapturedFrame, open_camera
from capture_hw.camera_config import CameraFault, ReplayCameraConfig, SimulatedCameraConfig
from capture_hw.camera_look import look, look_over
from capture_hw.error import DeviceLost
from tests.capture_hw.scripted_camera import (
    H264,
    ScriptedCamera,
    access_units,
    decoded_units,
    h264_frames,
    luma_frames,
    picture,
)
from tests.video_factory import moving_square, write_video

SECOND_NS = 1_000_000_000


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    options = {"bf": "0", "g": "10", "sc_threshold": "0", "crf": "10"}
    return write_video(
        tmp_path / "clip.mkv", moving_square(30, width=176, height=144), options=options
    )


def test_copied_video_is_seen_as_the_decoded_one(clip: Path) -> None:
    seen = []
    for copied in (False, True):
        config = ReplayCameraConfig(driver="replay", file=clip, loop=False, copy=copied)
        with closing(open_camera(config)) as camera:
            seen.append([one.luma for one in look(camera, 0.9)])
    decoded, copy = seen
    assert len(decoded) >= 20
    assert len(copy) >= 20
    for one, other in zip(decoded[:20], copy[:20], strict=True):
        np.testing.assert_array_equal(one, other)


def test_it_lasts_as_long_as_was_asked() -> None:
    config = SimulatedCameraConfig(driver="simulated", seed=2)
    with closing(open_camera(config)) as camera:
        times_ns = [one.captured_ns for one in look(camera, 0.4)]
    assert 8 <= len(times_ns) <= 11
    assert times_ns == sorted(times_ns)


def test_a_silent_camera_is_said_to_be_silent() -> None:
    stall = CameraFault(kind="stall", after_s=0, for_s=60)
    config = SimulatedCameraConfig(driver="simulated", seed=2, faults=(stall,))
    with closing(open_camera(config)) as camera, pytest.raises(DeviceLost, match=r"no frame for"):
        list(look(camera, 5.0, silence_s=0.2))


def test_pictures_that_waited_since_earlier_are_left_out() -> None:
    now_ns = time.monotonic_ns()
    old = luma_frames(now_ns - 10 * SECOND_NS, range(8))
    new = luma_frames(now_ns + 5 * SECOND_NS, [*range(8, 12), 3000])
    seen = look(ScriptedCamera([*old, *new]), 60.0)
    times_ns = [one.captured_ns - now_ns - 5 * SECOND_NS for one in seen]
    assert times_ns == [320_000_000, 360_000_000, 400_000_000, 440_000_000]


def test_h264_that_waited_since_earlier_is_decoded_but_not_shown() -> None:
    now_ns = time.monotonic_ns()
    old = h264_frames(now_ns - 10 * SECOND_NS, range(8))
    new = h264_frames(now_ns + 5 * SECOND_NS, range(8, 12))
    end = h264_frames(now_ns + 90 * SECOND_NS, [12])
    seen = list(look(ScriptedCamera([*old, *new, *end], H264), 60.0))
    assert [one.is_key for one in seen] == [False, False, True, False]
    expected = decoded_units(unit for unit, _ in access_units(12))[8:]
    assert [one.luma.tobytes() for one in seen] == expected


def test_a_long_look_holds_no_more_than_the_newest_pictures() -> None:
    now_ns = time.monotonic_ns()
    given: list[weakref.ref[np.ndarray[tuple[int, int], np.dtype[np.uint8]]]] = []
    most = 0

    def frames() -> Iterator[CapturedFrame]:
        nonlocal most
        for frame in luma_frames(now_ns + 5 * SECOND_NS, [*range(50), 3000]):
            assert isinstance(frame.content, np.ndarray)
            given.append(weakref.ref(frame.content))
            most = max(most, sum(held() is not None for held in given))
            yield frame

    seen = look_over(ScriptedCamera(frames()), 60.0)
    assert len(seen.captured_ns) == 50
    assert seen.captured_ns[49] - seen.captured_ns[0] == 49 * 40_000_000
    np.testing.assert_array_equal(seen.luma, picture(49))
    assert most <= 3


def test_one_picture_is_too_few_to_look_over() -> None:
    frames = luma_frames(time.monotonic_ns() + 5 * SECOND_NS, [0, 3000])
    with pytest.raises(DeviceLost, match=r"^1 pictures in 60 s are too few$"):
        look_over(ScriptedCamera(frames), 60.0)
