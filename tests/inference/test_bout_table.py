"""Tables of bouts, and the way from bouts to frames and back."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.dataset.bout_table import (
    NamedBout,
    bouts_of,
    frame_at,
    frames_of,
    read_bout_table,
)
from inference.dataset.frame_time import even_times
from inference.error import DataSetError

NAMES = ("drink", "eat", "rear")


def _table(folder: Path, text: str) -> Path:
    path = folder / "bouts.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_each_rater_of_each_video_is_told_apart(tmp_path: Path) -> None:
    path = _table(
        tmp_path,
        '"file";"Experimenter";"from";"to";"type";"ID"\n'
        '"a_Oli.csv";"Oliver";1;9.25;"eat";"a"\n'
        '"a_Jin.csv";"Jin";5;6.5;"rear";"a"\n'
        '"a_Jin2.json";"Jin";1;2;"eat";"a"\n',
    )
    jin, oliver = read_bout_table(path)
    assert (jin.video, jin.rater) == ("a", "Jin")
    assert jin.bouts == (NamedBout(1, 2, "eat"), NamedBout(5, 6.5, "rear"))
    assert (oliver.rater, oliver.bouts) == ("Oliver", (NamedBout(1, 9.25, "eat"),))
    assert jin.duration_s == oliver.duration_s == 9.25


def test_a_stated_duration_counts_and_one_rater_needs_no_column(tmp_path: Path) -> None:
    path = _table(tmp_path, "type,from,to,duration\neat,0,2,60\n")
    (rated,) = read_bout_table(path)
    assert (rated.video, rated.rater, rated.duration_s) == ("bouts", "", 60.0)


def test_a_row_without_an_end_is_told_and_not_counted(tmp_path: Path) -> None:
    path = _table(tmp_path, "from;to;type\n1;2;eat\n3;NA;NA\n")
    (rated,) = read_bout_table(path)
    assert rated.bouts == (NamedBout(1, 2, "eat"),)
    assert rated.remarks == (f"{path}: line 3 has no end: it is no bout",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", " is empty"),
        ("from;to\n1;2\n", ": line 1 has no column `type`: not a table of bouts"),
        ("from;to;type\n1;2;eat\n2;1;eat\n", ": line 3 ends at 1.0 s, before 2.0 s"),
        ("from;to;type\n1;x;eat\n", ": line 2: `x` is not a number of seconds"),
        ("from;to;type\n1;inf;eat\n", ": line 2: inf s is not a moment of a video"),
        ("from;to;type\n1;2\n", ": line 2 has 2 of 3 columns"),
        ("from;to;type\n1;2;NA\n", ": line 2 has no type"),
        ("from;to;type\n", " has no bouts"),
    ],
)
def test_a_bad_table_is_refused_with_its_line(tmp_path: Path, text: str, expected: str) -> None:
    path = _table(tmp_path, text)
    with pytest.raises(DataSetError) as caught:
        read_bout_table(path)
    assert str(caught.value) == f"{path}{expected}"


def test_a_frame_belongs_to_the_bout_that_holds_its_middle() -> None:
    # 10 frames a second: middles at 0.05, 0.15, 0.25, 0.35, 0.45 s.
    bouts = [NamedBout(0.1, 0.24, "eat"), NamedBout(0.24, 0.36, "rear")]
    assert frames_of(bouts, 10, 0.5, NAMES).tolist() == [3, 1, 2, 2, 3]


def test_a_bout_that_begins_at_a_middle_has_the_frame() -> None:
    assert 1.1 * 25 > 27.5  # and yet it is the middle of frame 27
    assert frame_at(1.1, 25) == 27


def test_of_overlapping_bouts_the_later_one_counts() -> None:
    long, inner = NamedBout(0, 0.5, "eat"), NamedBout(0.2, 0.3, "rear")
    assert frames_of([inner, long], 10, 0.5, NAMES).tolist() == [1, 1, 2, 1, 1]


def test_names_that_were_not_asked_for_are_background() -> None:
    assert frames_of([NamedBout(0, 0.2, "jump")], 10, 0.2, NAMES).tolist() == [3, 3]


@given(
    codes=st.lists(st.integers(0, 3), min_size=1, max_size=300),
    rate=st.sampled_from([10.0, 25.0, 30000 / 1001, 30.0, 60.0, 120.0]),
)
def test_frames_become_bouts_and_the_same_frames_again(codes: list[int], rate: float) -> None:
    array = np.array(codes, np.int64)
    bouts = bouts_of(array, even_times(len(codes), rate), NAMES)
    # Whoever writes tables rounds to milliseconds.
    rounded = [NamedBout(round(b.start_s, 3), round(b.stop_s, 3), b.name) for b in bouts]
    again = frames_of(rounded, rate, len(codes) / rate, NAMES)
    assert again.tolist() == codes


@given(frame=st.integers(0, 10**6), rate=st.sampled_from([25.0, 29.97, 30.0]))
def test_a_frame_begins_at_its_own_number(frame: int, rate: float) -> None:
    assert frame_at(frame / rate, rate) == frame


def test_the_real_table_of_three_raters_is_read_whole(shared_data: Path) -> None:
    rated = read_bout_table(shared_data / "annotations" / "dlcanalyzer_AllLabDataOFT_final.csv")
    assert len(rated) == 60
    assert Counter(each.rater for each in rated) == {"Jin": 20, "Furkan": 20, "Oliver": 20}
    # Counted by `grep -c '"Grooming"'` and so on, of 5518 rows one has no end.
    assert Counter(bout.name for each in rated for bout in each.bouts)["Grooming"] == 275
    assert sum(len(each.bouts) for each in rated) == 5517
    (remark,) = [remark for each in rated for remark in each.remarks]
    assert remark.endswith("line 5032 has no end: it is no bout")
