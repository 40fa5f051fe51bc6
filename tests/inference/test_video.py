"""Reading videos: every frame that is in the file, whatever happened to the file."""

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from capture_hw.h264 import H264Writer
from inference.error import VideoError
from inference.video import VideoFrame, open_video
from tests.video_factory import moving_square, write_video


def read(path: Path) -> list[VideoFrame]:
    with open_video(path) as video:
        return list(video.frames())


def lost(frames: list[VideoFrame]) -> list[int]:
    return [frame.index for frame in frames if frame.picture is None]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hundred frames in Matroska, a key frame each second, as the recorder writes them."""
    return write_video(
        tmp_path_factory.mktemp("clip") / "clip.mkv", moving_square(100, width=176, height=144)
    )


def packet_places(path: Path) -> list[tuple[int, int]]:
    with av.open(str(path)) as container:
        return [(p.pos, p.size) for p in container.demux(video=0) if p.size and p.pos is not None]


@pytest.mark.parametrize("b_frames", ["0", "3"])
@pytest.mark.parametrize("threads", ["1", "4"])
def test_every_frame_is_read_in_order_with_its_time(
    tmp_path: Path, b_frames: str, threads: str
) -> None:
    options = {"bf": b_frames, "threads": threads, "g": "25"}
    path = write_video(tmp_path / "a.mkv", moving_square(60, width=64, height=64), options=options)
    frames = read(path)
    assert [frame.index for frame in frames] == list(range(60))
    assert [frame.time_ms for frame in frames] == [40 * n for n in range(60)]
    assert lost(frames) == []


@pytest.mark.parametrize(
    ("suffix", "codec", "pixel_format"),
    [
        (".avi", "mpeg4", "yuv420p"),
        (".mp4", "libx264", "yuv420p"),
        (".mov", "mjpeg", "yuvj420p"),
        (".mpg", "mpeg1video", "yuv420p"),
        (".mkv", "ffv1", "gray"),
        (".ts", "libx264", "yuv420p"),
    ],
)
def test_other_containers_and_codecs_lose_no_frame(
    tmp_path: Path, suffix: str, codec: str, pixel_format: str
) -> None:
    pictures = moving_square(30, width=64, height=64)
    path = write_video(
        tmp_path / f"a{suffix}", pictures, codec=codec, pixel_format=pixel_format, options={}
    )
    frames = read(path)
    assert len(frames) == 30
    assert lost(frames) == []
    assert frames[10].time_ms == pytest.approx(400, abs=1)


def test_luma_levels_arrive_as_they_were_written(tmp_path: Path) -> None:
    ramp = np.tile(np.arange(256, dtype=np.uint8), (64, 1))
    path = write_video(tmp_path / "a.mkv", [ramp] * 2, codec="ffv1", options={})
    picture = read(path)[0].picture
    assert picture is not None
    assert not picture.full_range
    assert np.array_equal(picture.luma, ramp)


@pytest.mark.parametrize("pixel_format", ["gray", "yuvj420p"])
def test_full_range_formats_are_known_as_such(tmp_path: Path, pixel_format: str) -> None:
    codec = "ffv1" if pixel_format == "gray" else "mjpeg"
    path = write_video(
        tmp_path / "a.mkv", moving_square(1), codec=codec, pixel_format=pixel_format, options={}
    )
    picture = read(path)[0].picture
    assert picture is not None
    assert picture.full_range


def test_ten_bit_luma_is_rounded_to_eight(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p10le"
        frame = av.VideoFrame(64, 64, "yuv420p10le")
        luma = np.frombuffer(memoryview(frame.planes[0]), "<u2")
        luma[:] = np.arange(luma.size) % 1024
        for plane in frame.planes[1:]:
            np.frombuffer(memoryview(plane), "<u2")[:] = 512
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    picture = read(path)[0].picture
    assert picture is not None
    expected = [min(255, int(level / 4 + 0.5)) for level in range(64)]
    assert picture.luma[0].tolist() == expected


def test_a_damaged_frame_keeps_its_row_and_its_time(clip: Path, tmp_path: Path) -> None:
    places = packet_places(clip)
    content = bytearray(clip.read_bytes())
    position, size = places[40]
    content[position : position + size + 8] = b"\xff" * (size + 8)
    damaged = tmp_path / "damaged.mkv"
    damaged.write_bytes(content)
    frames = read(damaged)
    assert [frame.time_ms for frame in frames] == [40 * n for n in range(100)]
    assert 40 in lost(frames)
    assert not {*range(40), *range(50, 100)} & set(lost(frames))


def test_frames_swallowed_by_a_hole_keep_their_rows(clip: Path, tmp_path: Path) -> None:
    places = packet_places(clip)
    content = bytearray(clip.read_bytes())
    start, end = places[30][0] - 16, places[36][0]
    content[start:end] = bytes(end - start)
    damaged = tmp_path / "hole.mkv"
    damaged.write_bytes(content)
    frames = read(damaged)
    assert len(frames) == 100
    assert [frame.time_ms for frame in frames] == [40 * n for n in range(100)]
    assert set(lost(frames)) >= set(range(30, 36))


@pytest.mark.parametrize("sound_s", [0.0, 6.0])
@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".avi"])
@pytest.mark.parametrize("b_frames", ["0", "3"])
def test_a_pause_of_the_camera_is_not_taken_for_damage(
    tmp_path: Path, suffix: str, b_frames: str, sound_s: float
) -> None:
    times = [*range(0, 1000, 40), *range(5000, 6000, 40)]
    path = write_video(
        tmp_path / f"a{suffix}",
        moving_square(50, width=64, height=64),
        times_ms=times,
        options={"bf": b_frames},
        sound_s=sound_s if suffix != ".mp4" else 0.0,  # MP4 takes no plain samples
    )
    frames = read(path)
    assert len(frames) == 50
    assert lost(frames) == []


def test_times_follow_a_pause_of_the_camera(tmp_path: Path) -> None:
    times = [*range(0, 1000, 40), *range(5000, 6000, 40)]
    path = write_video(tmp_path / "a.mkv", moving_square(50, width=64, height=64), times_ms=times)
    frames = read(path)
    assert [frame.time_ms for frame in frames] == times
    assert lost(frames) == []


def test_dropped_frames_between_sound_are_not_taken_for_damage(tmp_path: Path) -> None:
    times = [40 * n for n in range(100) if n % 10 not in (3, 4, 7)]
    pictures = moving_square(len(times), width=64, height=64)
    frames = read(write_video(tmp_path / "a.mkv", pictures, times_ms=times, sound_s=4.0))
    assert [frame.time_ms for frame in frames] == times
    assert lost(frames) == []


def test_a_small_damaged_frame_of_the_recorder_keeps_its_row_too(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    with H264Writer(tmp_path / "a.mkv", 176, 144, 25) as writer:
        for number in range(60):
            noise = random.integers(-9, 9, (144, 176))
            writer.write((100 + noise).astype(np.uint8), 40 * number)
    content = bytearray((tmp_path / "a.mkv").read_bytes())
    position, size = packet_places(tmp_path / "a.mkv")[20]
    assert size < 1000
    content[position - 12 : position + size] = bytes(size + 12)
    (tmp_path / "b.mkv").write_bytes(content)
    frames = read(tmp_path / "b.mkv")
    assert [frame.time_ms for frame in frames] == [40 * n for n in range(60)]
    assert 20 in lost(frames)


def test_a_video_that_starts_late_or_has_longer_sound_is_not_called_short(tmp_path: Path) -> None:
    pictures = moving_square(50, width=64, height=64)
    late = write_video(tmp_path / "a.mkv", pictures, times_ms=range(5000, 7000, 40))
    loud = write_video(tmp_path / "b.mkv", pictures, sound_s=6.0)
    with open_video(late) as video:
        assert video.declared_s == pytest.approx(2.0, abs=0.1)
    with open_video(loud) as video:
        assert video.declared_s is None


def test_a_file_without_permission_is_said_to_be_so(clip: Path, tmp_path: Path) -> None:
    closed = tmp_path / "closed.mkv"
    shutil.copy(clip, closed)
    closed.chmod(0)
    (tmp_path / "folder").mkdir(mode=0)
    nobody = 65534
    tmp_path.chmod(0o755)
    for parent in list(tmp_path.parents)[:3]:
        parent.chmod(0o755)
    if os.geteuid() == 0:
        os.seteuid(nobody)
    try:
        for path in (closed, tmp_path / "folder" / "a.mkv"):
            with pytest.raises(VideoError, match="ermission"):
                open_video(path)
    finally:
        os.seteuid(os.getuid())
        (tmp_path / "folder").chmod(0o755)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.95])
def test_a_cut_file_gives_every_frame_before_the_cut(
    clip: Path, tmp_path: Path, share: float
) -> None:
    content = clip.read_bytes()
    cut_at = int(len(content) * share)
    (tmp_path / "cut.mkv").write_bytes(content[:cut_at])
    whole = sum(position + size <= cut_at for position, size in packet_places(clip))
    frames = read(tmp_path / "cut.mkv")
    assert len(frames) - len(lost(frames)) >= whole - 1
    with open_video(tmp_path / "cut.mkv") as video:
        assert video.declared_s == pytest.approx(4.0)


@pytest.fixture
def unreadable(tmp_path: Path) -> Iterator[dict[str, Path]]:
    (tmp_path / "empty.mkv").touch()
    (tmp_path / "text.mkv").write_text("These are not the frames you are looking for.\n" * 50)
    (tmp_path / "text.txt").write_text("Nor these.\n" * 50)
    (tmp_path / "folder.mkv").mkdir()
    av_free = tmp_path / "sound.wav"
    with av.open(str(av_free), "w") as container:
        container.add_stream("pcm_s16le", rate=8000)
    paths = {path.name: path for path in tmp_path.iterdir()}
    paths["missing.mkv"] = tmp_path / "missing.mkv"
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(tmp_path / "socket.mkv"))
    paths["socket.mkv"] = tmp_path / "socket.mkv"
    yield paths
    server.close()


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("empty.mkv", "empty file"),
        ("text.mkv", "not a readable video"),
        ("text.txt", "a text or a still picture"),
        ("folder.mkv", "not a file"),
        ("missing.mkv", "no such file"),
        ("socket.mkv", "not a file"),
    ],
)
def test_what_is_no_video_is_named_in_one_sentence(
    unreadable: dict[str, Path], name: str, complaint: str
) -> None:
    with pytest.raises(VideoError) as caught:
        open_video(unreadable[name])
    assert str(caught.value).startswith(f"{unreadable[name]}: {complaint}")
    assert "\n" not in str(caught.value)


def read_or_refuse(path: Path) -> None:
    """Every file either gives frames in order or one VideoError; nothing else may happen."""
    frames: list[VideoFrame] = []
    with suppress(VideoError):
        frames = read(path)
    assert [frame.index for frame in frames] == list(range(len(frames)))


def damage(content: bytes, flips: list[tuple[float, int]], keep: float) -> bytes:
    changed = bytearray(content)
    for share, mask in flips:
        changed[int(share * (len(changed) - 1))] ^= mask
    return bytes(changed[: int(keep * len(changed))])


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(hits=st.lists(st.tuples(st.integers(0, 99), st.floats(0.05, 1)), min_size=1, max_size=6))
def test_damage_inside_frames_never_changes_the_rows(
    clip: Path, tmp_path: Path, hits: list[tuple[int, float]]
) -> None:
    places = packet_places(clip)
    content = bytearray(clip.read_bytes())
    for number, share in hits:
        position, size = places[number]
        content[position + int(share * (size - 1))] ^= 0xFF
    path = tmp_path / "hit.mkv"
    path.write_bytes(content)
    assert [frame.time_ms for frame in read(path)] == [40 * n for n in range(100)]


flips = st.lists(st.tuples(st.floats(0, 1), st.integers(1, 255)), max_size=12)
cuts = st.one_of(st.just(1.0), st.floats(0, 1))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(flips=flips, keep=cuts)
def test_flipped_and_cut_bytes_never_crash_the_reader(
    clip: Path, tmp_path: Path, flips: list[tuple[float, int]], keep: float
) -> None:
    path = tmp_path / "fuzzed.mkv"
    path.write_bytes(damage(clip.read_bytes(), flips, keep))
    read_or_refuse(path)


@pytest.mark.campaign
@settings(
    max_examples=600, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(flips=flips, keep=cuts)
def test_six_hundred_damaged_files_never_crash_the_reader(
    clip: Path, tmp_path: Path, flips: list[tuple[float, int]], keep: float
) -> None:
    path = tmp_path / "fuzzed.mkv"
    path.write_bytes(damage(clip.read_bytes(), flips, keep))
    read_or_refuse(path)
