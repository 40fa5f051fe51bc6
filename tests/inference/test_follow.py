"""Following: a growing file gives the frames, numbers and times of the finished one."""

import time
from pathlib import Path
from threading import Thread

import pytest

from disk.durable_file import part_path
from inference.growing_file import GrowingFile
from inference.video import VideoFrame, open_growing_video, open_video
from tests.segment_writer import SegmentWriter, write_segment
from tests.video_factory import moving_square

LIMIT_S = 30.0


def patient(still_s: float) -> bool:
    return still_s > LIMIT_S


def followed(video: Path, file: GrowingFile) -> list[VideoFrame]:
    with open_growing_video(video, file) as growing:
        return list(growing.frames())


@pytest.mark.parametrize("block", [1, 997, 65_536])
def test_a_file_that_arrives_in_pieces_gives_the_frames_of_the_whole(
    tmp_path: Path, block: int
) -> None:
    times = [*range(0, 1200, 40), *range(3000, 3800, 40)]
    whole = write_segment(
        tmp_path / "whole.mkv", moving_square(50, width=64, height=64), times_ms=times
    )
    content = bytearray(whole.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 3000] = bytes(3000)  # a hole, with frames in it
    whole.write_bytes(content)
    video = tmp_path / "a.mkv"
    found: list[list[VideoFrame]] = []
    part_path(video).touch()
    growing = GrowingFile(part_path(video), video, patient)
    reader = Thread(target=lambda: found.append(followed(video, growing)))
    reader.start()
    with part_path(video).open("ab", buffering=0) as file:
        for first in range(0, min(len(content), 2000 * block), block):
            file.write(content[first : first + block])
        file.write(content[2000 * block :])
    part_path(video).rename(video)
    reader.join(LIMIT_S)
    growing.close()
    with open_video(whole) as finished:
        expected = list(finished.frames())
    rows = [(frame.index, frame.time_ms, frame.picture is None) for frame in expected]
    assert [(f.index, f.time_ms, f.picture is None) for f in found[0]] == rows
    assert any(is_lost for _, _, is_lost in rows)
    assert all(
        (a.picture.luma == b.picture.luma).all()
        for a, b in zip(expected, found[0], strict=True)
        if a.picture is not None and b.picture is not None
    )


def test_a_reader_is_one_frame_behind_the_writer(tmp_path: Path) -> None:
    video = tmp_path / "a.mkv"
    pictures = moving_square(30, width=64, height=64)
    with SegmentWriter(video, 64, 64) as writer:
        file = GrowingFile(writer.part, video, patient)
        for number in range(12):
            writer.write(pictures[number], 40 * number)
        with open_growing_video(video, file) as growing:
            frames = growing.frames()
            assert [next(frames).index for _ in range(11)] == list(range(11))
            for number in range(12, 30):
                writer.write(pictures[number], 40 * number)
                assert next(frames).index == number - 1
        file.close()


def test_a_wait_ends_soon_after_the_stop_and_a_cut_is_not_an_end(tmp_path: Path) -> None:
    video = tmp_path / "a.mkv"
    part_path(video).write_bytes(b"abc")
    stopped_s: list[float] = []
    file = GrowingFile(part_path(video), video, lambda _: bool(stopped_s))
    assert file.read(10) == b"abc"
    reader = Thread(target=lambda: file.read(10))
    reader.start()
    stopped_s.append(time.monotonic())
    reader.join(LIMIT_S)
    assert time.monotonic() - stopped_s[0] < 0.5
    assert file.cut == "stopped"
    file.close()


def test_the_end_is_the_writers_rename_and_another_file_of_that_name_is_said_to_be_one(
    tmp_path: Path,
) -> None:
    video = tmp_path / "a.mkv"
    part_path(video).write_bytes(b"abc")
    finished = GrowingFile(part_path(video), video, patient)
    replaced = GrowingFile(part_path(video), video, patient)
    part_path(video).rename(video)
    assert (finished.read(2), finished.read(2), finished.read(2)) == (b"ab", b"c", b"")
    assert finished.cut is None
    (tmp_path / "b.mkv").write_bytes(b"abc, repaired")
    (tmp_path / "b.mkv").replace(video)
    assert (replaced.read(10), replaced.read(10)) == (b"abc", b"")
    assert replaced.cut == "replaced"
    finished.close()
    replaced.close()
