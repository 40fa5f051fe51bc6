"""A file as a camera: every frame, at its time, at its level, over and over."""

import re
import time
from contextlib import closing
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Final

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from capture_hw.camera import Camera, CapturedFrame, open_camera
from capture_hw.camera_config import ReplayCameraConfig
from capture_hw.driver.replay_clock import ReplayClock
from capture_hw.error import CaptureError, DeviceLost, DeviceStalled
from tests.video_factory import moving_square, write_video

_PATIENCE_S: Final = 10.0
_WIDTH, _HEIGHT = 64, 48
_QUICK_MS: Final = tuple(range(0, 120, 4))
"""30 frames in 0.12 s, so that tests do not wait."""
_X264: Final = {"bf": "0", "g": "10", "sc_threshold": "0"}


def _open(path: Path, *, loop: bool = False, copy: bool = False) -> Camera:
    return open_camera(ReplayCameraConfig(driver="replay", file=path, loop=loop, copy=copy))


def _quick(path: Path, frames: int = 30) -> Path:
    pictures = moving_square(frames, width=_WIDTH, height=_HEIGHT)
    return write_video(path, pictures, times_ms=_QUICK_MS[:frames], options=_X264)


def _play(camera: Camera) -> list[CapturedFrame]:
    """Return the frames up to the file's end."""
    frames: list[CapturedFrame] = []
    with closing(camera), pytest.raises(DeviceLost, match="the file has ended"):
        _fill(camera, frames)
    return frames


def _fill(camera: Camera, frames: list[CapturedFrame]) -> None:
    while True:
        frames.append(camera.read(_PATIENCE_S))


def _picture(frame: CapturedFrame) -> NDArray[np.uint8]:
    assert isinstance(frame.content, np.ndarray)
    return frame.content


def _milliseconds(frames: list[CapturedFrame]) -> list[int]:
    return [round((frame.captured_ns - frames[0].captured_ns) / 1e6) for frame in frames]


def _played_picture(path: Path) -> NDArray[np.uint8]:
    with closing(_open(path)) as camera:
        return _picture(camera.read(_PATIENCE_S))


def test_a_file_played_once_gives_every_frame_at_its_time_and_ends(tmp_path: Path) -> None:
    times_ms = [0, 40, 81, 120, 121, 300, 301]
    pictures = moving_square(7, width=_WIDTH, height=_HEIGHT)
    path = write_video(tmp_path / "a.mkv", pictures, times_ms=times_ms, codec="ffv1", options={})
    opened_ns = time.monotonic_ns()
    frames = _play(_open(path))
    assert _milliseconds(frames) == times_ms
    assert [frame.sequence for frame in frames] == list(range(7))
    assert opened_ns <= frames[0].captured_ns <= opened_ns + 2_000_000_000
    for frame, picture in zip(frames, pictures, strict=True):
        np.testing.assert_array_equal(_picture(frame), picture)


def test_frames_do_not_come_before_their_time(tmp_path: Path) -> None:
    with closing(_open(_quick(tmp_path / "a.mkv"))) as camera:
        for _ in range(10):
            assert camera.read(_PATIENCE_S).captured_ns <= time.monotonic_ns()


@pytest.mark.parametrize("copy", [False, True])
def test_a_loop_goes_on_without_a_jump(tmp_path: Path, copy: bool) -> None:
    with closing(_open(_quick(tmp_path / "a.mkv"), loop=True, copy=copy)) as camera:
        frames = [camera.read(_PATIENCE_S) for _ in range(90)]
    assert _milliseconds(frames) == [4 * number for number in range(90)]
    assert [frame.sequence for frame in frames] == list(range(90))
    if copy:
        assert [n for n, frame in enumerate(frames) if frame.is_key] == list(range(0, 90, 10))


def test_a_late_reader_loses_nothing(tmp_path: Path) -> None:
    with closing(_open(_quick(tmp_path / "a.mkv"), loop=True)) as camera:
        first = camera.read(_PATIENCE_S)
        while time.monotonic_ns() < first.captured_ns + 300_000_000:
            time.sleep(0.02)
        frames = [first, *(camera.read(_PATIENCE_S) for _ in range(60))]
    assert _milliseconds(frames) == [4 * number for number in range(61)]


