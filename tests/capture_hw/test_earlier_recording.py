"""What earlier runs left is told from what this run writes."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from capture_hw import earlier_recording
from capture_hw.data_volume import mark_data_folder
from capture_hw.earlier_recording import EarlierRecording
from capture_hw.recorder import Recorder, RecorderProgress
from capture_hw.segment_clock import Clock
from capture_hw.segment_journal import journal_path
from capture_hw.storage_place import free_bytes
from tests.capture_hw.encoded import FedChain, LumaVideo
from tests.capture_hw.scripted_camera import (
    HEIGHT,
    WIDTH,
    NoisyCamera,
    luma_frames,
    picture,
    plan,
    times_ms,
    wait_until,
)
from tests.sick_disk import sick_disk

_FOREVER: Final = 10**15
"""More free bytes to keep than any disk has: nothing is repaired."""
_SECOND_NS: Final = 1_000_000_000


def _leftover(day: Path, stem: str, start_s: int = 0) -> Path:
    """Leave three frames; the last is 80 ms after the start."""
    day.mkdir(parents=True, exist_ok=True)
    part = day / f"{stem}.mkv.part"
    start = str(start_s * _SECOND_NS)
    tags = {"START_UTC_NS": start, "START_MONOTONIC_NS": start, "BOOT_ID": "b"}
    video = LumaVideo(part, WIDTH, HEIGHT, 25.0, tags)
    for number in range(3):
        video.write(picture(number), number * 40)
    video.finish()
    journal_path(part).write_bytes(b"header\n")
    return part


@pytest.fixture
def day(tmp_path: Path) -> Path:
    """A day of cage 3."""
    mark_data_folder(tmp_path)
    day = tmp_path / "03" / "2026-11-22"
    day.mkdir(parents=True)
    return day


def test_the_search_begins_with_the_thread_and_spares_this_run(day: Path) -> None:
    earlier = EarlierRecording(day.parent, 3, 0)
    left = _leftover(day, "03_20261122_060000")
    own = _leftover(day, "03_20261122_120000")
    begun = journal_path(day / "03_20261122_180000.mkv")
    begun.write_bytes(b"header\n")
    for stem in ("03_20261122_120000", "03_20261122_180000"):
        earlier.add_own(stem)
    earlier.start()
    wait_until(lambda: not left.exists(), "the repair")
    earlier.stop()
    assert earlier.join(5)
    assert earlier.unnoted is not None
    assert own.exists()
    assert begun.exists()


def test_a_segment_that_this_run_gave_up_is_repaired_by_it(
    day: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(earlier_recording, "_RETRY_S", 0.05)
    earlier = EarlierRecording(day.parent, 3, 0)
    earlier.start()
    assert earlier.wait_searched(5)
    part = _leftover(day, "03_20261122_060000")
    earlier.add_left(part)
    wait_until(lambda: not part.exists(), "the repair")
    earlier.stop()
    assert earlier.join(5)
    assert (day / "03_20261122_060000.mkv").exists()


def test_a_growing_segment_is_spared_until_it_is_broken_off_unreadable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(earlier_recording, "_RETRY_S", 0.05)
    mark_data_folder(tmp_path)
    folder = tmp_path / "03"
    folder.mkdir()
    earlier = EarlierRecording(folder, 3, 0)
    fed = FedChain(plan(folder), Clock(), earlier)
    fed.feed(luma_frames(10**12, range(10)))
    (part,) = folder.glob("*/*.mkv.part")
    earlier.start()
    assert earlier.wait_searched(5)
    assert earlier.unnoted is None
    part.rename(tmp_path / "aside")
    part.symlink_to("/proc/self/mem")
    fed.chain.break_off("storage refused")
    assert fed.chain.join(5)
    (tmp_path / "aside").replace(part)
    wait_until(lambda: not part.exists(), "the repair")
    earlier.stop()
    assert earlier.join(5)
    (video,) = folder.glob("*/*.mkv")
    assert len(times_ms(video)) == 10


@contextmanager
def _looking_after(
    place: Path, keep_free_bytes: int = 0, spool: Path | None = None
) -> Iterator[EarlierRecording]:
    earlier = EarlierRecording(place / "03", 3, keep_free_bytes, spool=spool)
    earlier.start()
    try:
        assert earlier.wait_searched(5)
        yield earlier
    finally:
        earlier.stop()
        assert earlier.join(5)


def test_the_spool_tells_the_last_frame_until_the_main_volume_knows_a_later_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(earlier_recording, "_TURN_S", 0.05)
    main, spool = tmp_path / "data", tmp_path / "spool"
    mark_data_folder(spool)
    mark_data_folder(tmp_path / "away")
    _leftover(spool / "03" / "2026-11-22", "03_20261122_060000", start_s=60)
    _leftover(tmp_path / "away" / "03" / "2026-11-22", "03_20261122_070000", start_s=90)
    with _looking_after(main, spool=spool / "03") as earlier:
        early = earlier.unnoted
        assert early is not None
        assert early.monotonic_ns == 60 * _SECOND_NS + 80_000_000
        earlier.add_noted(early)
        wait_until(lambda: earlier.unnoted is None, "what was noted")
        (tmp_path / "away").rename(main)
        wait_until(lambda: earlier.unnoted is not None, "the later frame")
        late = earlier.unnoted
        assert late is not None
        assert late.monotonic_ns == 90 * _SECOND_NS + 80_000_000


def test_a_spooled_segment_stays_until_the_gap_before_it_is_in_its_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(earlier_recording, "_RETRY_S", 0.05)
    main, spool = tmp_path / "data", tmp_path / "spool"
    for folder in (main, spool):
        mark_data_folder(folder)
    before, after = (
        _leftover(main / "03" / "2026-11-22", f"03_20261122_0{hour}0000") for hour in (5, 6)
    )
    own = spool / "03" / "2026-11-22" / "03_20261122_070000.mkv"
    own.parent.mkdir(parents=True)
    own.write_bytes(b"video")
    earlier = EarlierRecording(main / "03", 3, 0, spool=spool / "03")
    earlier.add_own(own.stem)
    earlier.start()
    wait_until(lambda: not before.exists() and not after.exists(), "the repairs")
    again = _leftover(main / "03" / "2026-11-22", "03_20261122_080000")
    earlier.add_left(again)
    wait_until(lambda: not again.exists(), "another turn")
    assert own.exists()
    last = earlier.unnoted
    assert last is not None
    earlier.add_noted(last)
    wait_until(lambda: not own.exists(), "the move")
    earlier.stop()
    assert earlier.join(5)
    assert (main / "03" / "2026-11-22" / own.name).read_bytes() == b"video"


def test_a_segment_that_waits_is_told_once_and_one_that_a_person_removed_is_done(
    day: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(earlier_recording, "_RETRY_S", 0.01)
    removed, kept = (_leftover(day, f"03_20261122_0{hour}0000") for hour in (6, 7))
    looks: list[Path] = []

    def counted(path: Path) -> int:
        looks.append(path)
        return free_bytes(path)

    monkeypatch.setattr(earlier_recording, "free_bytes", counted)
    with caplog.at_level(logging.WARNING), _looking_after(day.parents[1], _FOREVER):
        wait_until(lambda: len(looks) > 4, "two looks at both")
        removed.unlink()
        before = len(looks)
        wait_until(lambda: len(looks) > before + 4, "more looks at what is kept")
    assert caplog.messages == [
        f"{part}: waits for room on the disk to be repaired" for part in (removed, kept)
    ]


def test_a_segment_whose_volume_is_away_is_repaired_when_that_is_back(
    day: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(earlier_recording, "_RETRY_S", 0.01)
    data = day.parents[1] / "data"
    mark_data_folder(data)
    part = data / "03" / day.name / "03_20261122_060000.mkv.part"
    with caplog.at_level(logging.WARNING), _looking_after(data) as earlier:
        _leftover(part.parent, "03_20261122_060000")
        data.rename(day / "away")
        data.mkdir()
        earlier.add_left(part)
        wait_until(lambda: bool(caplog.messages), "the complaint")
        data.rmdir()
        (day / "away").rename(data)
        wait_until(part.with_suffix("").exists, "the repair")
    assert caplog.messages == [f"{part}: cannot be looked at: No such file or directory"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bug_beside_the_recording_is_a_complaint_and_no_end(
    day: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(earlier_recording, "repair_segment", fail)
    _leftover(day, "03_20261122_060000")
    stop, reports = threading.Event(), list[RecorderProgress]()
    recorder = Recorder(plan(day.parent), 0, NoisyCamera, Clock(), reports.append)
    thread = threading.Thread(target=recorder.run, args=[stop])
    thread.start()
    wait_until(lambda: bool(reports) and bool(reports[-1].complaint), "the complaint")
    frames = reports[-1].frames
    wait_until(lambda: reports[-1].frames > frames + 50, "more frames")
    stop.set()
    thread.join(20)
    assert not thread.is_alive()
    assert {report.complaint for report in reports if report.frames > frames + 20} == {
        "cage 03: nothing is repaired or moved from the spool any more, see the recorder's log"
    }


def test_what_a_killed_recorder_left_is_on_the_disk_before_it_is_repaired(tmp_path: Path) -> None:
    with sick_disk(tmp_path, 64_000_000) as disk:
        mark_data_folder(disk.folder)
        part = _leftover(disk.folder / "03" / "2026-11-22", "03_20261122_060000")
        content = part.read_bytes()
        with _looking_after(disk.folder, _FOREVER):
            disk.break_down()
        disk.heal()
        assert part.read_bytes() == content
        assert journal_path(part).read_bytes() == b"header\n"
