"""A clip that was cut shows what its segment shows: every pixel, every time."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Final, TypeAlias

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange

from capture_hw.clip_cut import cut_clip
from capture_hw.error import PictureDamaged, StorageError
from capture_hw.h264 import H264Writer
from capture_hw.segment_form import ForeignVideo
from tests.small_disk import small_disk
from tests.video_factory import moving_square, write_video

_WIDTH, _HEIGHT = 96, 64
_TIMES: Final = [number * 40 + number % 3 for number in range(120)]
_KEYS: Final = (0, 50, 100)
Shown: TypeAlias = tuple[int, str, int, tuple[bytes, ...]]
"""Time, pixel format, range and all planes of a frame."""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return what the recorder's encoder makes of a noisy scene; key frames at 0, 50, 100."""
    path = tmp_path_factory.mktemp("recorded") / "a.mkv"
    with H264Writer(path, _WIDTH, _HEIGHT, 25) as writer:
        for picture, time_ms in zip(_scene(len(_TIMES)), _TIMES, strict=True):
            writer.write(picture, time_ms)
    return path


@pytest.fixture(scope="module", params=["yuvj420p", "yuvj422p", "yuv444p"])
def copied(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return what a camera might give that encodes for itself: full range, other chroma."""
    path = tmp_path_factory.mktemp("copied") / "a.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = _WIDTH, _HEIGHT, request.param
        stream.codec_context.time_base = Fraction(1, 1000)
        stream.codec_context.options = {"bf": "0", "g": "50", "sc_threshold": "0"}
        random = np.random.default_rng(1)
        for number in range(70):
            frame = av.VideoFrame(_WIDTH, _HEIGHT, request.param)
            for plane in frame.planes:
                samples = np.frombuffer(memoryview(plane), np.uint8)
                samples[:] = random.integers(0, 256, samples.size)
            if request.param.startswith("yuvj"):
                frame.color_range = ColorRange.JPEG
            frame.pts, frame.time_base = number * 40, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def _scene(count: int) -> list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
    return moving_square(count, width=_WIDTH, height=_HEIGHT)


def _shown(path: Path) -> list[Shown]:
    frames = []
    with av.open(str(path)) as container:
        container.streams.video[0].thread_type = "NONE"
        for frame in container.decode(video=0):
            assert frame.pts is not None
            planes = tuple(_visible(plane) for plane in frame.planes)
            frames.append((frame.pts, frame.format.name, int(frame.color_range), planes))
    return frames


def _visible(plane: av.video.plane.VideoPlane) -> bytes:
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return bytes(rows[: plane.height, : plane.width].tobytes())


def _expected(source: Path, first: int, last: int) -> list[Shown]:
    frames = _shown(source)[first : last + 1]
    start = frames[0][0]
    return [(time_ms - start, kind, range_, planes) for time_ms, kind, range_, planes in frames]


@pytest.mark.parametrize("first", [0, 1, 49, 50, 51, 99, 100, 119])
@pytest.mark.parametrize("frames", [1, 20, 70])
def test_a_clip_shows_every_pixel_and_time_of_its_segment(
    recorded: Path, tmp_path: Path, first: int, frames: int
) -> None:
    last = min(first + frames - 1, 119)
    clip = tmp_path / "clip.mkv"
    cut = cut_clip(recorded, clip, _TIMES[first], _TIMES[last], {})
    assert _shown(clip) == _expected(recorded, first, last)
    assert cut.frames == last - first + 1


@pytest.mark.parametrize("first", [0, 7])
def test_a_camera_s_own_h264_keeps_range_and_chroma(
    copied: Path, tmp_path: Path, first: int
) -> None:
    clip = tmp_path / "clip.mkv"
    cut_clip(copied, clip, first * 40, 69 * 40, {})
    assert _shown(clip) == _expected(copied, first, 69)


@pytest.mark.parametrize("way", ["intra-refresh", "open-gop"])
@pytest.mark.parametrize("first", [20, 25, 33])
def test_a_key_frame_that_needs_what_was_before_is_no_place_to_begin(
    tmp_path: Path, way: str, first: int
) -> None:
    """Some cameras renew their pictures in stripes and call where that begins a key frame."""
    options = {"bf": "0", "g": "10", "x264-params": f"{way}=1:scenecut=0:threads=1"}
    source = write_video(tmp_path / "a.mkv", _scene(60), options=options)
    clip = tmp_path / "clip.mkv"
    cut = cut_clip(source, clip, first * 40, 59 * 40, {})
    assert _shown(clip) == _expected(source, first, 59)
    assert cut.frames == 60 - first


@pytest.mark.parametrize(
    ("first", "last", "encoded"), [(0, 119, 0), (50, 60, 0), (1, 119, 49), (60, 70, 11)]
)
def test_only_the_frames_before_the_first_key_frame_are_encoded_again(
    recorded: Path, tmp_path: Path, first: int, last: int, encoded: int
) -> None:
    cut = cut_clip(recorded, tmp_path / "clip.mkv", _TIMES[first], _TIMES[last], {})
    assert (cut.frames, cut.encoded) == (last - first + 1, encoded)


def test_a_copied_clip_holds_the_packets_of_its_segment(recorded: Path, tmp_path: Path) -> None:
    clip = tmp_path / "clip.mkv"
    cut_clip(recorded, clip, _TIMES[50], _TIMES[99], {"CAGE": "03"})
    with av.open(str(recorded)) as source, av.open(str(clip)) as copy:
        packets = [bytes(one) for one in source.demux(video=0) if one.size][50:100]
        assert [bytes(one) for one in copy.demux(video=0) if one.size] == packets
        assert copy.metadata["CAGE"] == "03"


def _damaged(recorded: Path, target: Path, number: int, kept: int) -> Path:
    """Copy a video with all bytes of one packet behind the first `kept` overwritten."""
    with av.open(str(recorded)) as source:
        packets = [bytes(one) for one in source.demux(video=0) if one.size]
    content = recorded.read_bytes()
    place = content.index(packets[number])
    end = place + len(packets[number])
    broken = content[: place + kept] + b"\xff" * (end - place - kept) + content[end:]
    target.write_bytes(broken)
    return target


def test_a_damaged_picture_in_the_part_encoded_again_shows_the_one_before(
    recorded: Path, tmp_path: Path
) -> None:
    broken = _damaged(recorded, tmp_path / "broken.mkv", 55, kept=5)
    clip = tmp_path / "clip.mkv"
    cut_clip(broken, clip, _TIMES[52], _TIMES[110], {})
    found, whole = _shown(clip), _expected(recorded, 52, 110)
    assert [frame[0] for frame in found] == [frame[0] for frame in whole]
    assert found[:3] == whole[:3]
    assert found[3][1:] == whole[2][1:]
    assert found[48:] == whole[48:]


@pytest.mark.parametrize("number", [55, 105])
def test_a_frame_damaged_beyond_recognition_is_left_out(
    recorded: Path, tmp_path: Path, number: int
) -> None:
    broken = _damaged(recorded, tmp_path / "broken.mkv", number, kept=0)
    clip = tmp_path / "clip.mkv"
    cut = cut_clip(broken, clip, _TIMES[52], _TIMES[110], {})
    times = [_TIMES[frame] - _TIMES[52] for frame in range(52, 111) if frame != number]
    assert cut.frames == 58
    assert [frame[0] for frame in _shown(clip)] == times


def test_a_key_frame_that_is_gone_does_not_stop_the_search(recorded: Path, tmp_path: Path) -> None:
    """The index leads to where it was, and the frame after it is behind the place looked for."""
    with av.open(str(recorded)) as source:
        packet = [packet for packet in source.demux(video=0) if packet.size][50]
    assert packet.pos is not None
    content = bytearray(recorded.read_bytes())
    head = 12  # more than Matroska puts before a frame
    content[packet.pos - head : packet.pos + packet.size] = bytes(head + packet.size)
    broken = tmp_path / "broken.mkv"
    broken.write_bytes(content)
    cut = cut_clip(broken, tmp_path / "clip.mkv", _TIMES[60], _TIMES[110], {})
    assert cut.frames == 51
    assert _shown(tmp_path / "clip.mkv")[40:] == _expected(recorded, 60, 110)[40:]


def test_a_segment_with_reordered_frames_is_refused(tmp_path: Path) -> None:
    path = write_video(
        tmp_path / "b.mkv", _scene(30), options={"bf": "2", "preset": "medium", "g": "10"}
    )
    with pytest.raises(ForeignVideo, match="B-frames"):
        cut_clip(path, tmp_path / "clip.mkv", 0, 400, {})


def test_a_text_is_no_segment(tmp_path: Path) -> None:
    path = tmp_path / "b.mkv"
    path.write_text("not a video")
    with pytest.raises(PictureDamaged, match=r"b\.mkv: not a readable video$"):
        cut_clip(path, tmp_path / "clip.mkv", 0, 400, {})


def test_a_stretch_without_a_frame_leaves_no_file(recorded: Path, tmp_path: Path) -> None:
    with pytest.raises(PictureDamaged, match="holds no frame from 99000 ms"):
        cut_clip(recorded, tmp_path / "clip.mkv", 99_000, 99_400, {})
    assert not (tmp_path / "clip.mkv").exists()


def test_a_full_disk_is_one_sentence_and_leaves_no_file(recorded: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "small", "16k") as folder:
        with pytest.raises(StorageError, match=r"^[^\n]*cannot be written: No space left[^\n]*$"):
            cut_clip(recorded, folder / "clip.mkv", 0, _TIMES[-1], {})
        assert list(folder.iterdir()) == []
