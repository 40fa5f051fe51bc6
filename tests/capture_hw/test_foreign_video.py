"""A repair of a finished video from elsewhere never costs it anything."""

from pathlib import Path
from typing import Final

import av
import numpy as np
import pytest

from capture_hw.ebml import read_index
from capture_hw.segment_form import ForeignVideo
from capture_hw.segment_repair import rewrite_finished
from tests.capture_hw.scripted_camera import times_ms
from tests.recorded_segment import write_video

_FRAMES: Final = 100
_SAMPLES: Final = 4410
_CLUSTER: Final = b"\x1f\x43\xb6\x75"


def _unindexed(path: Path, *, codec: str = "libx264", bf: str = "0", sound: bool = False) -> Path:
    """Write a video as a live stream that was cut off: without cues and duration."""
    options = {"live": "1", "flush_packets": "1"}
    with av.open(str(path), "w", format="matroska", options=options) as container:
        stream = container.add_stream(codec, rate=25)
        assert isinstance(stream, av.VideoStream)
        if codec == "libx264":
            stream.options = {"bf": bf, "b-adapt": "0", "preset": "ultrafast"}
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        listened = container.add_stream("pcm_s16le", rate=44_100, layout="mono") if sound else None
        for number in range(_FRAMES):
            picture = np.full((72, 64), number * 2, np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, "yuv420p")
            frame.pts = number
            container.mux(stream.encode(frame))
            if listened is not None:
                noise = av.AudioFrame.from_ndarray(np.ones((1, _SAMPLES), np.int16), "s16", "mono")
                noise.sample_rate = 44_100
                container.mux(listened.encode(noise))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("made", "told"),
    [
        ({"bf": "2"}, "has B-frames"),
        ({"sound": True}, "holds 2 streams (audio, video)"),
        ({"codec": "mpeg4"}, "holds mpeg4, not H.264"),
    ],
)
def test_what_no_recorder_writes_is_refused_and_stays_as_it_is(
    tmp_path: Path, made: dict[str, object], told: str
) -> None:
    video = _unindexed(tmp_path / "mouse.mkv", **made)  # type: ignore[arg-type]
    assert not read_index(video).has_cues
    content = video.read_bytes()
    with pytest.raises(ForeignVideo) as refused:
        rewrite_finished(video, lambda: False)
    assert str(refused.value) == (
        f"{video}: {told}, which a repair would lose; it is left as it is"
    )
    assert video.read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == ["mouse.mkv"]


def test_a_video_from_elsewhere_in_the_form_of_a_segment_is_repaired(tmp_path: Path) -> None:
    video = _unindexed(tmp_path / "mouse.mkv")
    before = times_ms(video)
    repair = rewrite_finished(video, lambda: False)
    assert (times_ms(video), repair.kept) == (before, None)
    assert read_index(video).has_cues


def test_an_original_of_which_a_frame_is_left_out_is_kept(tmp_path: Path) -> None:
    video = write_video(tmp_path / "mouse.mkv", range(0, 4000, 40), closed=False, tags={})
    content = bytearray(video.read_bytes())
    cluster = [n for n in range(len(content)) if content.startswith(_CLUSTER, n)][60]
    place = content.index(b"\xe7\x82", cluster) + 2
    content[place : place + 2] = b"\x00\x01"
    video.write_bytes(content)
    repair = rewrite_finished(video, lambda: False)
    assert repair.frames == 98
    assert repair.kept == tmp_path / "mouse.mkv.unreadable"
    assert repair.kept.read_bytes() == bytes(content)


def test_what_is_kept_takes_no_name_of_another(tmp_path: Path) -> None:
    earlier = tmp_path / "mouse.mkv.unreadable"
    earlier.write_bytes(b"another recording")
    video = write_video(tmp_path / "mouse.mkv", range(0, 4000, 40), closed=False, tags={})
    with video.open("ab") as file:
        file.write(b"\xff" * 100_000)
    size = video.stat().st_size
    repair = rewrite_finished(video, lambda: False)
    assert repair.kept == tmp_path / "mouse.mkv.2.unreadable"
    assert repair.kept.stat().st_size == size
    assert earlier.read_bytes() == b"another recording"