def test_a_pause_in_the_file_is_a_stall_and_then_the_frame_comes(tmp_path: Path) -> None:
    pictures = moving_square(3, width=_WIDTH, height=_HEIGHT)
    path = write_video(tmp_path / "a.mkv", pictures, times_ms=[0, 40, 700])
    with closing(_open(path)) as camera:
        camera.read(_PATIENCE_S)
        second = camera.read(_PATIENCE_S)
        begun_s = time.monotonic()
        with pytest.raises(DeviceStalled, match=r"a\.mkv: no frame for 0\.1 s"):
            camera.read(0.1)
        assert 0.1 <= time.monotonic() - begun_s < 0.5
        third = camera.read(_PATIENCE_S)
    assert third.captured_ns - second.captured_ns == 660_000_000


def test_limited_range_levels_arrive_as_they_are(tmp_path: Path) -> None:
    ramp = np.tile(np.arange(256, dtype=np.uint8), (_HEIGHT, 1))
    path = write_video(tmp_path / "a.mkv", [ramp], codec="ffv1", options={})
    np.testing.assert_array_equal(_played_picture(path), ramp)


@pytest.mark.parametrize("pixel_format", ["gray", "yuvj420p"])
def test_full_range_levels_are_scaled_to_limited_range(tmp_path: Path, pixel_format: str) -> None:
    codec = "ffv1" if pixel_format == "gray" else "mjpeg"
    options = {} if pixel_format == "gray" else {"qmin": "1", "q": "1"}
    flat = [np.full((_HEIGHT, _WIDTH), level, np.uint8) for level in (0, 100, 255)]
    path = write_video(
        tmp_path / "a.mkv", flat, codec=codec, pixel_format=pixel_format, options=options
    )
    levels = [int(np.median(_picture(frame))) for frame in _play(_open(path))]
    assert levels == [16, 102, 235]


@pytest.mark.parametrize(
    ("pixel_format", "levels"), [("yuv420p10le", (64, 402, 940)), ("gray10le", (0, 394, 1023))]
)
def test_ten_bit_levels_are_rounded_to_eight(
    tmp_path: Path, pixel_format: str, levels: tuple[int, int, int]
) -> None:
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = _WIDTH, _HEIGHT, pixel_format
        for number, level in enumerate(levels):
            frame = av.VideoFrame(_WIDTH, _HEIGHT, pixel_format)
            for plane in frame.planes:
                np.frombuffer(memoryview(plane), "<u2")[:] = 512
            np.frombuffer(memoryview(frame.planes[0]), "<u2")[:] = level
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    played = [int(np.median(_picture(frame))) for frame in _play(_open(path))]
    assert played == [16, {402: 101, 394: 101}[levels[1]], 235]


@pytest.mark.parametrize("pixel_format", ["bgr0", "bgra"])
def test_colors_become_limited_range_luma(tmp_path: Path, pixel_format: str) -> None:
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = _WIDTH, _HEIGHT, pixel_format
        for number, color in enumerate([(0, 0, 0), (255, 0, 0), (255, 255, 255)]):
            picture = np.full((_HEIGHT, _WIDTH, 3), color, np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format=pixel_format)
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    levels = [int(np.median(_picture(frame))) for frame in _play(_open(path))]
    assert levels == pytest.approx([16, 82, 235], abs=1)  # red: 16 + 219 * 0.299, BT.601


def test_an_odd_size_loses_its_last_row_and_column(tmp_path: Path) -> None:
    picture = moving_square(1, width=65, height=49)[0]
    path = write_video(tmp_path / "a.mkv", [picture], codec="ffv1", options={})
    with closing(_open(path)) as camera:
        assert (camera.format.width, camera.format.height) == (64, 48)
        np.testing.assert_array_equal(_picture(camera.read(_PATIENCE_S)), picture[:48, :64])


