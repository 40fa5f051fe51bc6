"""The gap between two runs lies before the first frame of the second, whenever it is found."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from capture_hw.data_volume import mark_data_folder
from capture_hw.left_behind import EarlierFrame
from capture_hw.recorder import Recorder, RecorderProgress
from capture_hw.segment_clock import Clock, boot_id
from capture_hw.segment_journal import Journal, journal_path, read_journal
from tests.capture_hw.encoded import FedChain
from tests.capture_hw.scripted_camera import NoisyCamera, luma_frames, plan, wait_until

_START_NS: Final = 1_000_000_000_000


def _ended(before_s: int) -> EarlierFrame:
    """Return an earlier run's last frame, so long before this run's first one."""
    moment_ns = _START_NS - before_s * 1_000_000_000
    return EarlierFrame(0, moment_ns, boot_id(), "recorder restarted")


def _gaps(journal: Journal) -> list[tuple[int, int, int, str]]:
    return [(gap.from_ms, gap.to_ms, gap.frames_lost, gap.cause) for gap in journal.gaps]


@pytest.fixture
def cut(tmp_path: Path) -> FedChain:
    """A chain in its second segment; the first one is closed."""
    fed = FedChain(plan(tmp_path), Clock())
    fed.feed(luma_frames(_START_NS, range(20)))
    fed.chain.close()
    assert fed.chain.join(10)
    fed.feed(luma_frames(_START_NS, range(20, 40)))
    return fed


def _journals(fed: FedChain, folder: Path) -> list[Journal]:
    fed.chain.close()
    assert fed.chain.join(10)
    journals = [read_journal(journal_path(video)) for video in folder.glob("*/*.mkv")]
    return sorted(journals, key=lambda journal: journal.header.start_monotonic_ns)


def test_a_last_frame_found_after_the_first_cut_is_a_gap_of_the_first_segment(
    tmp_path: Path, cut: FedChain
) -> None:
    assert cut.chain.note_earlier(_ended(10))
    first, second = _journals(cut, tmp_path)
    assert _gaps(first) == [(-10_000, 0, 249, "recorder restarted")]
    assert first.end is not None
    assert second.gaps == ()


def test_a_later_last_frame_makes_the_gap_shorter_and_no_second_one(tmp_path: Path) -> None:
    fed = FedChain(plan(tmp_path), Clock())
    fed.feed(luma_frames(_START_NS, range(20)))
    assert fed.chain.note_earlier(_ended(100))
    assert fed.chain.note_earlier(_ended(10))
    fed.feed(luma_frames(_START_NS, range(20, 30)))
    (journal,) = _journals(fed, tmp_path)
    assert _gaps(journal) == [(-10_000, 0, 249, "recorder restarted")]
    assert (fed.chain.gaps, fed.chain.frames_lost) == (1, 249)


def test_the_gap_of_a_closed_segment_is_corrected_there(tmp_path: Path, cut: FedChain) -> None:
    assert cut.chain.note_earlier(_ended(100))
    assert cut.chain.note_earlier(_ended(10))
    first, second = _journals(cut, tmp_path)
    assert _gaps(first) == [(-10_000, 0, 249, "recorder restarted")]
    assert second.gaps == ()
    assert (cut.chain.gaps, cut.chain.frames_lost) == (1, 249)


@pytest.mark.parametrize("is_removed", [True, False])
def test_behind_a_manifest_the_gap_goes_into_the_open_segment_with_its_true_times(
    tmp_path: Path, cut: FedChain, is_removed: bool
) -> None:
    (first,) = tmp_path.glob("*/*.mkv")
    first.with_suffix(".json").write_text("{}")
    journal_path(first).rename(tmp_path / "aside" if is_removed else journal_path(first))
    assert cut.chain.note_earlier(_ended(10))
    assert cut.chain.note_earlier(_ended(5))
    cut.chain.close()
    assert cut.chain.join(10)
    (second,) = (video for video in tmp_path.glob("*/*.mkv") if video != first)
    assert _gaps(read_journal(journal_path(second))) == [(-10_800, -800, 249, "recorder restarted")]
    assert (cut.chain.gaps, cut.chain.frames_lost) == (1, 249)


@contextmanager
def _recording(place: Path) -> Iterator[Callable[[], RecorderProgress]]:
    stop, reports = threading.Event(), list[RecorderProgress]()
    places = replace(plan(place / "data" / "03"), spool=place / "spool" / "03")
    recorder = Recorder(places, 0, NoisyCamera, Clock(), reports.append)
    thread = threading.Thread(target=recorder.run, args=[stop])
    thread.start()
    try:
        wait_until(lambda: bool(reports) and reports[-1].frames > 30, "frames")
        yield lambda: reports[-1]
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


def test_a_pause_between_two_runs_without_the_main_volume_is_a_gap(tmp_path: Path) -> None:
    data, spool = tmp_path / "data", tmp_path / "spool"
    data.mkdir()
    mark_data_folder(spool)
    with _recording(tmp_path):
        pass
    with _recording(tmp_path) as now:
        wait_until(lambda: now().gaps == 1, "the gap")
    mark_data_folder(data)
    with _recording(tmp_path) as now:
        wait_until(lambda: now().gaps == 1, "the gap")
        wait_until(lambda: not list(spool.glob("03/*/*.mkv")), "the empty spool")
    videos = sorted(data.glob("03/*/*.mkv"))
    first, second, third = [read_journal(journal_path(video)) for video in videos]
    assert first.gaps == ()
    for earlier, later in ((first, second), (second, third)):
        assert earlier.end is not None
        last_ns = earlier.header.start_monotonic_ns + earlier.end.last_ms * 1_000_000
        pause_ms = (later.header.start_monotonic_ns - last_ns) / 1_000_000
        (gap,) = later.gaps
        assert gap.from_ms == pytest.approx(-pause_ms, abs=1)
        assert (gap.to_ms, gap.cause) == (0, "recording stopped")
