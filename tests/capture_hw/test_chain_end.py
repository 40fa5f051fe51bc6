"""A chain that takes the place of one whose disk hangs."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from capture_hw.earlier_recording import EarlierRecording
from capture_hw.error import StorageError
from capture_hw.segment_clock import Clock
from capture_hw.segment_journal import JournalWriter, SegmentGap, read_journal
from tests.capture_hw.encoded import FedChain
from tests.capture_hw.scripted_camera import LUMA, luma_frames, plan, times_ms


def _gaps(folder: Path) -> list[tuple[int, int, str]]:
    (journal,) = (read_journal(path) for path in folder.glob("*/*.journal.part"))
    return [(gap.to_ms, gap.frames_lost, gap.cause) for gap in journal.gaps]


def _places(tmp_path: Path) -> tuple[FedChain, FedChain]:
    for name in ("main", "spool"):
        (tmp_path / name).mkdir()
    places = plan(tmp_path / "main")
    elsewhere = replace(places, folder=tmp_path / "spool")
    return FedChain(places, Clock()), FedChain(elsewhere, Clock())


def test_it_counts_exactly_what_is_in_no_file(tmp_path: Path) -> None:
    first, second = _places(tmp_path)
    start = time.monotonic_ns()
    first.feed(luma_frames(start, range(20)))
    second.chain.go_on_behind(first.chain.give_up())
    assert second.chain.frames == 19
    with pytest.raises(StorageError):
        first.feed(luma_frames(start, [20]))
    with pytest.raises(StorageError):
        first.chain.close()
    first.chain.leave()
    second.feed(luma_frames(start, range(25, 30)))
    second.chain.close()
    second.chain.join(5)
    (left,) = tmp_path.glob("main/*/*.mkv.part")
    assert times_ms(left) == [number * 40 for number in range(19)]
    assert _gaps(tmp_path / "main") == []
    assert _gaps(tmp_path / "spool") == [(0, 6, "storage refused")]
    assert (second.chain.frames, second.chain.gaps, second.chain.frames_lost) == (24, 1, 6)


def test_a_gap_whose_line_came_too_late_is_in_one_journal_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = _places(tmp_path)
    start = time.monotonic_ns()
    first.feed(luma_frames(start, range(20)))
    real = JournalWriter.add_gap

    def add_gap(journal: JournalWriter, gap: SegmentGap) -> None:
        real(journal, gap)
        monkeypatch.undo()
        second.chain.go_on_behind(first.chain.give_up())

    monkeypatch.setattr(JournalWriter, "add_gap", add_gap)
    with pytest.raises(StorageError):
        first.feed(luma_frames(start, [24]))
    first.chain.leave()
    second.feed(luma_frames(start, range(24, 30)))
    second.chain.close()
    second.chain.join(5)
    assert _gaps(tmp_path / "main") == []
    assert sum(lost for _, lost, _ in _gaps(tmp_path / "spool")) == 5
    assert second.chain.frames_lost == 5


def test_a_segment_without_a_frame_in_it_is_forgotten(tmp_path: Path) -> None:
    first, second = _places(tmp_path)
    start = time.monotonic_ns()
    first.feed(luma_frames(start, [0]))
    second.chain.go_on_behind(first.chain.give_up())
    second.feed(luma_frames(start, range(1, 5)))
    assert second.chain.frames == 4


def test_what_is_given_up_is_handed_over_for_a_repair(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[Path] = []
    earlier = EarlierRecording(tmp_path, 3, 0)
    monkeypatch.setattr(earlier, "add_left", left.append)
    fed = FedChain(plan(tmp_path), Clock(), earlier, LUMA)
    fed.feed(luma_frames(time.monotonic_ns(), range(5)))
    fed.chain.give_up()
    fed.chain.leave()
    assert left == list(tmp_path.glob("*/*.mkv.part"))
