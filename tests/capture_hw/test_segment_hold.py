"""One process at a time writes or repairs a segment's file, wherever the file lies."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from capture_hw import segment_hold
from capture_hw.disk_sync import DiskSync
from capture_hw.segment_hold import SegmentHeld, held, holding_process, is_held
from capture_hw.segment_journal import JournalWriter
from capture_hw.segment_repair import repair_leftover, rewrite_finished
from tests.capture_hw.scripted_camera import wait_until
from tests.recorded_segment import STEM, write_video
from tests.segment_writer import segment_header

_EVEN: Final = tuple(range(0, 4000, 40))
_HOLDER: Final = "import fcntl, sys; f = open(sys.argv[1]); fcntl.flock(f, 2); print(1, flush=True)"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segment_hold, "_PATIENCE_S", 0.02)


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return write_video(tmp_path / f"{STEM}.mkv.part", _EVEN, closed=False)


@pytest.fixture
def holder(part: Path) -> Iterator[int]:
    """The number of another process that holds the lock."""
    command = [sys.executable, "-c", f"{_HOLDER}; sys.stdin.read()", str(part)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid


def test_who_holds_a_file_is_known_by_its_number(part: Path, holder: int) -> None:
    assert is_held(part)
    assert holding_process(part) == holder


def test_a_file_that_is_only_read_is_held_by_nobody(part: Path) -> None:
    with part.open("rb"):
        assert not is_held(part)
        assert holding_process(part) is None


def test_a_leftover_that_somebody_holds_is_not_repaired(part: Path, holder: int) -> None:
    content = part.read_bytes()
    with pytest.raises(SegmentHeld) as refused:
        repair_leftover(part, lambda: False)
    assert str(refused.value) == f"{part}: process {holder} writes or repairs it"
    assert [(path, path.read_bytes()) for path in part.parent.iterdir()] == [(part, content)]


def test_of_two_repairs_at_the_same_time_one_is_refused(part: Path) -> None:
    refused: list[str] = []

    def repair_again() -> bool:
        if not refused:
            with pytest.raises(SegmentHeld) as error:
                repair_leftover(part, lambda: False)
            refused.append(str(error.value))
        return False

    assert repair_leftover(part, repair_again).frames == 99
    assert refused == [f"{part}: process {os.getpid()} writes or repairs it"]


def test_a_finished_video_is_held_while_it_is_rewritten(tmp_path: Path) -> None:
    video = write_video(tmp_path / "mouse.mkv", _EVEN, closed=False, tags={})
    seen: list[bool] = []

    def look() -> bool:
        seen.append(is_held(video))
        return False

    rewrite_finished(video, look)
    assert set(seen) == {True}
    assert not is_held(video)


def test_a_file_that_was_renamed_while_somebody_held_it_is_not_there(
    part: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locks_late(_: int) -> bool:
        part.rename(part.with_suffix(""))
        part.write_bytes(b"another file")
        return True

    monkeypatch.setattr(segment_hold, "locks_soon", locks_late)
    with pytest.raises(FileNotFoundError), held(part):
        pass


def test_a_file_system_without_locks_holds_nothing(
    part: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_descriptor: int, _kind: int) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", refuse)
    assert not is_held(part)
    assert repair_leftover(part, lambda: False).frames == 99


def test_a_recorder_holds_its_file_until_it_has_its_name(tmp_path: Path) -> None:
    video = tmp_path / "03" / "2026-11-22" / f"{STEM}.mkv"
    video.parent.mkdir(parents=True)
    part = video.with_name(f"{video.name}.part")
    part.write_bytes(b"frames")
    journal = JournalWriter(video.with_name(f"{STEM}.journal.part"), segment_header(video))
    sync = DiskSync(part, video, journal)
    wait_until(lambda: is_held(part), "the lock")
    assert holding_process(part) == os.getpid()
    sync.publish()
    assert sync.join(10.0)
    assert not is_held(video)
