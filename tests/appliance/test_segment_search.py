"""Which segments lack labels: what the names in a cage's folder say."""

from pathlib import Path

import pytest

from appliance.segment_search import SegmentSearch


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "03"


def touch(folder: Path, *names: str) -> None:
    for name in names:
        _, day, *_ = name.split("_")
        path = folder / f"{day[:4]}-{day[4:6]}-{day[6:]}" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def found(search: SegmentSearch, now_s: float = 0.0) -> list[tuple[str, bool]]:
    return [(segment.stem[3:], segment.is_growing) for segment in search.unlabelled(now_s)]


def test_a_cage_that_never_recorded_has_none(folder: Path) -> None:
    assert found(SegmentSearch(folder, 3)) == []


def test_a_segment_is_done_when_it_has_a_manifest_and_its_journal_is_gone(folder: Path) -> None:
    touch(folder, "03_20261118_060000.mkv", "03_20261118_060000.json")
    touch(folder, "03_20261118_120000.mkv", "03_20261118_120000.json")
    touch(folder, "03_20261118_120000.journal.part", "03_20261118_180000.mkv")
    assert found(SegmentSearch(folder, 3)) == [
        ("20261118_120000", False),
        ("20261118_180000", False),
    ]


def test_a_repaired_segment_is_read_under_its_final_name(folder: Path) -> None:
    touch(folder, "03_20261118_060000.mkv.part", "03_20261118_060000.mkv")
    touch(folder, "03_20261118_120000.mkv.part")
    assert found(SegmentSearch(folder, 3)) == [
        ("20261118_060000", False),
        ("20261118_120000", True),
    ]


def test_other_files_and_other_cages_are_not_segments(folder: Path) -> None:
    touch(folder, "03_20261118_060000.mkv.repair", "03_20261118_060000.mkv.unreadable")
    touch(folder, "04_20261118_060000.mkv", "03_20261118_060000.csv", "x_20261118_notes.mkv")
    (folder / "notes").mkdir()
    (folder / "notes" / "03_20261118_060000.mkv").touch()
    assert found(SegmentSearch(folder, 3)) == []


def test_older_days_are_read_at_the_start_and_every_ten_minutes(folder: Path) -> None:
    touch(folder, "03_20261101_060000.mkv", "03_20261117_060000.mkv", "03_20261118_060000.mkv")
    search = SegmentSearch(folder, 3)
    assert [stem for stem, _ in found(search, 0.0)] == [
        "20261101_060000",
        "20261117_060000",
        "20261118_060000",
    ]
    touch(folder, "03_20261101_060000.json", "03_20261102_060000.mkv", "03_20261118_120000.mkv")
    assert [stem for stem, _ in found(search, 599.0)] == [
        "20261117_060000",
        "20261118_060000",
        "20261118_120000",
    ]
    assert next(stem for stem, _ in found(search, 600.0)) == "20261102_060000"


def test_a_day_that_becomes_older_is_not_forgotten(folder: Path) -> None:
    touch(folder, "03_20261117_060000.mkv", "03_20261118_060000.mkv")
    search = SegmentSearch(folder, 3)
    found(search, 0.0)
    touch(folder, "03_20261119_060000.mkv", "03_20261120_060000.mkv.part")
    assert len(found(search, 1.0)) == 4
