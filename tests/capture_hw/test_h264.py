"""The video writer: what is under the final name is whole, exact in time and level."""

from pathlib import Path

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange
from numpy.typing import NDArray

from capture_hw.error import CaptureError, StorageError
from capture_hw.h264 import H264Writer

_WIDTH, _HEIGHT = 64, 48


def _picture(number: int) -> NDArray[np.uint8]:
    """Return a gray wedge with a bar that moves."""
    picture = np.tile(np.linspace(20, 230, _WIDTH).astype(np.uint8), (_HEIGHT, 1))
    picture[8:16, number % _WIDTH :] = 40
    return picture


def _writer(path: Path, **tags: str) -> H264Writer:
    return H264Writer(path, _WIDTH, _HEIGHT, 25, tags)


def _decoded(path: Path) -> list[tuple[int, bool, NDArray[np.uint8]]]:
    """Return (time in ms, whether it is a key frame, luma) of each frame."""
    frames = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            plane = frame.planes[0]
            samples = np.frombuffer(plane, np.uint8)  # type: ignore[call-overload]
            luma = samples.reshape(-1, plane.line_size)
            assert frame.pts is not None
            frames.append((frame.pts, bool(frame.key_frame), luma[:_HEIGHT, :_WIDTH].copy()))
    return frames


def test_every_picture_comes_back_with_its_time_and_its_level(tmp_path: Path) -> None:
    times = [0, 40, 81, 120, 500, 540]
    with _writer(tmp_path / "a.mkv") as writer:
        for number, time_ms in enumerate(times):
            writer.write(_picture(number), time_ms)
    frames = _decoded(tmp_path / "a.mkv")
    assert [time for time, _, _ in frames] == times
    for number, (_, _, luma) in enumerate(frames):
        assert float(np.abs(luma.astype(np.int16) - _picture(number)).mean()) < 3


def test_a_key_frame_comes_every_fifty_pictures(tmp_path: Path) -> None:
    with _writer(tmp_path / "a.mkv") as writer:
        for number in range(120):
            writer.write(_picture(0), number * 40)
    keys = [number for number, (_, key, _) in enumerate(_decoded(tmp_path / "a.mkv")) if key]
    assert keys == [0, 50, 100]


def test_a_slow_camera_has_a_key_frame_every_two_seconds_too(tmp_path: Path) -> None:
    with _writer(tmp_path / "a.mkv") as writer:
        for number in range(45):
            writer.write(_picture(0), number * 100)
    keys = [time for time, key, _ in _decoded(tmp_path / "a.mkv") if key]
    assert keys == [0, 2000, 4000]


def test_the_file_says_limited_range_and_carries_the_tags(tmp_path: Path) -> None:
    with _writer(tmp_path / "a.mkv", CAGE="03", ANIMAL="m17") as writer:
        writer.write(_picture(0), 0)
    with av.open(str(tmp_path / "a.mkv")) as container:
        assert container.metadata["CAGE"] == "03"
        assert container.metadata["ANIMAL"] == "m17"
        assert container.streams.video[0].codec_context.color_range == ColorRange.MPEG


def test_what_has_been_written_can_be_read_before_the_end(tmp_path: Path) -> None:
    with _writer(tmp_path / "a.mkv") as writer:
        for number in range(30):
            writer.write(_picture(number), number * 40)
        assert not (tmp_path / "a.mkv").exists()
        assert len(_decoded(tmp_path / "a.mkv.part")) >= 29


def test_a_broken_off_recording_leaves_no_file(tmp_path: Path) -> None:
    def break_off() -> None:
        with _writer(tmp_path / "a.mkv") as writer:
            writer.write(_picture(0), 0)
            raise RuntimeError("broken off")

    with pytest.raises(RuntimeError, match="broken off"):
        break_off()
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_a_storage_error_and_leaves_no_file(tmp_path: Path) -> None:
    (tmp_path / "a.mkv.part").symlink_to("/dev/full")

    def fill() -> None:
        with _writer(tmp_path / "a.mkv") as writer:
            for number in range(100):
                writer.write(_picture(number), number * 40)

    with pytest.raises(StorageError, match=r"a\.mkv: cannot be written: No space left"):
        fill()
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="No such file"), _writer(tmp_path / "no" / "a.mkv"):
        pass


def test_an_impossible_size_is_an_error_of_ours_and_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(CaptureError), H264Writer(tmp_path / "a.mkv", 63, 47, 25):
        pass
    assert list(tmp_path.iterdir()) == []


def test_an_older_file_of_the_name_is_kept_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    path.write_bytes(b"older")
    with _writer(path) as writer:
        writer.write(_picture(0), 0)
        assert path.read_bytes() == b"older"
    assert len(_decoded(path)) == 1


@pytest.mark.parametrize("time_ms", [80, 79, -1])
def test_time_must_grow(tmp_path: Path, time_ms: int) -> None:
    with _writer(tmp_path / "a.mkv") as writer:
        writer.write(_picture(0), 80)
        with pytest.raises(ValueError, match="does not follow 80 ms"):
            writer.write(_picture(1), time_ms)


def test_a_picture_of_another_size_is_refused(tmp_path: Path) -> None:
    with _writer(tmp_path / "a.mkv") as writer:
        writer.write(_picture(0), 0)
        with pytest.raises(ValueError, match="shape"):
            writer.write(_picture(1)[:-2], 40)
