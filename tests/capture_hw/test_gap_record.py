"""A gap is in one journal, once, also if the disk refuses just then."""

import errno
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pytest

from capture_hw.copied_video import CopiedVideo
from capture_hw.error import StorageError
from capture_hw.segment_clock import Clock
from capture_hw.segment_journal import SegmentGap, read_journal
from tests.capture_hw.encoded import FedChain
from tests.capture_hw.scripted_camera import luma_frames, plan, times_ms

_START_NS: Final = 10**12


class _Disk:
    """Refuses so many frames or lines of journals, when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.frames_refused = 0
        self.lines_refused = 0
        write_frame, write_line = CopiedVideo.write, os.write

        def frame(video: CopiedVideo, unit: bytes, time_ms: int, *, is_key: bool) -> int:
            if self.frames_refused:
                self.frames_refused -= 1
                raise StorageError("no room")
            return write_frame(video, unit, time_ms, is_key=is_key)

        def line(descriptor: int, content: bytes) -> int:
            if self.lines_refused and b'"gap"' in content:
                self.lines_refused -= 1
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return write_line(descriptor, content)

        monkeypatch.setattr(CopiedVideo, "write", frame)
        monkeypatch.setattr(os, "write", line)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> _Disk:
    return _Disk(monkeypatch)


def _feed(fed: FedChain, numbers: Iterable[int]) -> None:
    """Feed frames as a recorder does: what is refused breaks the segment off, and is lost."""
    for frame in luma_frames(_START_NS, numbers):
        try:
            fed.feed([frame])
        except StorageError:
            fed.chain.break_off("storage refused")


def _gaps(folder: Path) -> list[SegmentGap]:
    journals = [read_journal(path) for path in sorted(folder.glob("*/*.journal.part"))]
    return [gap for journal in journals for gap in journal.gaps]


def _ended(fed: FedChain, folder: Path) -> tuple[int, int, int]:
    """End; return how many frames are recorded, are lost by the journals, and by the chain."""
    fed.chain.close()
    assert fed.chain.join(10)
    recorded = sum(len(times_ms(video)) for video in folder.glob("*/*.mkv"))
    gaps = _gaps(folder)
    assert sum(gap.count or 1 for gap in gaps) == fed.chain.gaps
    return recorded, sum(gap.frames_lost for gap in gaps), fed.chain.frames_lost


@pytest.mark.parametrize(("again_at", "lost"), [(70, 50), (71, 51), (75, 55)])
def test_a_loss_before_a_frame_that_is_refused_is_counted_once(
    tmp_path: Path, disk: _Disk, again_at: int, lost: int
) -> None:
    fed = FedChain(plan(tmp_path), Clock())
    _feed(fed, range(20))
    disk.frames_refused = 1
    _feed(fed, [70])
    _feed(fed, range(again_at, 90))
    assert _ended(fed, tmp_path) == (20 + 90 - again_at, lost, lost)
    first, second = _gaps(tmp_path)
    assert (first.frames_lost, first.cause) == (50, "camera stalled")
    assert (second.frames_lost, second.cause, second.to_ms) == (lost - 50, "storage refused", 0)


def test_a_loss_before_a_segment_that_never_came_to_be_is_in_the_next_one(
    tmp_path: Path, disk: _Disk
) -> None:
    fed = FedChain(plan(tmp_path), Clock())
    _feed(fed, range(20))
    fed.chain.close("storage refused")
    disk.frames_refused = 12
    _feed(fed, range(70, 90))
    assert _ended(fed, tmp_path) == (20 + 8, 62, 62)
    assert len(_gaps(tmp_path)) == 1


def test_gaps_that_were_held_back_survive_a_segment_that_never_came_to_be(
    tmp_path: Path, disk: _Disk
) -> None:
    fed = FedChain(plan(tmp_path, 10), Clock())
    _feed(fed, range(0, 30, 2))
    _feed(fed, range(30, 300))
    held = fed.chain.frames_lost
    disk.frames_refused = 1
    fed.chain.close("storage refused")
    _feed(fed, range(310, 330))
    assert _ended(fed, tmp_path) == (330 - held - 11, held + 11, held + 11)


def test_a_gap_that_the_journal_refuses_is_in_the_next_one(tmp_path: Path, disk: _Disk) -> None:
    fed = FedChain(plan(tmp_path), Clock())
    _feed(fed, range(20))
    disk.lines_refused = 2
    _feed(fed, [70])
    _feed(fed, range(71, 90))
    assert _ended(fed, tmp_path) == (39, 51, 51)
    assert [gap.to_ms for gap in _gaps(tmp_path)] == [0, 0]


def test_sums_that_the_journal_refuses_at_the_end_are_in_the_next_one(
    tmp_path: Path, disk: _Disk
) -> None:
    fed = FedChain(plan(tmp_path), Clock())
    _feed(fed, range(0, 30, 2))
    disk.lines_refused = 1
    fed.chain.break_off("storage refused")
    _feed(fed, range(30, 40))
    recorded, lost, told = _ended(fed, tmp_path)
    assert recorded + lost == 40
    assert told == lost
