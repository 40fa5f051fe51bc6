"""A recorder whose disk fills, breaks or goes away, with a spool and without."""

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from capture_hw.data_volume import mark_data_folder
from capture_hw.recorder import Recorder, RecorderProgress
from capture_hw.segment_clock import Clock
from capture_hw.segment_journal import journal_path, read_journal
from tests.capture_hw.scripted_camera import NoisyCamera, decoded, plan, times_ms, wait_until
from tests.sick_disk import sick_disk
from tests.small_disk import small_disk

_RESUME_S: Final = 5.0
_SWITCH_FRAMES: Final = 25
"""At 100 frames a second."""


class _Run:
    """A recorder of cage 3 that runs in a thread."""

    def __init__(self, data: Path, spool: Path | None, keep_free_bytes: int) -> None:
        self.folders: Final = [folder / "03" for folder in (data, spool) if folder is not None]
        for folder in self.folders:
            mark_data_folder(folder.parent)
        self.camera: Final = NoisyCamera()
        self.stop: Final = threading.Event()
        self._reports: Final[list[RecorderProgress]] = []
        places = replace(plan(data / "03"), spool=spool / "03" if spool else None)
        self._recorder: Final = Recorder(
            places, keep_free_bytes, lambda: self.camera, Clock(), self._reports.append
        )
        self.thread: Final = threading.Thread(target=self._recorder.run, args=[self.stop])

    @property
    def now(self) -> RecorderProgress:
        return self._reports[-1]

    def wait_for(self, condition: Callable[[RecorderProgress], bool], what: str) -> None:
        wait_until(lambda: bool(self._reports) and condition(self._reports[-1]), what)

    def wait_frames(self, more: int) -> None:
        enough = self.now.frames + more if self._reports else more
        self.wait_for(lambda now: now.frames >= enough, f"{more} more frames")

    def end(self) -> None:
        self.stop.set()
        self.thread.join(20)
        assert not self.thread.is_alive()

    def videos(self) -> list[Path]:
        """Return the finished videos, oldest first, wherever they are."""
        found = [video for folder in self.folders for video in folder.glob("*/*.mkv")]
        return sorted(found, key=lambda video: video.name)

    def lost(self) -> int:
        """Return the frames that the journals miss; every other one is in a video."""
        journals = [read_journal(journal_path(video)) for video in self.videos()]
        gaps = [gap for journal in journals for gap in journal.gaps]
        assert {gap.cause for gap in gaps} <= {"storage refused"}
        lost = sum(gap.frames_lost for gap in gaps)
        recorded = sum(len(times_ms(video)) for video in self.videos())
        last, header = self.videos()[-1], journals[-1].header
        newest_ns = header.start_monotonic_ns + times_ms(last)[-1] * 1_000_000
        begun = journals[0].header.start_monotonic_ns
        assert recorded + lost == round((newest_ns - begun) / self.camera.FRAME_NS) + 1
        return lost


@contextmanager
def recording(data: Path, spool: Path | None = None, keep_free_bytes: int = 0) -> Iterator[_Run]:
    run = _Run(data, spool, keep_free_bytes)
    run.thread.start()
    try:
        run.wait_frames(30)
        yield run
    finally:
        run.end()


def _is_spooling(now: RecorderProgress) -> bool:
    return now.state == "recording" and now.reason.startswith("recording to the spool: ")


def _is_normal(now: RecorderProgress) -> bool:
    return now.state == "recording" and not now.reason


def test_below_the_watermark_the_spool_takes_over_without_a_lost_frame_and_is_emptied(
    tmp_path: Path,
) -> None:
    spool = tmp_path / "spool"
    with small_disk(tmp_path / "data", "20m") as data:
        with recording(data, spool, keep_free_bytes=10_000_000) as run:
            filler = data / "filler"
            filler.write_bytes(bytes(12_000_000))
            run.wait_for(_is_spooling, "the spool")
            run.wait_frames(50)
            assert list(spool.glob("03/*/*.mkv.part"))
            filler.unlink()
            freed_s = time.monotonic()
            run.wait_for(_is_normal, "the main volume")
            assert time.monotonic() - freed_s < _RESUME_S
            run.wait_frames(50)
            wait_until(lambda: not list(spool.glob("03/*")), "the empty spool")
        assert [video.parents[2] for video in run.videos()] == [data] * 3
        assert run.lost() == 0
        assert [len(decoded(video)) for video in run.videos()] == [
            len(times_ms(video)) for video in run.videos()
        ]
        assert run.now.frames_lost == 0


