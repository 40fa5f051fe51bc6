"""The recorder as a whole: cameras come and go, disks fill up, recording goes on."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from capture_hw import capture_thread
from capture_hw.camera import Camera, CapturedFrame
from capture_hw.data_volume import mark_data_folder
from capture_hw.error import DeviceLost
from capture_hw.recorder import Recorder, RecorderProgress
from capture_hw.segment_clock import Clock
from capture_hw.segment_journal import Journal, journal_path, read_journal
from tests.capture_hw.encoded import FedChain
from tests.capture_hw.scripted_camera import (
    FRAME_NS,
    H264,
    NoisyCamera,
    ScriptedCamera,
    Step,
    h264_frames,
    luma_frames,
    opening,
    plan,
    times_ms,
    wait_until,
)
from tests.small_disk import small_disk


class _Run:
    """A recorder at work in a thread."""

    def __init__(
        self, folder: Path, open_camera: Callable[[], Camera], keep_free_bytes: int = 0
    ) -> None:
        self.folder = folder
        self.reports: list[RecorderProgress] = []
        self._stop = threading.Event()
        recorder = Recorder(
            plan(folder), keep_free_bytes, open_camera, Clock(), self.reports.append
        )
        self._thread = threading.Thread(target=recorder.run, args=[self._stop])
        self._thread.start()

    @property
    def now(self) -> RecorderProgress:
        wait_until(lambda: bool(self.reports), "a report")
        return self.reports[-1]

    def wait_for(self, state: str, frames: int = 0) -> RecorderProgress:
        wait_until(
            lambda: self.now.state == state and self.now.frames >= frames,
            f"{state} with {frames} frames",
        )
        return self.now

    def stop(self) -> float:
        """Stop in order; return how long it took."""
        started_s = time.monotonic()
        self._stop.set()
        self._thread.join(20)
        assert not self._thread.is_alive()
        return time.monotonic() - started_s

    def videos(self) -> list[Path]:
        return sorted(self.folder.glob("*/*.mkv"))


@pytest.fixture
def cage_folder(tmp_path: Path) -> Path:
    """The folder of a cage in a rack's data folder."""
    mark_data_folder(tmp_path / "data")
    folder = tmp_path / "data" / "03"
    folder.mkdir()
    return folder


@contextmanager
def _recording(
    folder: Path, *cameras: Camera | DeviceLost, keep_free_bytes: int = 0
) -> Iterator[_Run]:
    run = _Run(folder, opening(*cameras), keep_free_bytes)
    try:
        yield run
    finally:
        run.stop()


def _journal(video: Path) -> Journal:
    return read_journal(journal_path(video))


def _now_ns() -> int:
    return time.monotonic_ns()


def test_what_was_delivered_before_the_stop_is_on_the_disk(cage_folder: Path) -> None:
    start = _now_ns()
    with _recording(cage_folder, ScriptedCamera(luma_frames(start, range(60)))) as run:
        run.wait_for("recording", 1)
        assert run.stop() < 5
        (video,) = run.videos()
    assert times_ms(video) == [number * 40 for number in range(60)]
    journal = _journal(video)
    assert journal.gaps == ()
    assert journal.end is not None
    assert journal.end.frames == 60
    assert list(video.parent.glob("*.mkv.part")) == []


def test_progress_says_how_the_recording_goes(cage_folder: Path) -> None:
    with _recording(cage_folder, ScriptedCamera(luma_frames(_now_ns(), range(50)))) as run:
        now = run.wait_for("recording", 50)
        assert now.segment is not None
        assert now.segment.startswith("03_")
        assert (now.reason, now.gaps, now.frames_lost) == ("", 0, 0)
        assert now.fps > 0
        assert now.bytes_per_s > 0


def test_reports_come_while_the_camera_is_silent_and_the_segment_goes_on(cage_folder: Path) -> None:
    start = _now_ns()
    go_on = threading.Event()

    def wait() -> None:
        go_on.wait(20)

    later = start + 75 * FRAME_NS
    steps: list[Step] = [
        *luma_frames(start, range(3)),
        wait,
        *luma_frames(later, range(3)),
    ]
    with _recording(cage_folder, ScriptedCamera(steps, counts=False)) as run:
        stalled = run.wait_for("stalled")
        assert "cage 03: no frame for 2." in stalled.reason
        count = len(run.reports)
        wait_until(lambda: len(run.reports) >= count + 3, "more reports")
        go_on.set()
        run.wait_for("recording", 6)
        run.stop()
        (video,) = run.videos()
    (gap,) = _journal(video).gaps
    assert (gap.from_ms, gap.to_ms) == (80, 3000)
    assert (gap.frames_lost, gap.cause) == (72, "camera stalled")


