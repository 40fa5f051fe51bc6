"""The encoder: every picture once, in order, with its levels; key frames where they belong."""

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange

from capture_hw.camera import CameraFormat, CapturedFrame
from capture_hw.encoder_config import EncoderConfig
from capture_hw.encoder_setting import EncoderSetting, setting_of
from capture_hw.error import EncoderError
from capture_hw.picture_encoder import PictureEncoder
from tests.capture_hw.scripted_camera import (
    FRAME_NS,
    HEIGHT,
    LUMA,
    WIDTH,
    decoded_units,
    luma_frames,
)

_SOFTWARE: Final = setting_of(EncoderConfig())


def late(pictures: int) -> EncoderSetting:
    """Return an encoder that gives each picture so many pictures later, one or more."""
    options = dict(_SOFTWARE.options)
    del options["tune"]
    options["x264-params"] = (
        f"rc-lookahead={pictures - 1}:sync-lookahead=0:sliced-threads=1:mbtree=0"
    )
    return replace(_SOFTWARE, options=options, description="a late libx264")


def _units(
    encoder: PictureEncoder, frames: Iterator[CapturedFrame], forced: int = -1
) -> list[CapturedFrame]:
    return [
        unit
        for frame in frames
        for unit in encoder.encode(frame, force_key=frame.sequence == forced)
    ]


def _content(units: list[CapturedFrame]) -> list[bytes]:
    return [bytes(unit.content) for unit in units]


def _kinds(unit: CapturedFrame) -> list[int]:
    return [part[0] & 31 for part in bytes(unit.content).split(b"\0\0\1")[1:]]


def test_each_picture_comes_back_at_once_with_its_moment_and_number() -> None:
    encoder = PictureEncoder(LUMA, _SOFTWARE)
    for frame in luma_frames(7, range(60)):
        (unit,) = encoder.encode(frame)
        assert (unit.captured_ns, unit.sequence) == (frame.captured_ns, frame.sequence)
        assert encoder.waiting == ()
    assert encoder.flush() == []


@pytest.mark.parametrize("level", [16, 17, 60, 128, 200, 234, 235])
def test_gray_levels_stay_what_they_are(level: int) -> None:
    encoder = PictureEncoder(LUMA, _SOFTWARE)
    flat = np.full((HEIGHT, WIDTH), level, np.uint8)
    units = encoder.encode(CapturedFrame(0, 0, flat, is_key=True))
    (luma,) = decoded_units(_content(units))
    assert abs(float(np.frombuffer(luma, np.uint8).mean()) - level) < 0.6


def test_the_stream_itself_says_limited_range() -> None:
    (unit,) = _units(PictureEncoder(LUMA, _SOFTWARE), luma_frames(0, range(1)))
    with av.open(io.BytesIO(bytes(unit.content)), format="h264") as stream:
        context = stream.streams.video[0].codec_context
        assert context.color_range == ColorRange.MPEG


def test_a_key_frame_comes_every_two_seconds_and_where_it_is_asked_for() -> None:
    units = _units(PictureEncoder(LUMA, _SOFTWARE), luma_frames(0, range(160)), forced=70)
    assert [unit.sequence for unit in units if unit.is_key] == [0, 50, 70, 120]
    assert [_kinds(unit)[:2] for unit in units if unit.is_key] == [[7, 8]] * 4
    assert {tuple(_kinds(unit)) for unit in units if not unit.is_key} == {(1,)}


def test_noise_makes_no_more_key_frames() -> None:
    random = np.random.default_rng(2)
    frames = (
        CapturedFrame(
            number * FRAME_NS,
            number,
            random.integers(100, 130, (HEIGHT, WIDTH), dtype=np.uint8),
            is_key=True,
        )
        for number in range(110)
    )
    units = _units(PictureEncoder(LUMA, _SOFTWARE), frames)
    assert [unit.sequence for unit in units if unit.is_key] == [0, 50, 100]