def test_a_disk_that_is_really_full_costs_the_switch_and_no_more(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    with small_disk(tmp_path / "data", "1m") as data:
        filler = data / "filler"
        filler.write_bytes(bytes(700_000))
        with recording(data, spool) as run:
            run.wait_for(_is_spooling, "the spool")
            assert "No space left" in run.now.reason or "recording needs" in run.now.reason
            run.wait_frames(50)
        assert {video.parents[2] for video in run.videos()} == {data, spool}
        assert run.lost() <= _SWITCH_FRAMES


def test_a_broken_disk_is_left_for_the_spool_and_taken_again_when_it_is_mounted(
    tmp_path: Path,
) -> None:
    spool = tmp_path / "spool"
    with sick_disk(tmp_path / "main", 64_000_000) as disk:
        with recording(disk.folder, spool) as run:
            time_to_sync = run.now.frames + 200
            run.wait_for(lambda now: now.frames >= time_to_sync, "frames that are on the disk")
            disk.break_down()
            run.wait_for(_is_spooling, "the spool")
            run.wait_frames(50)
            (spooled,) = spool.glob("03/*/*.mkv.part")
            wait_until(lambda: _heals(disk.heal), "the disk let go")
            healed_s = time.monotonic()
            run.wait_for(_is_normal, "the main volume")
            assert time.monotonic() - healed_s < _RESUME_S
            run.wait_frames(50)
            moved = disk.folder / spooled.relative_to(spool).with_suffix("")
            wait_until(moved.exists, "the spooled segment")
        assert len(times_ms(moved)) >= 50
        assert not list(spool.glob("03/*/*"))


def test_without_a_spool_a_broken_disk_is_waited_for(tmp_path: Path) -> None:
    with sick_disk(tmp_path / "main", 64_000_000) as disk, recording(disk.folder) as run:
        disk.break_down()
        run.wait_for(lambda now: now.state == "storage", "the refusal")
        assert "Input/output error" in run.now.reason
        wait_until(lambda: _heals(disk.heal), "the disk let go")
        healed_s = time.monotonic()
        run.wait_for(_is_normal, "the main volume")
        assert time.monotonic() - healed_s < _RESUME_S
        run.wait_frames(20)


def test_a_volume_that_goes_away_hands_over_to_the_spool_and_gets_everything_back(
    tmp_path: Path,
) -> None:
    data, spool, away = tmp_path / "data", tmp_path / "spool", tmp_path / "away"
    with recording(data, spool) as run:
        data.rename(away)
        data.mkdir()
        run.wait_for(_is_spooling, "the spool")
        run.wait_frames(50)
        assert list(data.iterdir()) == []
        data.rmdir()
        away.rename(data)
        run.wait_for(_is_normal, "the main volume")
        run.wait_frames(20)
        wait_until(lambda: not list(spool.glob("03/*")), "the empty spool")
    assert {video.parents[2] for video in run.videos()} == {data}
    assert run.lost() <= _SWITCH_FRAMES


def test_both_full_is_the_state_storage_and_room_in_the_spool_resumes_it(tmp_path: Path) -> None:
    with (
        small_disk(tmp_path / "data", "20m") as data,
        small_disk(tmp_path / "spool", "20m") as spool,
    ):
        with recording(data, spool, keep_free_bytes=10_000_000) as run:
            for volume in (data, spool):
                (volume / "filler").write_bytes(bytes(12_000_000))
            run.wait_for(lambda now: now.state == "storage", "the refusal")
            assert "; and the spool does not help: " in run.now.reason
            assert run.now.segment is None
            (spool / "filler").unlink()
            freed_s = time.monotonic()
            run.wait_for(_is_spooling, "the spool")
            assert time.monotonic() - freed_s < _RESUME_S
            run.wait_frames(20)
        assert {video.parents[2] for video in run.videos()} == {data, spool}


def _heals(heal: Callable[[], None]) -> bool:
    try:
        heal()
    except subprocess.CalledProcessError:
        return False
    return True
