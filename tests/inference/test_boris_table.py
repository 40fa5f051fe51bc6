"""Tables of BORIS mean the same in whatever order and with however many videos."""

from pathlib import Path

from inference.dataset.boris_bout import bouts_in
from inference.dataset.boris_observation import Media
from inference.dataset.boris_table import read_boris_table
from tests.inference.boris_files import AGGREGATED, EVENTS


def test_bouts_of_one_behavior_that_touch_may_come_in_any_order(tmp_path: Path) -> None:
    head, *_, row = AGGREGATED.splitlines()
    later = row.replace("0.000\t3.000\t3.000", "3.000\t4.000\t1.000")
    (tmp_path / "a.tsv").write_text(f"{head}\n{later}\n{row}")
    (found,) = read_boris_table(tmp_path / "a.tsv")
    assert [(b.start.place, b.start.time_s, b.stop.time_s) for b in bouts_in(found)] == [
        ("line 3", 0, 3),
        ("line 2", 3, 4),
    ]


def test_one_length_of_several_videos_is_of_none_of_them(tmp_path: Path) -> None:
    text = EVENTS.replace("films\\a.mkv,0.0", "films\\a.mkv;C:\\films\\b.mkv,0.0")
    (tmp_path / "a.csv").write_text(text)
    (found,) = read_boris_table(tmp_path / "a.csv")
    assert found.media == (
        Media("1", "C:\\films\\a.mkv", None, 10.0),
        Media("1", "C:\\films\\b.mkv", None, 10.0),
    )
