"""When frames are shown: by the video's own times, whatever is missing in them."""

from pathlib import Path
from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.dataset.bout_table import bouts_of
from inference.dataset.frame_time import FrameTimes, even_times, read_frame_times
from inference.error import DataSetError
from tests.video_factory import moving_square, write_video

PICTURES: Final = moving_square(20, width=32, height=32)
B_FRAMES: Final = {"bf": "2"}
GAP_MS: Final = [*range(0, 400, 40), *range(1000, 1400, 40)]
"""Ten frames, 640 ms without, ten more."""


@pytest.fixture(scope="module")
def gapped(tmp_path_factory: pytest.TempPathFactory) -> FrameTimes:
    path = tmp_path_factory.mktemp("gap") / "a.mkv"
    return read_frame_times(write_video(path, PICTURES, times_ms=GAP_MS), 20)


def test_a_frame_before_a_gap_ends_when_frames_usually_do(gapped: FrameTimes) -> None:
    assert gapped.starts_s.tolist() == [time_ms / 1000 for time_ms in GAP_MS]
    assert gapped.ends_s[8:11].tolist() == [0.36, 0.4, 1.04]
    assert (gapped.end_s, gapped.frames_per_second) == (1.4, 25.0)
    assert gapped.frames_at([0, 0.02, 0.021, 0.5, 1.0, 1.39, 9]) == [0, 0, 1, 10, 10, 20, 20]


def test_a_bout_that_begins_at_a_middle_has_the_frame() -> None:
    times = even_times(9, 25)
    assert (times.starts_s[8] + times.ends_s[8]) / 2 < 0.34  # and yet it is its middle
    assert times.frames_at([0.34]) == [8]


def test_times_that_matroska_rounds_tell_the_rate(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mkv", PICTURES, rate=30)
    times = read_frame_times(path, 20)
    assert times.frames_per_second == 30
    assert times.starts_s[:4].tolist() == [0, 0.033, 0.067, 0.1]


def test_frames_without_times_follow_the_rate_that_the_file_states(tmp_path: Path) -> None:
    # AVI with reordered frames: FFmpeg guesses their times, and wrongly.
    path = write_video(tmp_path / "a.avi", PICTURES, rate=30, codec="mpeg1video", options=B_FRAMES)
    times = read_frame_times(path, 20)
    assert times.frames_per_second == 30
    assert times.starts_s.tolist() == even_times(20, 30).starts_s.tolist()


def test_one_frame_lasts_as_the_file_states(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.avi", PICTURES[:1], codec="mpeg1video", options={})
    assert read_frame_times(path, 1).ends_s.tolist() == [0.04]


def test_another_number_of_frames_is_refused(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mkv", PICTURES)
    with pytest.raises(DataSetError) as caught:
        read_frame_times(path, 21)
    assert str(caught.value) == f"{path}: 20 frames of it can be decoded, not 21"


def test_a_file_that_is_no_video_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mkv").touch()
    with pytest.raises(DataSetError, match=r"a\.mkv: empty file$"):
        read_frame_times(tmp_path / "a.mkv", 1)


@given(codes=st.lists(st.integers(0, 3), min_size=20, max_size=20))
def test_bouts_across_a_gap_become_the_same_frames_again(
    codes: list[int], gapped: FrameTimes
) -> None:
    again = np.full(20, 3)
    for bout in bouts_of(np.array(codes, np.int64), gapped, ("a", "b", "c")):
        first, end = gapped.frames_at([round(bout.start_s, 3), round(bout.stop_s, 3)])
        again[first:end] = "abc".index(bout.name)
    assert again.tolist() == codes
