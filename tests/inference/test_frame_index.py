"""The frames of a video by number are those that decoding yields."""

from pathlib import Path

import av
import pytest

from inference.error import VideoError
from inference.frame_index import read_frame_index
from inference.video import open_video
from tests.video_factory import moving_square, write_video

_TIMES = [number * 40 + number % 3 for number in range(60)]


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("index") / "a.mkv"
    return write_video(
        path,
        moving_square(60, width=96, height=64),
        times_ms=_TIMES,
        options={"bf": "0", "g": "20", "sc_threshold": "0"},
    )


def test_every_frame_has_its_time(video: Path) -> None:
    index = read_frame_index(video)
    assert index.times_ms.tolist() == _TIMES
    assert index.is_there.all()


def test_the_numbers_are_those_of_the_label_file_also_behind_a_hole(
    video: Path, tmp_path: Path
) -> None:
    with av.open(str(video)) as container:
        packets = [bytes(one) for one in container.demux(video=0) if one.size]
    content = video.read_bytes()
    first, end = content.index(packets[25]), content.index(packets[28])
    holed = tmp_path / "holed.mkv"
    holed.write_bytes(content[:first] + bytes(end - first) + content[end:])
    index = read_frame_index(holed)
    with open_video(holed) as opened:
        frames = list(opened.frames())
    assert index.times_ms.tolist() == [frame.time_ms for frame in frames]
    assert not index.is_there.all()
    assert index.times_ms[~index.is_there].min() > _TIMES[20]


def test_reordered_frames_are_refused(tmp_path: Path) -> None:
    path = write_video(
        tmp_path / "b.mkv", moving_square(30, width=96, height=64), options={"bf": "2"}
    )
    with pytest.raises(VideoError, match="B-frames"):
        read_frame_index(path)
