"""Frames are counted by packets, and the count is that of decoding."""

from pathlib import Path

import pytest

from inference.dataset.frame_count import count_frames, decoded_frames
from inference.error import VideoError
from inference.video import open_video
from tests.inference.annotated_clips import write_clip_video
from tests.video_factory import moving_square, write_video

_PICTURES = moving_square(60, width=48, height=48)


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("a.mkv", "libx264", {"preset": "ultrafast", "bf": "0"}),
        ("a.mkv", "libx264", {"preset": "ultrafast", "bf": "2"}),
        ("a.mp4", "libx264", {"preset": "ultrafast", "bf": "2"}),
        ("a.avi", "libx264", {"preset": "ultrafast", "bf": "0"}),
        ("a.avi", "mpeg4", {}),
        ("a.mpg", "mpeg1video", {}),
    ],
)
@pytest.mark.parametrize("rate", [25, 30])
def test_packets_and_decoder_give_the_same_number_of_frames(
    name: str, codec: str, options: dict[str, str], rate: int, tmp_path: Path
) -> None:
    path = write_video(tmp_path / name, _PICTURES, codec=codec, options=options, rate=rate)
    count = count_frames(path)
    assert (count.frames, decoded_frames(path)) == (60, 60)
    assert count.interval_ms == pytest.approx(1000 / rate, rel=0.005)
    assert count.fault is None


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
def test_frames_without_times_are_counted(codec: str, tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.avi", _PICTURES, codec=codec, options={"bf": "2"})
    with open_video(path) as video:
        assert set(video.promised_times_s()) == {None}
    assert (count_frames(path).frames, decoded_frames(path)) == (60, 60)


def test_jitter_and_pauses_do_not_change_the_rate(tmp_path: Path) -> None:
    times_ms = [40 * number + (number % 3) * 9 + (number > 40) * 5000 for number in range(60)]
    path = write_video(tmp_path / "a.mkv", _PICTURES, times_ms=times_ms)
    interval_ms = count_frames(path).interval_ms
    assert interval_ms is not None
    assert abs(interval_ms - 40) < 1


def test_one_frame_has_no_rate(tmp_path: Path) -> None:
    count = count_frames(write_clip_video(tmp_path / "a.mkv", frames=1))
    assert (count.frames, count.interval_ms) == (1, None)


def test_a_cut_file_has_the_frames_that_are_left(tmp_path: Path) -> None:
    path = write_clip_video(tmp_path / "a.mkv", frames=100)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    count = count_frames(path)
    assert 0 < count.frames < 100
    assert count.frames == decoded_frames(path)


def test_a_video_without_one_good_picture_is_refused(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.avi", _PICTURES, codec="mpeg4", options={})
    content = bytearray(path.read_bytes())
    begin = content.index(b"movi")
    end = content.index(b"idx1")
    # Every chunk keeps its head, so that packets are found; the pictures in them are gone.
    position = begin + 4
    while position < end - 8:
        size = int.from_bytes(content[position + 4 : position + 8], "little")
        content[position + 8 : position + 8 + size] = bytes(size)
        position += 8 + size + size % 2
    path.write_bytes(content)
    with pytest.raises(VideoError, match=r"a\.avi: not one picture of it can be decoded"):
        count_frames(path)


def test_real_videos_are_counted_exactly(shared_data: Path) -> None:
    for path in sorted((shared_data / "video").glob("jhuang*.m[kp]*")):
        assert count_frames(path).frames == decoded_frames(path)
