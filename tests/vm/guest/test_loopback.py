"""Known pictures through a real `/dev/video` into a segment and out of it again."""

from collections.abc import Callable
from contextlib import closing
from fractions import Fraction
from functools import cache
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from capture_hw.camera import open_camera
from capture_hw.error import DeviceLost
from tests.vm.guest.loopback import Feeder, feeding, loop_config
from tests.vm.guest.numbered_picture import (
    HEIGHT,
    LEVELS,
    WIDTH,
    levels_in,
    number_in,
    numbered,
)
from tests.vm.guest.recording import recording, segments

_CODEC_ERROR = 3.0
"""Levels, of a plain gray area at the recorder's quality."""
_PERIOD = 50
"""Pictures encoded once and fed again and again."""


def _luma(number: int) -> bytes:
    return numbered(number).tobytes()


def _nv12(number: int) -> bytes:
    return _luma(number) + bytes([128]) * (WIDTH * HEIGHT // 2)


def _yuyv(number: int) -> bytes:
    packed = np.full((HEIGHT, WIDTH, 2), 128, np.uint8)
    packed[:, :, 0] = numbered(number)
    return packed.tobytes()


def _full_range_gray(number: int) -> bytes:
    stretched = (numbered(number).astype(np.float64) - 16) * 255 / 219
    return stretched.round().clip(0, 255).astype(np.uint8).tobytes()


@pytest.mark.parametrize(
    ("pixel_format", "picture"),
    [("NV12", _nv12), ("YUYV", _yuyv), ("GREY", _full_range_gray)],
    ids=["NV12", "YUYV", "GREY"],
)
def test_recorded_pictures_are_those_that_were_shown(
    tmp_path: Path,
    pixel_format: str,
    picture: Callable[[int], bytes],
    record_property: Callable[[str, object], None],
) -> None:
    with (
        feeding(pixel_format, WIDTH, HEIGHT, picture),
        recording(tmp_path / "data", loop_config(pixel_format=pixel_format)) as recorder,
    ):
        recorder.wait_for(lambda now: now.frames >= 150, 60.0)
    (segment,) = segments(tmp_path / "data" / "03")
    numbers, worst = [], 0.0
    for luma in segment.pictures():
        numbers.append(number_in(luma))
        worst = max(worst, float(np.abs(levels_in(luma) - LEVELS).max()))
    missing = _missing(numbers, 1 << 16)
    record_property("recorded, missing, in the journal as lost", f"{len(numbers)}, {missing}")
    record_property("largest error of a gray level", f"{worst:.1f}")
    assert len(numbers) >= 150
    assert segment.frames_lost == missing
    assert worst <= _CODEC_ERROR


def test_hardware_h264_is_recorded_bit_for_bit(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    units = _encoded("libx264", {"preset": "ultrafast", "tune": "zerolatency"})
    with (
        feeding("H264", WIDTH, HEIGHT, lambda number: units[number % _PERIOD]),
        recording(tmp_path / "data", loop_config(pixel_format="H264")) as recorder,
    ):
        recorder.wait_for(lambda now: now.frames >= 100, 60.0)
    (segment,) = segments(tmp_path / "data" / "03")
    shown = _decoded(units)
    numbers = []
    for luma in segment.pictures():
        numbers.append(number_in(luma))
        assert luma.tobytes() == shown[numbers[-1]]
    missing = _missing(numbers, _PERIOD)
    record_property("recorded, missing", f"{len(numbers)}, {missing}")
    assert segment.journal.header.encoder is None
    assert segment.frames_lost == missing


def test_jpeg_pictures_have_the_right_levels() -> None:
    pictures = _encoded("mjpeg", {"q": "2"})
    with (
        feeding("MJPG", WIDTH, HEIGHT, lambda number: pictures[number % _PERIOD]),
        closing(open_camera(loop_config(pixel_format="MJPEG"))) as camera,
    ):
        frames = [camera.read(5.0) for _ in range(25)]
    for frame in frames:
        assert isinstance(frame.content, np.ndarray)
        assert np.abs(levels_in(frame.content) - LEVELS).max() <= _CODEC_ERROR
    contents = [frame.content for frame in frames if isinstance(frame.content, np.ndarray)]
    numbers = [number_in(content) for content in contents]
    assert (numbers[-1] - numbers[0]) % _PERIOD == (
        frames[-1].sequence - frames[0].sequence
    ) % _PERIOD


def test_a_damaged_jpeg_is_left_out_and_counted() -> None:
    pictures = _encoded("mjpeg", {"q": "2"})

    def picture(number: int) -> bytes:
        whole = pictures[number % _PERIOD]
        return whole[: len(whole) // 3] if number % 10 == 5 else whole

    with (
        feeding("MJPG", WIDTH, HEIGHT, picture),
        closing(open_camera(loop_config(pixel_format="MJPEG"))) as camera,
    ):
        frames = [camera.read(5.0) for _ in range(45)]
    contents = [frame.content for frame in frames if isinstance(frame.content, np.ndarray)]
    assert all(number_in(content) % 10 != 5 for content in contents)
    steps = np.diff([frame.sequence for frame in frames[1:]])
    assert steps.sum() >= 43 + 4


def test_a_source_that_falls_silent_is_a_gap_and_goes_on(tmp_path: Path) -> None:
    with (
        feeding("NV12", WIDTH, HEIGHT, _nv12) as feeder,
        recording(tmp_path / "data", loop_config(pixel_format="NV12")) as recorder,
    ):
        recorder.wait_for(lambda now: now.frames >= 30, 30.0)
        feeder.pause()
        recorder.wait_for(lambda now: now.state in ("stalled", "lost"), 10.0)
        feeder.resume()
        before = recorder.reports[-1].frames
        recorder.wait_for(lambda now: now.state == "recording" and now.frames >= before + 30, 30.0)
    numbers = [
        number_in(luma)
        for segment in segments(tmp_path / "data" / "03")
        for luma in segment.pictures()
    ]
    assert len(set(numbers)) == len(numbers)
    assert any(segment.journal.gaps for segment in segments(tmp_path / "data" / "03"))


def test_another_device_in_a_camera_s_place_is_refused_by_both_names() -> None:
    mine = loop_config(card="cage 03")
    feeder = Feeder("NV12", WIDTH, HEIGHT, _nv12, card="cage 03")
    with closing(feeder), closing(open_camera(mine)) as camera:
        camera.read(5.0)
    with (
        feeding("NV12", WIDTH, HEIGHT, _nv12, card="somebody else"),
        pytest.raises(DeviceLost, match='wants "cage 03", found "somebody else"'),
    ):
        open_camera(mine)


def _missing(numbers: list[int], period: int) -> int:
    """Count the pictures between the first and the last that are not there."""
    steps = [(later - earlier) % period for earlier, later in pairwise(numbers)]
    assert min(steps) >= 1, "a picture is there twice"
    return sum(step - 1 for step in steps)


@cache
def _encoded_once(codec: str, options: tuple[tuple[str, str], ...]) -> tuple[bytes, ...]:
    encoder = av.CodecContext.create(codec, "w")
    assert isinstance(encoder, av.VideoCodecContext)
    is_jpeg = codec == "mjpeg"
    encoder.width, encoder.height = WIDTH, HEIGHT
    encoder.pix_fmt = "yuvj420p" if is_jpeg else "yuv420p"
    encoder.time_base = Fraction(1, 25)
    encoder.gop_size, encoder.max_b_frames, encoder.thread_count = 25, 0, 1
    if is_jpeg:
        encoder.qmin = encoder.qmax = 2
    encoder.options = dict(options)
    units = []
    for number in range(_PERIOD):
        frame = av.VideoFrame(WIDTH, HEIGHT, encoder.pix_fmt)
        content = _full_range_gray(number) if is_jpeg else _luma(number)
        _fill(frame, np.frombuffer(content, np.uint8).reshape(HEIGHT, WIDTH))
        frame.pts = number
        units += [bytes(packet) for packet in encoder.encode(frame)]
    return tuple(units)


def _encoded(codec: str, options: dict[str, str]) -> tuple[bytes, ...]:
    units = _encoded_once(codec, tuple(options.items()))
    assert len(units) == _PERIOD
    return units


def _fill(frame: av.VideoFrame, luma: NDArray[np.uint8]) -> None:
    for plane, level in zip(frame.planes, (None, 128, 128), strict=True):
        samples = np.frombuffer(plane, np.uint8)  # type: ignore[call-overload]
        if level is None:
            samples.reshape(-1, plane.line_size)[:HEIGHT, :WIDTH] = luma
        else:
            samples[:] = level


def _decoded(units: tuple[bytes, ...]) -> list[bytes]:
    decoder = av.CodecContext.create("h264", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    decoder.thread_count = 1
    frames = [frame for unit in units for frame in decoder.decode(av.Packet(unit))]
    frames += decoder.decode(None)
    pictures = []
    for frame in frames:
        plane = frame.planes[0]
        samples = np.frombuffer(plane, np.uint8)  # type: ignore[call-overload]
        pictures.append(samples.reshape(-1, plane.line_size)[:HEIGHT, :WIDTH].tobytes())
    return pictures