def test_a_picture_belongs_to_the_reader(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mkv", [np.full((_HEIGHT, _WIDTH), 90, np.uint8)] * 2)
    with closing(_open(path)) as camera:
        _picture(camera.read(_PATIENCE_S))[:] = 0
        assert np.median(_picture(camera.read(_PATIENCE_S))) == 90


def test_an_undecodable_frame_is_a_step_of_sequence(tmp_path: Path) -> None:
    path = _quick(tmp_path / "a.mkv")
    places = _packet_places(path)
    content = bytearray(path.read_bytes())
    position, size = places[15]
    content[position + 4 : position + size] = b"\xff" * (size - 4)
    path.write_bytes(content)
    frames = _play(_open(path))
    numbers = [time_ms // 4 for time_ms in _milliseconds(frames)]
    assert set(numbers) >= {*range(15), *range(20, 30)}
    assert 15 not in numbers
    assert [frame.sequence for frame in frames] == numbers


def test_frames_lost_at_the_end_are_a_step_in_the_next_loop(tmp_path: Path) -> None:
    path = _quick(tmp_path / "a.mkv")
    content = bytearray(path.read_bytes())
    for position, size in _packet_places(path)[28:]:
        content[position + 4 : position + size] = b"\xff" * (size - 4)
    path.write_bytes(content)
    with closing(_open(path, loop=True)) as camera:
        frames = [camera.read(_PATIENCE_S) for _ in range(30)]
    assert [frame.sequence for frame in frames] == [*range(28), 30, 31]


@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".avi", ".ts", ".h264"])
def test_h264_is_copied_from_every_container(tmp_path: Path, suffix: str) -> None:
    times_ms = _QUICK_MS if suffix in {".mkv", ".mp4"} else None
    pictures = moving_square(30, width=_WIDTH, height=_HEIGHT)
    path = write_video(tmp_path / f"a{suffix}", pictures, times_ms=times_ms, options=_X264)
    units = [frame.content for frame in _play(_open(path, copy=True))]
    decoder = av.CodecContext.create("h264", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    decoded = []
    for unit in units:
        assert isinstance(unit, bytes)
        decoded += decoder.decode(av.Packet(unit))
    decoded += decoder.decode(None)
    with av.open(str(path)) as container:
        expected = [frame.to_ndarray() for frame in container.decode(video=0)]
    assert len(decoded) == 30
    for frame, picture in zip(decoded, expected, strict=True):
        np.testing.assert_array_equal(frame.to_ndarray(), picture)


@pytest.mark.parametrize("delimiter", [b"", b"\x09\xf0"])
def test_every_key_frame_gets_the_parameter_sets_of_the_first(
    tmp_path: Path, delimiter: bytes
) -> None:
    source = _play(_open(_quick(tmp_path / "a.mkv"), copy=True))
    path = tmp_path / "bare.h264"
    path.write_bytes(b"".join(_bare(frame, delimiter) for frame in source))
    frames = _play(_open(path, copy=True))
    first = [9] if delimiter else []
    for number, frame in enumerate(frames):
        kinds = [unit[0] & 31 for unit in _units(frame) if unit[0] & 31 != 6]
        assert kinds == [*first, *([7, 8, 5] if number % 10 == 0 else [1])]
    assert len(frames) == 30


def test_reordered_frames_are_not_copied(tmp_path: Path) -> None:
    pictures = moving_square(30, width=_WIDTH, height=_HEIGHT)
    path = write_video(tmp_path / "a.mkv", pictures, options={"bf": "2", "b_strategy": "0"})
    with pytest.raises(DeviceLost, match=r"a\.mkv: reorders its frames"):
        _open(path, copy=True)
    with closing(_open(path)) as camera:
        frames = [camera.read(_PATIENCE_S) for _ in range(5)]
    assert _milliseconds(frames) == [0, 40, 80, 120, 160]


def test_another_codec_is_not_copied(tmp_path: Path) -> None:
    pictures = moving_square(3, width=_WIDTH, height=_HEIGHT)
    path = write_video(tmp_path / "a.avi", pictures, codec="mpeg4", options={})
    with pytest.raises(DeviceLost, match=r"a\.avi: holds mpeg4 video, and only H\.264"):
        _open(path, copy=True)


def test_a_file_that_is_gone_at_the_end_of_a_loop_is_lost(tmp_path: Path) -> None:
    path = _quick(tmp_path / "a.mkv", frames=5)
    with closing(_open(path, loop=True)) as camera:
        for _ in range(5):
            camera.read(_PATIENCE_S)
        path.unlink()
        with pytest.raises(DeviceLost, match=r"a\.mkv: no such file"):
            camera.read(_PATIENCE_S)


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("missing.mkv", None, "no such file or directory"),
        ("empty.mkv", b"", "empty file"),
        ("text.mkv", b"no video\n" * 500, "not a readable video"),
        ("text.txt", b"no video\n" * 500, "a text or a still picture"),
        ("cut.mkv", b"\x1a\x45\xdf\xa3", "not a readable video"),
        ("folder/..", None, "not a file"),
    ],
)
def test_what_is_no_video_is_one_sentence(
    tmp_path: Path, name: str, content: bytes | None, complaint: str
) -> None:
    (tmp_path / "folder").mkdir()
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DeviceLost) as refusal:
        _open(path)
    assert str(refusal.value).startswith(f"{path}: {complaint}")
    assert "\n" not in str(refusal.value)


