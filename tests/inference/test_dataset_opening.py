"""A data set is recognized by what lies in its folder."""

import shutil
from pathlib import Path

import pytest

from inference.dataset.opening import open_data_set
from inference.dataset.source import Layout
from inference.error import DataSetError
from inference.label_file import write_annotation

_STEM = "07_20180418_1200_s0_n60"


def _published(folder: Path) -> None:
    (folder / f"{_STEM}.avi").touch()
    write_annotation(folder / f"{_STEM}_map.csv", [1] * 60)


def _segment(folder: Path, *, annotated: bool) -> None:
    day = folder / "03" / "2026-11-22"
    day.mkdir(parents=True)
    (day / "03_20261122_110000.mkv").touch()
    (day / "03_20261122_110000.json").write_text('{"frame_count": 60, "strain": "SWISS"}')
    if annotated:
        write_annotation(day / "03_20261122_110000_map.csv", [1] * 60)


def _mit_full(folder: Path) -> None:
    (folder / "video1.mpg").touch()
    (folder / "video1.txt").write_text("Event: 1 60 rest\n")


def _mit_clipped(folder: Path) -> None:
    (folder / "video5_groom_163.mpg").touch()


def test_the_layout_is_found(tmp_path: Path) -> None:
    for name in ("published", "segments", "full", "clipped"):
        (tmp_path / name).mkdir()
    _published(tmp_path / "published")
    _segment(tmp_path / "segments", annotated=True)
    _mit_full(tmp_path / "full")
    _mit_clipped(tmp_path / "clipped")
    found = {path.name: open_data_set(path) for path in tmp_path.iterdir()}
    assert {name: (data.layout, len(data.clips)) for name, data in found.items()} == {
        "published": (Layout.PUBLISHED, 1),
        "segments": (Layout.SEGMENTS, 1),
        "full": (Layout.MIT_FULL, 1),
        "clipped": (Layout.MIT_CLIPPED, 1),
    }


def test_boris_exports_are_found(shared_data: Path, tmp_path: Path) -> None:
    table = "ethome_e3v813a-20210610T121558-122141_reencode.csv"
    shutil.copy(shared_data / "annotations" / table, tmp_path / "a.csv")
    (tmp_path / "a.mkv").touch()
    assert open_data_set(tmp_path).layout is Layout.BORIS


def test_a_layout_that_is_asked_for_is_the_only_one_looked_for(tmp_path: Path) -> None:
    _published(tmp_path)
    _segment(tmp_path, annotated=True)
    assert open_data_set(tmp_path).layout is Layout.PUBLISHED
    assert open_data_set(tmp_path, Layout.SEGMENTS).clips[0].name == "03_20261122_110000"
    (tmp_path / "other").mkdir()
    with pytest.raises(DataSetError, match=r"other holds no clip of the layout segments$"):
        open_data_set(tmp_path / "other", Layout.SEGMENTS)


def test_a_folder_with_nothing_but_defects_is_a_data_set_with_faults(tmp_path: Path) -> None:
    (tmp_path / f"{_STEM}.avi").touch()
    found = open_data_set(tmp_path)
    assert (found.layout, found.clips) == (Layout.PUBLISHED, ())
    assert [fault.text for fault in found.faults] == [f"has no annotation {_STEM}_map.csv"]


def test_labels_are_not_taken_from_names_where_a_project_is_wrong(tmp_path: Path) -> None:
    _mit_clipped(tmp_path)
    (tmp_path / "all.boris").write_text('{"observations": {}')
    found = open_data_set(tmp_path)
    assert (found.layout, found.clips) == (Layout.BORIS, ())
    assert open_data_set(tmp_path, Layout.MIT_CLIPPED).clips[0].name == "video5_groom_163"


def test_segments_that_nobody_annotated_are_told(tmp_path: Path) -> None:
    _segment(tmp_path, annotated=False)
    found = open_data_set(tmp_path)
    assert found.layout is Layout.SEGMENTS
    assert [fault.text for fault in found.faults] == [
        "holds 1 segments without annotation: left out"
    ]


def test_the_animal_table_gives_strains_in_every_layout(tmp_path: Path) -> None:
    _segment(tmp_path, annotated=True)
    assert [clip.strain for clip in open_data_set(tmp_path).clips] == ["SWISS"]
    (tmp_path / "animals.csv").write_text("animal;strain\n3;C57BL/6\n")
    found = open_data_set(tmp_path)
    assert [fault.text for fault in found.faults] == [
        "says that animal 03 is C57BL/6; 03_20261122_110000 says SWISS"
    ]


def test_a_folder_without_data_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "holiday.mkv").touch()
    with pytest.raises(DataSetError, match=r"holds no clip named like 01_2018.*another layout$"):
        open_data_set(tmp_path)
    with pytest.raises(DataSetError, match=r"nothing is not a folder$"):
        open_data_set(tmp_path / "nothing")
    with pytest.raises(DataSetError, match=r"holiday\.mkv is not a folder$"):
        open_data_set(tmp_path / "holiday.mkv")
    # It fails as a folder below one without permission does, also for root.
    with pytest.raises(DataSetError, match=r"ccc cannot be read: File name too long$"):
        open_data_set(tmp_path / ("c" * 300))
