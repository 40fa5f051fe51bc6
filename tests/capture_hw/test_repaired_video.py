"""A leftover beside a video goes only if the video has all of it."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from capture_hw.segment_repair import repair_leftover
from tests.capture_hw.scripted_camera import times_ms
from tests.recorded_segment import STEM, TAGS, write_video

_EVEN: Final = tuple(range(0, 4000, 40))


def _leftover(day: Path) -> Path:
    return write_video(day / f"{STEM}.mkv.part", _EVEN, closed=False)


def _broken_off(video: Path) -> None:
    write_video(video, _EVEN)
    content = video.read_bytes()
    video.write_bytes(content[: len(content) // 2])


def _shorter(video: Path) -> None:
    write_video(video, _EVEN[:50])


def _of_another_start(video: Path) -> None:
    write_video(video, _EVEN, tags=TAGS | {"START_MONOTONIC_NS": "8000"})


def _empty(video: Path) -> None:
    video.write_bytes(b"")


@pytest.mark.parametrize("make", [_broken_off, _shorter, _of_another_start, _empty])
def test_a_leftover_that_holds_more_than_its_video_is_kept(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    part = _leftover(tmp_path)
    content = part.read_bytes()
    video = tmp_path / f"{STEM}.mkv"
    make(video)
    finished = video.read_bytes()
    repair = repair_leftover(part, lambda: False)
    assert (repair.video, repair.was_there, repair.frames) == (video, True, 0)
    assert repair.kept == tmp_path / f"{STEM}.mkv.unreadable"
    assert repair.kept.read_bytes() == content
    assert video.read_bytes() == finished
    assert not part.exists()


def test_a_leftover_whose_repair_was_killed_before_the_old_name_was_gone_goes(
    tmp_path: Path,
) -> None:
    part = _leftover(tmp_path)
    aside = shutil.copy(part, tmp_path / "aside")
    video = repair_leftover(part, lambda: False).video
    assert video is not None
    Path(aside).rename(part)
    repair = repair_leftover(part, lambda: False)
    assert (repair.video, repair.was_there, repair.kept) == (video, True, None)
    assert [path.name for path in tmp_path.iterdir()] == [video.name]
    assert times_ms(video) == list(_EVEN[:-1])


def test_a_leftover_without_a_frame_beside_a_video_goes(tmp_path: Path) -> None:
    video = write_video(tmp_path / f"{STEM}.mkv", _EVEN)
    part = tmp_path / f"{STEM}.mkv.part"
    part.write_bytes(b"")
    assert repair_leftover(part, lambda: False).kept is None
    assert [path.name for path in tmp_path.iterdir()] == [video.name]


def test_a_second_leftover_takes_no_name_of_the_first(tmp_path: Path) -> None:
    video = tmp_path / f"{STEM}.mkv"
    _shorter(video)
    for ending in (".unreadable", ".2.unreadable"):
        repair = repair_leftover(_leftover(tmp_path), lambda: False)
        assert repair.kept == tmp_path / f"{STEM}.mkv{ending}"
