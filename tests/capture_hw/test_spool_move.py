"""A segment that is moved from the spool is never lost and never doubled."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from capture_hw.error import StorageError
from capture_hw.segment_journal import journal_path
from capture_hw.spool_move import MoveStopped, move_segment, moves_begun
from tests.capture_hw.move_killer import JOURNAL, STEM, VIDEO, spooled
from tests.small_disk import small_disk

_ROOT = Path(__file__).parents[2]


def _names(place: Path) -> list[str]:
    """Return the files below a folder that somebody could take for a recording."""
    return sorted(str(path.relative_to(place)) for path in place.rglob("*") if path.is_file())


def _never() -> bool:
    return False


def test_a_move_brings_video_and_journal_and_empties_the_spool(tmp_path: Path) -> None:
    video = spooled(tmp_path)
    os.utime(video, ns=(5, 7_000_000_000))
    moved = move_segment(video, tmp_path / "main" / "03", _never)
    assert moved == tmp_path / "main" / "03" / "2026-11-22" / f"{STEM}.mkv"
    assert moved.read_bytes() == VIDEO
    assert moved.stat().st_mtime_ns == 7_000_000_000
    assert journal_path(moved).read_bytes() == JOURNAL
    assert _names(tmp_path) == [
        f"main/03/2026-11-22/{STEM}.journal.part",
        f"main/03/2026-11-22/{STEM}.mkv",
    ]
    assert list((tmp_path / "spool" / "03").iterdir()) == []


def test_a_move_killed_before_any_of_its_steps_loses_and_doubles_nothing(tmp_path: Path) -> None:
    program = [sys.executable, "-m", "tests.capture_hw.move_killer", str(tmp_path)]
    subprocess.run(program, cwd=_ROOT, check=True, timeout=60)
    places = sorted(tmp_path.iterdir())
    assert len(places) > 12
    for place in places:
        video = place / "spool" / "03" / "2026-11-22" / f"{STEM}.mkv"
        target = place / "main" / "03" / "2026-11-22" / f"{STEM}.mkv"
        # Who finds a video finds the whole of it, and its journal.
        whole = [path for path in (video, target) if path.exists()]
        assert whole
        assert [path.read_bytes() == VIDEO for path in whole] == [True] * len(whole)
        assert [journal_path(path).exists() for path in whole] == [True] * len(whole)
        if video.exists():
            move_segment(video, place / "main" / "03", _never)
        recordings = [name for name in _names(place) if name.startswith("main/")]
        assert recordings == [
            f"main/03/2026-11-22/{STEM}.journal.part",
            f"main/03/2026-11-22/{STEM}.mkv",
        ]
        assert not video.exists()
        assert target.read_bytes() == VIDEO
        assert journal_path(target).read_bytes() == JOURNAL


def test_a_move_that_is_stopped_leaves_the_spool_whole_and_the_main_volume_empty(
    tmp_path: Path,
) -> None:
    video = spooled(tmp_path)
    answers = iter([False, True])
    with pytest.raises(MoveStopped):
        move_segment(video, tmp_path / "main" / "03", lambda: next(answers))
    assert video.read_bytes() == VIDEO
    assert [name for name in _names(tmp_path) if name.startswith("main/")] == []


def test_a_different_recording_of_the_same_name_is_kept_beside(tmp_path: Path) -> None:
    video = spooled(tmp_path)
    other = tmp_path / "main" / "03" / "2026-11-22" / f"{STEM}.mkv"
    other.parent.mkdir()
    other.write_bytes(VIDEO[::-1])
    moved = move_segment(video, tmp_path / "main" / "03", _never)
    assert moved.name == "03_20261122_120001.mkv"
    assert moved.read_bytes() == VIDEO
    assert other.read_bytes() == VIDEO[::-1]


def test_a_segment_without_a_journal_is_moved_too(tmp_path: Path) -> None:
    video = spooled(tmp_path)
    journal_path(video).unlink()
    moved = move_segment(video, tmp_path / "main" / "03", _never)
    assert _names(tmp_path) == [f"main/03/2026-11-22/{moved.name}"]


def test_a_main_volume_that_is_full_leaves_the_segment_in_the_spool(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "1m") as disk:
        video = spooled(tmp_path)
        (disk / "03").mkdir()
        with pytest.raises(StorageError, match=r"cannot be moved to .* now: No space left"):
            move_segment(video, disk / "03", _never)
        assert _names(disk) == []
        assert video.read_bytes() == VIDEO
        assert journal_path(video).read_bytes() == JOURNAL


def test_what_a_killed_move_left_is_found(tmp_path: Path) -> None:
    day = tmp_path / "03" / "2026-11-22"
    day.mkdir(parents=True)
    for name in (f"{STEM}.mkv.move.part", f"{STEM}.journal.move.part", f"{STEM}.mkv.part"):
        (day / name).touch()
    (day / "04_20261122_120000.mkv.move.part").touch()
    assert [path.name for path in moves_begun(tmp_path / "03", 3)] == [
        f"{STEM}.journal.move.part",
        f"{STEM}.mkv.move.part",
    ]