def test_a_lost_camera_that_comes_back_with_another_format_begins_a_segment(
    cage_folder: Path,
) -> None:
    start = _now_ns()
    first = ScriptedCamera([*luma_frames(start, range(5)), DeviceLost("cage 03: unplugged")])
    second = ScriptedCamera(h264_frames(start + 100 * FRAME_NS, range(15)), H264)
    with _recording(cage_folder, first, DeviceLost("not there"), second) as run:
        lost = run.wait_for("lost")
        assert lost.reason in {"cage 03: unplugged", "not there"}
        assert lost.segment is None
        run.wait_for("recording", 20)
        run.stop()
        videos = run.videos()
    assert [len(times_ms(video)) for video in videos] == [5, 15]
    assert _journal(videos[0]).end is not None
    (gap,) = _journal(videos[1]).gaps
    assert (gap.from_ms, gap.to_ms, gap.frames_lost) == (-3840, 0, 95)
    assert gap.cause == "camera lost"


def test_a_camera_that_stays_silent_is_opened_again_and_stays_lost_until_it_gives_frames(
    cage_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capture_thread, "_SILENT_S", 1.0)
    go_on = threading.Event()

    def wait() -> None:
        go_on.wait(20)

    start = _now_ns()
    first = ScriptedCamera(luma_frames(start, range(5)))
    later = start + 100 * FRAME_NS
    second = ScriptedCamera([wait, *luma_frames(later, range(3))])
    with _recording(cage_folder, first, second) as run:
        lost = run.wait_for("lost")
        assert lost.reason == "cage 03: no frame for 1 s, the camera is opened again"
        assert lost.segment is None
        wait_until(lambda: first.is_closed, "the first camera is closed")
        count = len(run.reports)
        wait_until(lambda: len(run.reports) > count + 10, "reports while the second is silent")
        assert {report.state for report in run.reports[count:]} == {"lost"}
        go_on.set()
        run.wait_for("recording", 8)
        run.stop()
        videos = run.videos()
    assert [len(times_ms(video)) for video in videos] == [5, 3]
    (gap,) = _journal(videos[1]).gaps
    assert (gap.from_ms, gap.frames_lost, gap.cause) == (-3840, 95, "camera stalled")


def test_what_the_disk_refused_goes_to_the_spool_without_another_frame_lost(
    tmp_path: Path,
) -> None:
    with small_disk(tmp_path / "disk", "1m") as main, small_disk(tmp_path / "more", "4m") as spool:
        for folder in (main, spool):
            mark_data_folder(folder)
        (main / "filler").write_bytes(bytes(800_000))
        reports: list[RecorderProgress] = []
        stop = threading.Event()
        spooling = replace(plan(main / "03"), spool=spool / "03")
        recorder = Recorder(spooling, 0, NoisyCamera, Clock(), reports.append)
        thread = threading.Thread(target=recorder.run, args=[stop])
        thread.start()
        try:
            wait_until(lambda: len(list(spool.glob("03/*/*.mkv.part"))) == 1, "the spool", 30)
            frames = reports[-1].frames
            wait_until(lambda: reports[-1].frames > frames + 20, "frames in the spool")
        finally:
            stop.set()
            thread.join(20)
        (journal,) = (read_journal(path) for path in spool.glob("03/*/*.journal.part"))
        (gap,) = journal.gaps
        assert (gap.to_ms, gap.cause) == (0, "storage refused")
        assert gap.frames_lost <= 1, "more than what the muxer still held"


def test_a_camera_whose_frames_are_no_video_is_lost_not_fatal(cage_folder: Path) -> None:
    garbage = CapturedFrame(_now_ns(), 0, b"\0\0\0\1garbage", is_key=True)
    good = ScriptedCamera(luma_frames(_now_ns(), range(3)))
    with _recording(cage_folder, ScriptedCamera([garbage], H264), good) as run:
        lost = run.wait_for("lost")
        assert lost.reason == "the camera's key frame of 11 bytes has no parameter sets"
        run.wait_for("recording", 3)
        run.stop()
        (video,) = run.videos()
    assert len(times_ms(video)) == 3
    assert list(cage_folder.glob("*/*.part")) == [journal_path(video)]