def test_a_still_picture_is_no_video(tmp_path: Path) -> None:
    path = write_video(
        tmp_path / "a.png",
        moving_square(1, width=_WIDTH, height=_HEIGHT),
        codec="png",
        pixel_format="gray",
        options={},
    )
    with pytest.raises(DeviceLost, match=r"a\.png: a text or a still picture"):
        _open(path)


def test_missing_stamps_follow_at_the_usual_interval() -> None:
    clock = ReplayClock(1_000, Fraction(1, 1000), Fraction(25))
    moments_ns = [clock.stamp(pts) for pts in (None, None, 90, 100, None)]
    clock.begin_pass()
    moments_ns.append(clock.stamp(7))
    assert moments_ns == [1_000, 40_001_000, 80_001_000, 90_001_000, 130_001_000, 170_001_000]


def test_stamps_that_go_back_or_stay_still_grow_by_a_millisecond() -> None:
    clock = ReplayClock(0, Fraction(1, 1000), Fraction(25))
    assert [clock.stamp(pts) for pts in (0, 40, 40, 10, 80)] == [
        0,
        40_000_000,
        41_000_000,
        42_000_000,
        80_000_000,
    ]


@pytest.mark.parametrize(
    ("folder", "copy", "playable"),
    [("video", False, 6), ("video", True, 1), ("damaged", False, 4), ("damaged", True, 0)],
)
def test_real_and_damaged_files_play_or_are_refused_in_one_sentence(
    shared_data: Path, folder: str, copy: bool, playable: int
) -> None:
    outcomes = [_try(path, copy) for path in sorted((shared_data / folder).iterdir())]
    for path, refusal in outcomes:
        assert refusal is None or refusal.startswith(f"{path}: ")
        assert refusal is None or "\n" not in refusal
    assert sum(refusal is None for _, refusal in outcomes) >= playable


def _try(path: Path, copy: bool) -> tuple[Path, str | None]:
    """Play eight frames of a loop; return why not, if not."""
    try:
        with closing(_open(path, loop=True, copy=copy)) as camera:
            frames = [camera.read(_PATIENCE_S) for _ in range(8)]
    except CaptureError as error:
        return path, str(error)
    assert all(a.captured_ns < b.captured_ns for a, b in pairwise(frames))
    assert all(a.sequence < b.sequence for a, b in pairwise(frames))
    return path, None


def _packet_places(path: Path) -> list[tuple[int, int]]:
    with av.open(str(path)) as container:
        return [(p.pos, p.size) for p in container.demux(video=0) if p.size and p.pos is not None]


def _units(frame: CapturedFrame) -> list[bytes]:
    """Return the units of an access unit without their start codes."""
    assert isinstance(frame.content, bytes)
    return [unit for unit in re.split(rb"\x00\x00\x00?\x01", frame.content) if unit]


def _bare(frame: CapturedFrame, delimiter: bytes) -> bytes:
    """Return an access unit without parameter sets, unless it is the first."""
    kept = [unit for unit in _units(frame) if frame.sequence == 0 or unit[0] & 31 not in {7, 8}]
    delimited = [delimiter, *kept] if delimiter else kept
    return b"".join(b"\x00\x00\x00\x01" + unit for unit in delimited)
