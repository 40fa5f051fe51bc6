"""A recorder whose disk does not answer for a while, instead of refusing."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest

from capture_hw import earlier_recording, recorder, segment_place
from capture_hw.camera import Camera, CapturedFrame
from capture_hw.data_volume import mark_data_folder
from capture_hw.error import DeviceLost
from capture_hw.picture_encoder import PictureEncoder
from capture_hw.recorder import Recorder, RecorderProgress
from capture_hw.segment_clock import Clock
from capture_hw.segment_journal import journal_path, read_journal
from tests.capture_hw.scripted_camera import (
    NoisyCamera,
    ScriptedCamera,
    Step,
    decoded,
    luma_frames,
    opening,
    plan,
    times_ms,
    wait_until,
)
from tests.sick_disk import sick_disk

_SIZE: Final = 64_000_000
_HANG_S: Final = 6.0
_SWITCH_S: Final = 3.0
_RESUME_S: Final = 5.0
_REPORT_S: Final = 1.0
_SWITCH_FRAMES: Final = 200
"""2 s at 100 frames a second."""
_REPAIR_S: Final = 30.0
_UNPLUGGED: Final = DeviceLost("cage 03: unplugged")


class _Run:
    """A recorder of cage 3 that runs in a thread."""

    def __init__(
        self,
        data: Path,
        spool: Path | None,
        open_camera: Callable[[], Camera] = NoisyCamera,
    ) -> None:
        self.folders: Final = [folder / "03" for folder in (data, spool) if folder is not None]
        for folder in self.folders:
            mark_data_folder(folder.parent)
        self.stop: Final = threading.Event()
        self.reports: Final[list[tuple[float, RecorderProgress]]] = []
        places = replace(plan(data / "03"), spool=spool / "03" if spool else None)
        recorder = Recorder(places, 0, open_camera, Clock(), self._take)
        self.thread: Final = threading.Thread(target=recorder.run, args=[self.stop])

    def _take(self, progress: RecorderProgress) -> None:
        self.reports.append((time.monotonic(), progress))

    @property
    def now(self) -> RecorderProgress:
        return self.reports[-1][1]

    def wait_for(
        self, condition: Callable[[RecorderProgress], bool], what: str, timeout_s: float = 15.0
    ) -> None:
        wait_until(lambda: bool(self.reports) and condition(self.now), what, timeout_s)

    def wait_frames(self, more: int, timeout_s: float = 15.0) -> None:
        enough = self.now.frames + more if self.reports else more
        self.wait_for(lambda now: now.frames >= enough, f"{more} more frames", timeout_s)

    def silence_s(self) -> float:
        return time.monotonic() - self.reports[-1][0]

    def longest_silence_s(self) -> float:
        times = [moment_s for moment_s, _ in self.reports]
        return max(later - sooner for sooner, later in pairwise(times))

    def end(self) -> float:
        """Stop in order; return how long it took."""
        began_s = time.monotonic()
        self.stop.set()
        self.thread.join(20)
        assert not self.thread.is_alive()
        return time.monotonic() - began_s

    def videos(self) -> list[Path]:
        """Return the finished videos in the order of capture, wherever they are."""
        found = [video for folder in self.folders for video in folder.glob("*/*.mkv")]
        return sorted(found, key=_start_ns)

    def unfinished(self) -> list[Path]:
        return [part for folder in self.folders for part in folder.glob("*/*.mkv.part")]

    def lost(self) -> int:
        """Return the frames that the journals miss; every other one is in exactly one video."""
        gaps = [gap for video in self.videos() for gap in _journal_gaps(video)]
        numbers = [number for video in self.videos() for number in _frame_numbers(video)]
        assert numbers == sorted(set(numbers))
        lost = sum(frames for frames, _ in gaps)
        assert lost == numbers[-1] - numbers[0] + 1 - len(numbers)
        return lost

    def causes(self) -> set[str]:
        return {cause for video in self.videos() for _, cause in _journal_gaps(video)}


def _start_ns(video: Path) -> int:
    return read_journal(journal_path(video)).header.start_monotonic_ns


def _journal_gaps(video: Path) -> list[tuple[int, str]]:
    return [(gap.frames_lost, gap.cause) for gap in read_journal(journal_path(video)).gaps]


def _frame_numbers(video: Path) -> list[int]:
    start_ms = _start_ns(video) / 1_000_000
    return [round((start_ms + time_ms) / 10) for time_ms in times_ms(video)]


@contextmanager
def _recording(data: Path, spool: Path | None = None) -> Iterator[_Run]:
    run = _Run(data, spool)
    run.thread.start()
    try:
        run.wait_frames(200)
        yield run
    finally:
        run.end()


def _is_spooling(now: RecorderProgress) -> bool:
    return now.state == "recording" and now.reason.startswith("recording to the spool: ")


def _is_normal(now: RecorderProgress) -> bool:
    return now.state == "recording" and not now.reason


@pytest.fixture(autouse=True)
def _repairs_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(earlier_recording, "_RETRY_S", 1.0)


def test_the_spool_takes_over_from_a_disk_that_hangs_and_all_that_is_lost_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = tmp_path / "spool"
    asked: list[Path] = []
    monkeypatch.setattr(segment_place, "_seems_taken", asked.append)
    with sick_disk(tmp_path / "main", _SIZE) as disk:
        with _recording(disk.folder, spool) as run:
            (abandoned,) = disk.folder.glob("03/*/*.mkv.part")
            disk.hang()
            hung_s = time.monotonic()
            run.wait_for(_is_spooling, "the spool")
            assert time.monotonic() - hung_s < _SWITCH_S
            assert f"{disk.folder}/03: has not answered for " in run.now.reason
            run.wait_frames(50)
            wait_until(lambda: time.monotonic() - hung_s > _HANG_S, "the end of the hang")
            assert _is_spooling(run.now)
            assert not [path for path in asked if path.is_relative_to(disk.folder)]
            disk.answer()
            answered_s = time.monotonic()
            run.wait_for(_is_normal, "the main volume")
            assert time.monotonic() - answered_s < _RESUME_S
            run.wait_frames(50)
            wait_until(lambda: not abandoned.exists(), "the repair", _REPAIR_S)
            wait_until(lambda: not list(spool.glob("03/*")), "the empty spool", _REPAIR_S)
            run.wait_frames(1)
        assert run.longest_silence_s() < _REPORT_S
        assert run.end() < 1
        assert run.unfinished() == []
        assert len(run.videos()) == 3
        assert run.lost() <= _SWITCH_FRAMES
        assert run.causes() <= {"storage refused"}
        assert run.now.frames_lost == run.lost()
        assert run.now.frames == sum(len(times_ms(video)) for video in run.videos())
        assert [len(decoded(video)) for video in run.videos()] == [
            len(times_ms(video)) for video in run.videos()
        ]


def test_without_a_spool_a_hanging_disk_is_waited_for_and_costs_what_the_queue_cannot_hold(
    tmp_path: Path,
) -> None:
    with sick_disk(tmp_path / "main", _SIZE) as disk:
        with _recording(disk.folder) as run:
            disk.hang()
            hung_s = time.monotonic()
            run.wait_for(lambda now: now.state == "storage", "the state")
            assert time.monotonic() - hung_s < _SWITCH_S
            assert run.now.reason.startswith(f"{disk.folder}/03: has not answered for ")
            wait_until(lambda: time.monotonic() - hung_s > _HANG_S, "the end of the hang")
            assert run.now.state == "storage"
            disk.answer()
            run.wait_for(_is_normal, "frames")
            run.wait_frames(50)
        assert run.longest_silence_s() < _REPORT_S
        assert len(run.videos()) == 1
        assert 0 < run.lost() < (_HANG_S - 2) * 100
        assert run.causes() == {"recorder overloaded"}


def test_two_disks_that_hang_are_the_state_storage_and_the_first_that_answers_resumes(
    tmp_path: Path,
) -> None:
    with (
        sick_disk(tmp_path / "main", _SIZE) as disk,
        sick_disk(tmp_path / "spool", _SIZE) as spool,
    ):
        with _recording(disk.folder, spool.folder) as run:
            spool.hang()
            disk.hang()
            run.wait_for(lambda now: now.state == "storage", "the state")
            spool.answer()
            run.wait_for(_is_spooling, "the spool")
            run.wait_frames(50)
            disk.answer()
            run.wait_for(_is_normal, "the main volume")
            wait_until(lambda: not list(spool.folder.glob("03/*")), "the empty spool", _REPAIR_S)
            wait_until(lambda: len(run.unfinished()) == 1, "the repair", _REPAIR_S)
            run.wait_frames(50)
        assert run.lost() > 0
        assert run.longest_silence_s() < _REPORT_S


def test_an_order_to_stop_does_not_wait_for_a_disk_that_hangs(tmp_path: Path) -> None:
    with sick_disk(tmp_path / "main", _SIZE) as disk, _recording(disk.folder) as run:
        disk.hang()
        run.wait_for(lambda now: now.state == "storage", "the state")
        assert run.end() < 5
        disk.answer()


def test_a_recorder_that_starts_while_its_disk_hangs_begins_in_the_spool(tmp_path: Path) -> None:
    with sick_disk(tmp_path / "main", _SIZE) as disk:
        run = _Run(disk.folder, tmp_path / "spool")
        disk.hang()
        run.thread.start()
        try:
            run.wait_for(_is_spooling, "the spool")
            run.wait_frames(20)
            disk.answer()
            run.wait_for(_is_normal, "the main volume")
            run.wait_frames(20)
        finally:
            disk.answer()
            run.end()
        assert run.longest_silence_s() < _REPORT_S
        assert run.lost() == 0


def test_a_segment_that_hangs_while_it_is_closed_is_repaired_and_the_next_is_spooled(
    tmp_path: Path,
) -> None:
    with sick_disk(tmp_path / "main", _SIZE) as disk:
        start_ns = time.monotonic_ns()

        def all_written() -> None:
            run.wait_for(lambda now: now.frames == 30, "the first camera's frames")

        steps: list[Step] = [*luma_frames(start_ns, range(30)), all_written, disk.hang, _UNPLUGGED]
        first = ScriptedCamera(steps)
        second = ScriptedCamera(luma_frames(start_ns, range(200, 230)))
        run = _Run(disk.folder, tmp_path / "spool", opening(first, second))
        run.thread.start()
        try:
            run.wait_for(_is_spooling, "the spool")
            run.wait_for(lambda now: now.frames >= 58, "all frames")
            disk.answer()
            wait_until(lambda: len(run.unfinished()) == 1, "the repair", _REPAIR_S)
        finally:
            disk.answer()
            run.end()
        assert run.longest_silence_s() < _REPORT_S
        (before, after) = run.videos()
        assert times_ms(before) == [number * 40 for number in range(29)]
        assert len(times_ms(after)) == 30
        assert _journal_gaps(after) == [(200 - 29, "camera lost")]


def test_of_a_process_whose_encoder_hangs_nobody_hears_so_that_it_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "_ENCODER_S", 1.6)
    goes_on = threading.Event()

    def hang(*_: object, **__: object) -> list[CapturedFrame]:
        goes_on.wait(20)
        return []

    with _recording(tmp_path / "data", tmp_path / "spool") as run:
        monkeypatch.setattr(PictureEncoder, "encode", hang)
        wait_until(lambda: run.silence_s() > 2 * _REPORT_S, "silence")
        assert {progress.state for _, progress in run.reports[-10:]} == {"recording"}
        goes_on.set()
        run.wait_for(lambda _: run.silence_s() < _REPORT_S, "reports")