def test_a_copied_recording_waits_for_its_first_key_frame(cage_folder: Path) -> None:
    camera = ScriptedCamera(h264_frames(_now_ns(), range(7, 30)), H264)
    with _recording(cage_folder, camera) as run:
        run.wait_for("recording", 20)
        run.stop()
        (video,) = run.videos()
    assert len(times_ms(video)) == 20
    assert _journal(video).gaps == ()


def test_after_an_orderly_stop_the_next_run_says_recording_stopped(cage_folder: Path) -> None:
    start = _now_ns()
    with _recording(cage_folder, ScriptedCamera(luma_frames(start, range(3)))) as run:
        run.wait_for("recording", 3)
    second = luma_frames(start + 50 * FRAME_NS, range(3))
    with _recording(cage_folder, ScriptedCamera(second)) as run:
        wait_until(lambda: run.now.gaps == 1, "the gap between the runs")
        run.stop()
        first, last = run.videos()
    assert _journal(first).gaps == ()
    (gap,) = _journal(last).gaps
    assert (gap.from_ms, gap.to_ms, gap.frames_lost) == (-1920, 0, 47)
    assert gap.cause == "recording stopped"


def test_a_leftover_is_repaired_beside_the_recording_and_is_a_gap(cage_folder: Path) -> None:
    start = _now_ns()
    fed = FedChain(plan(cage_folder), Clock())
    fed.feed(luma_frames(start, range(10)))
    fed.chain.leave()
    (leftover,) = cage_folder.glob("*/*.mkv.part")
    repaired = leftover.with_name(leftover.name.removesuffix(".part"))
    camera = ScriptedCamera(luma_frames(start + 50 * FRAME_NS, range(3)))
    with _recording(cage_folder, camera) as run:
        wait_until(lambda: run.now.gaps == 1 and repaired.exists(), "gap and repair")
        run.stop()
        first, last = run.videos()
    assert first == repaired
    assert times_ms(first) == [number * 40 for number in range(10)]
    assert _journal(first).end is None
    (gap,) = _journal(last).gaps
    assert (gap.from_ms, gap.frames_lost, gap.cause) == (-1640, 40, "recorder restarted")


def test_a_bug_leaves_the_segment_for_the_next_run_to_repair(cage_folder: Path) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    recorder = Recorder(
        plan(cage_folder),
        0,
        opening(ScriptedCamera(luma_frames(_now_ns(), range(10)))),
        Clock(),
        lambda progress: fail() if progress.frames == 10 else None,
    )
    with pytest.raises(ZeroDivisionError):
        recorder.run(threading.Event())
    (part,) = cage_folder.glob("*/*.mkv.part")
    assert len(times_ms(part)) == 10


def test_below_the_room_to_keep_the_segment_is_closed_in_order(cage_folder: Path) -> None:
    disk = os.statvfs(cage_folder)
    everything = disk.f_blocks * disk.f_frsize
    camera = ScriptedCamera(luma_frames(_now_ns(), range(3)))
    with _recording(cage_folder, camera, keep_free_bytes=everything) as run:
        refused = run.wait_for("storage")
        assert "GB free, recording needs" in refused.reason
        assert refused.segment is None


def test_a_full_disk_closes_the_segment_readable_and_room_resumes_it(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "1m") as folder:
        mark_data_folder(folder)
        filler = folder / "filler"
        filler.write_bytes(bytes(850_000))
        camera = NoisyCamera()
        with _recording(folder / "03", camera) as run:
            refused = run.wait_for("storage")
            assert "No space left" in refused.reason
            assert refused.segment is None
            filler.unlink()
            freed_s = time.monotonic()
            run.wait_for("recording")
            assert time.monotonic() - freed_s < 5
            enough = run.now.frames + 20
            run.wait_for("recording", enough)
            run.stop()
            first, *_, last = run.videos()
            times = times_ms(first)
            journal = _journal(last)
            recorded = sum(len(times_ms(video)) for video in run.videos())
            lost = sum(gap.frames_lost for video in run.videos() for gap in _journal(video).gaps)
            assert run.now.frames == recorded
            since_ns = _journal(last).header.start_monotonic_ns - camera.start_ns
            assert recorded + lost == since_ns // camera.FRAME_NS + times_ms(last)[-1] // 10 + 1
        assert len(times) > 20
        assert {gap.cause for gap in journal.gaps} == {"storage refused"}
        assert journal.gaps[0].to_ms == 0
