"""The spool is emptied as soon as the main volume takes it, and never too soon."""

import fcntl
import logging
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from capture_hw import spool
from capture_hw.data_volume import MARKER, mark_data_folder
from capture_hw.segment_journal import journal_path
from capture_hw.spool import Spool
from capture_hw.storage_place import StoragePlace, free_bytes
from tests.capture_hw.scripted_camera import wait_until
from tests.small_disk import small_disk

_DAY = "2026-11-22"


def _never() -> bool:
    return False


def _spooled(folder: Path, stem: str, size: int = 100_000) -> Path:
    video = folder / "03" / _DAY / f"{stem}.mkv"
    video.parent.mkdir(parents=True, exist_ok=True)
    video.write_bytes(stem.encode() * (size // len(stem)))
    journal_path(video).write_bytes(b"journal\n")
    return video


def _stems(data: Path) -> list[str]:
    return sorted(video.stem for video in data.glob("03/*/*.mkv"))


def _emptier(data: Path, place: Path, keep_free_bytes: int = 0) -> Spool:
    for folder in (data, place):
        mark_data_folder(folder)
    return Spool(place / "03", 3, StoragePlace(data / "03", keep_free_bytes, None))


def _turning(emptier: Spool, condition: Callable[[], bool]) -> Callable[[], bool]:
    def is_so() -> bool:
        emptier.turn(_never)
        return condition()

    return is_so


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "_TURN_S", 0.0)
    monkeypatch.setattr(spool, "_RETRY_S", 0.02)


def test_all_that_is_finished_is_moved_and_nothing_else(tmp_path: Path) -> None:
    data, place = tmp_path / "data", tmp_path / "spool"
    emptier = _emptier(data, place)
    _spooled(place, "03_20261122_060000")
    growing = place / "03" / _DAY / "03_20261122_120000.mkv.part"
    growing.parent.mkdir(parents=True, exist_ok=True)
    growing.touch()
    emptier.turn(_never)
    assert _stems(data) == ["03_20261122_060000"]
    assert [path.name for path in (place / "03" / _DAY).iterdir()] == [growing.name]


@pytest.mark.parametrize("copy", ["20261121_060000_copy", "20261399_060000", "notes"])
def test_a_file_that_no_recorder_named_stays_and_holds_up_nobody(tmp_path: Path, copy: str) -> None:
    data, place = tmp_path / "data", tmp_path / "spool"
    emptier = _emptier(data, place)
    _spooled(place, "03_20261122_060000")
    foreign = place / "03" / _DAY / f"03_{copy}.mkv"
    foreign.write_bytes(b"somebody's")
    emptier.turn(_never)
    assert _stems(data) == ["03_20261122_060000"]
    assert [path.name for path in foreign.parent.iterdir()] == [foreign.name]


def test_the_spool_waits_while_the_main_volume_is_away(tmp_path: Path) -> None:
    data, place = tmp_path / "data", tmp_path / "spool"
    emptier = _emptier(data, place)
    video = _spooled(place, "03_20261122_060000")
    data.rename(tmp_path / "away")
    emptier.turn(_never)
    assert video.exists()
    assert not data.exists()
    (tmp_path / "away").rename(data)
    emptier.turn(_never)
    assert _stems(data) == [video.stem]


def test_a_move_never_leaves_less_room_than_recording_needs(tmp_path: Path) -> None:
    with small_disk(tmp_path / "data", "4m") as data:
        place = tmp_path / "spool"
        emptier = _emptier(data, place, keep_free_bytes=2_000_000)
        for hour in range(4):
            _spooled(place, f"03_20261122_0{hour}0000", 800_000)
        emptier.turn(_never)
        assert _stems(data) == ["03_20261122_000000", "03_20261122_010000"]
        assert free_bytes(data) >= 2_000_000
        assert len(_stems(place)) == 2


def test_what_a_killed_move_left_is_removed_and_moved_again(tmp_path: Path) -> None:
    data, place = tmp_path / "data", tmp_path / "spool"
    emptier = _emptier(data, place)
    video = _spooled(place, "03_20261122_060000")
    begun = data / "03" / _DAY / f"{video.stem}.mkv.move.part"
    other = begun.with_name("03_20261121_060000.mkv.move.part")
    begun.parent.mkdir(parents=True)
    begun.write_bytes(b"torn")
    other.write_bytes(b"torn")
    emptier.turn(_never)
    assert sorted(path.name for path in begun.parent.iterdir()) == [
        f"{video.stem}.journal.part",
        f"{video.stem}.mkv",
    ]


def test_a_segment_that_cannot_be_moved_does_not_hold_up_the_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data, place = tmp_path / "data", tmp_path / "spool"
    emptier = _emptier(data, place)
    bad = place / "03" / _DAY / "03_20261122_000000.mkv"
    bad.mkdir(parents=True)
    _spooled(place, "03_20261122_060000")
    wait_until(_turning(emptier, lambda: bool(_stems(data))), "the good one")
    assert _stems(data) == ["03_20261122_060000"]
    _spooled(place, "03_20261122_070000")
    wait_until(_turning(emptier, lambda: len(_stems(data)) == 2), "the next one")
    (line,) = caplog.messages
    assert line.startswith(f"{bad}: cannot be moved to {data}/03/{_DAY} now: ")


def test_one_cage_of_a_rack_at_a_time(tmp_path: Path) -> None:
    data, place = tmp_path / "data", tmp_path / "spool"
    emptier = _emptier(data, place)
    _spooled(place, "03_20261122_060000")
    with (place / MARKER).open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_SH)
        emptier.turn(_never)
        assert _stems(data) == []
    emptier.turn(_never)
    assert _stems(data) == ["03_20261122_060000"]


def test_a_spool_that_keeps_its_files_is_copied_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = tmp_path / "data"
    caplog.set_level(logging.INFO)
    with small_disk(tmp_path / "spool", "4m") as place:
        emptier = _emptier(data, place)
        video = _spooled(place, "03_20261122_060000")
        subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
        emptier.turn(_never)
        emptier.turn(_never)
        assert video.exists()
    assert _stems(data) == [video.stem]
    assert caplog.messages == [
        f"{video}: moved to {data}/03/{_DAY}/{video.name}",
        f"{video}: cannot be removed: Read-only file system",
    ]