def test_a_slow_camera_has_a_key_frame_every_two_seconds_too() -> None:
    units = _units(PictureEncoder(LUMA, _SOFTWARE), luma_frames(0, range(0, 250, 5)))
    keys = [unit.captured_ns // FRAME_NS for unit in units if unit.is_key]
    assert keys == [0, 50, 100, 150, 200]


def test_the_ceiling_of_the_rate_holds_for_pure_noise() -> None:
    width, height, seconds, kbit_s = 320, 240, 10, 800
    setting = setting_of(EncoderConfig(crf=20, max_kbit_s=kbit_s))
    encoder = PictureEncoder(CameraFormat("luma", width, height, 25.0), setting)
    random = np.random.default_rng(4)
    sizes = []
    for number in range(25 * seconds):
        noise = random.integers(16, 236, (height, width), dtype=np.uint8)
        frame = CapturedFrame(number * FRAME_NS, number, noise, is_key=True)
        sizes += [len(unit.content) * 8 / 1000 for unit in encoder.encode(frame)]
    assert sum(sizes) <= kbit_s * (seconds + 2)
    later = sizes[100:]
    assert sum(later) <= 1.1 * kbit_s * len(later) / 25


def test_the_unlimited_rate_of_that_noise_would_be_several_times_as_high() -> None:
    setting = setting_of(EncoderConfig(crf=20, max_kbit_s=50_000))
    encoder = PictureEncoder(CameraFormat("luma", 320, 240, 25.0), setting)
    random = np.random.default_rng(4)
    bits = 0
    for number in range(25):
        noise = random.integers(16, 236, (240, 320), dtype=np.uint8)
        frame = CapturedFrame(number * FRAME_NS, number, noise, is_key=True)
        bits += sum(len(unit.content) * 8 for unit in encoder.encode(frame))
    assert bits > 3 * 800_000


def test_units_that_come_late_are_still_those_of_their_frames() -> None:
    encoder = PictureEncoder(LUMA, late(1))
    units = _units(encoder, luma_frames(0, range(40)), forced=20)
    assert [frame.sequence for frame in encoder.waiting] == [39]
    units += encoder.flush()
    assert [(unit.captured_ns, unit.sequence) for unit in units] == [
        (number * FRAME_NS, number) for number in range(40)
    ]
    assert [unit.sequence for unit in units if unit.is_key] == [0, 20]
    assert len(decoded_units(_content(units))) == 40


@pytest.mark.parametrize(("pictures", "held_back"), [(2, 2), (3, 3), (30, 8)])
def test_an_encoder_that_holds_back_too_much_is_an_error_and_gives_back_what_it_had(
    pictures: int, held_back: int
) -> None:
    encoder = PictureEncoder(LUMA, late(pictures))
    with pytest.raises(EncoderError, match=f"a late libx264: holds back {held_back} pictures"):
        _units(encoder, luma_frames(0, range(40)))
    assert [frame.sequence for frame in encoder.waiting] == list(range(8 - held_back, 9))


def test_what_an_ended_encoder_is_given_can_be_given_to_another() -> None:
    encoder = PictureEncoder(LUMA, _SOFTWARE)
    frames = list(luma_frames(0, range(3)))
    encoder.encode(frames[0])
    encoder.flush()
    with pytest.raises(EncoderError, match="libx264 superfast crf 28 max 1500 kbit/s: failed: "):
        encoder.encode(frames[1])
    assert encoder.waiting == (frames[1],)


def test_an_encoder_that_is_not_there_is_one_sentence() -> None:
    with pytest.raises(EncoderError, match=r"^no_such_encoder: cannot be opened: "):
        PictureEncoder(LUMA, replace(_SOFTWARE, codec="no_such_encoder"))


def test_a_picture_of_another_size_is_refused() -> None:
    encoder = PictureEncoder(LUMA, _SOFTWARE)
    with pytest.raises(ValueError, match=r"shape \(46, 64\), not \(48, 64\)"):
        encoder.encode(CapturedFrame(0, 0, np.zeros((46, 64), np.uint8), is_key=True))
