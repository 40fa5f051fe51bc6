"""The picture watch of a rack: which files it looks at, and what a hung cage costs the others."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from appliance.cage_watch import CageWatch
from appliance.config import RackConfig, read_config
from appliance.picture_figures import read_figures, write_figures
from appliance.rack_path import picture_figures, reference_path, reports_socket, segment_folder
from appliance.report import CagePicture, WatcherDetail
from appliance.report_inbox import ReportInbox
from appliance.watcher_worker import run
from appliance.worker import Worker
from capture_hw.picture_measure import Luma
from capture_hw.reference import learn, save_reference
from tests.appliance.rack_factory import write_rack
from tests.capture_hw.growing_segment import FRAME_NS, GrowingSegment
from tests.mqtt_reader import wait_until

WAIT_S: Final = 15.0
MQTT: Final = '[mqtt]\nhost = "127.0.0.1"\n'


def picture(number: int) -> Luma:
    """Return a scene with noise of its own and a moving spot."""
    scene = np.kron(
        np.random.default_rng(5).integers(60, 200, (18, 22), dtype=np.uint8),
        np.ones((16, 16), np.uint8),
    )
    noise = np.random.default_rng(number).integers(0, 9, scene.shape, dtype=np.uint8)
    scene[100:130, 10 + 5 * (number % 40) : 40 + 5 * (number % 40)] = 30
    return np.asarray(scene + noise, np.uint8)


def record(
    config: RackConfig, cage: int, stem: str, frames: int = 120, size_px: int | None = None
) -> GrowingSegment:
    """Write a segment whose last frame was captured just now; `size_px` cuts a small square."""
    day = segment_folder(config, cage) / "2026-11-22"
    day.mkdir(parents=True, exist_ok=True)
    start_ns = time.monotonic_ns() - frames * FRAME_NS
    segment = GrowingSegment(day / f"{cage:02d}_{stem}.mkv.part", start_ns=start_ns)
    for number in range(frames):
        segment.write(picture(number)[:size_px, :size_px] // (6 if size_px else 1) + np.uint8(0))
    return segment


@contextmanager
def watching(config: RackConfig) -> Iterator[Callable[[Callable[[CagePicture], bool], int], None]]:
    """Run the worker; yield what waits until a claim about a cage (from 1) is true."""
    with ReportInbox(reports_socket(config)) as inbox:
        worker = Worker("watcher", config, "")
        thread = threading.Thread(target=run, args=(worker,))
        thread.start()

        def wait(claim: Callable[[CagePicture], bool], cage: int) -> None:
            deadline_s = time.monotonic() + WAIT_S
            last: CagePicture | None = None
            while time.monotonic() < deadline_s:
                for report in inbox.take():
                    assert isinstance(report.detail, WatcherDetail)
                    last = report.detail.cages[cage - 1]
                    if claim(last):
                        return
                time.sleep(0.02)
            raise AssertionError(f"not in {WAIT_S} s: {last}")

        try:
            yield wait
        finally:
            worker.stop.set()
            thread.join(WAIT_S)
            worker.close()
        assert not thread.is_alive()


@pytest.fixture
def config(tmp_path: Path) -> RackConfig:
    return read_config(write_rack(tmp_path, 2, extra=MQTT))


def test_it_follows_to_the_next_segment_and_tells_figures(config: RackConfig) -> None:
    record(config, 1, "20261122_060000")
    with watching(config) as wait:
        wait(lambda p: p.segment == "01_20261122_060000" and p.age_s is not None, 1)
        wait(lambda p: 60 < p.mean_luma < 200 and p.sharpness > 0, 1)
        # Then the next segment's newest key frame, 0.8 s old, is late enough to be looked at.
        wait(lambda p: p.age_s is not None and p.age_s > 2.5, 1)
        record(config, 1, "20261122_120000")
        wait(lambda p: p.segment == "01_20261122_120000" and p.novelty is not None, 1)
        wait(lambda p: p.segment is None and p.age_s is None and not p.faults, 2)
        path = picture_figures(config)
        wait_until(
            lambda: [one.cage for one in read_figures(path, time.monotonic_ns())] == [1], "figures"
        )


def test_a_reference_is_used_as_soon_as_it_is_there(config: RackConfig) -> None:
    segment = record(config, 1, "20261122_060000")
    with watching(config) as wait:
        wait(lambda p: p.age_s is not None and not p.is_commissioned, 1)
        learnt = learn([picture(number) for number in range(0, 80, 8)])
        save_reference(reference_path(config, 1), learnt)
        wait(lambda p: p.is_commissioned, 1)
        wait(lambda p: p.least_likeness == learnt.limits.least_likeness, 1)
        wait(lambda p: p.longest_shift_px is not None and p.most_bright == 0.4, 1)
        segment.path.unlink()
        record(config, 1, "20261122_120000")
        wait(lambda p: p.likeness is not None and p.likeness > 0.8, 1)
        assert reference_path(config, 1).name == "01.png"


def test_a_damaged_reference_is_told_and_the_rest_is_judged(config: RackConfig) -> None:
    reference_path(config, 1).parent.mkdir(parents=True)
    reference_path(config, 1).write_text("no picture")
    record(config, 1, "20261122_060000")
    with watching(config) as wait:
        expected = f"{reference_path(config, 1)}: is no PNG"
        wait(lambda p: p.reason == expected and p.age_s is not None, 1)


def test_a_cage_whose_disk_hangs_does_not_blind_the_others(config: RackConfig) -> None:
    day = segment_folder(config, 1) / "2026-11-22"
    day.mkdir(parents=True)
    stuck = day / "01_20261122_060000.mkv.part"
    os.mkfifo(stuck)
    record(config, 2, "20261122_060000")
    with watching(config) as wait:
        wait(lambda p: p.age_s is not None, 2)
        wait(lambda p: p.age_s is None, 1)
    release(stuck)


def test_a_hung_cage_is_told_while_the_others_are_watched_on(
    config: RackConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.cage_watch._HUNG_S", 1.5)
    day = segment_folder(config, 1) / "2026-11-22"
    day.mkdir(parents=True)
    stuck = day / "01_20261122_060000.mkv.part"
    os.mkfifo(stuck)
    record(config, 2, "20261122_060000")
    with watching(config) as wait:
        wait(lambda p: p.reason.startswith("the disk with its pictures has not answered for "), 1)
        wait(lambda p: p.age_s is not None and not p.reason, 2)
    release(stuck)


def test_a_damaged_header_is_told_and_the_other_cages_are_watched(config: RackConfig) -> None:
    path = record(config, 1, "20261122_060000").path
    path.write_bytes(path.read_bytes().replace(b"V_MPEG4/ISO/AVC", b"V_MPEG4/ISO/AVQ"))
    record(config, 2, "20261122_060000")
    with watching(config) as wait:
        wait(lambda p: "its header names no video" in p.reason, 1)
        wait(lambda p: p.age_s is not None, 2)


def test_a_bug_that_one_cage_brings_up_is_told_and_does_not_end_the_watch(
    config: RackConfig, caplog: pytest.LogCaptureFixture
) -> None:
    first = record(config, 1, "20261122_060000", size_px=8)
    record(config, 2, "20261122_060000")
    with watching(config) as wait:
        wait(lambda p: p.reason.startswith("the picture watch failed: "), 1)
        wait(lambda p: p.age_s is not None, 2)
        first.path.unlink()
        record(config, 1, "20261122_120000")
        wait(lambda p: p.age_s is not None and not p.reason, 1)
    told = [one for one in caplog.records if "the picture watch failed" in one.message]
    assert len(told) == 1
    assert told[0].exc_info


def test_a_segment_after_a_long_pause_is_looked_at_anew(
    config: RackConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.cage_watch._TOO_OLD_NS", 3_000_000_000)
    record(config, 1, "20261122_060000")
    with watching(config) as wait:
        wait(lambda p: p.age_s is not None and p.age_s > 3.5, 1)
        record(config, 1, "20261122_120000")
        wait(lambda p: p.segment == "01_20261122_120000" and p.age_s is not None, 1)
        wait(lambda p: p.novelty is None, 1)


def test_one_picture_is_measured_at_a_time(
    config: RackConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.cage_watch._HUNG_S", 1.5)
    record(config, 1, "20261122_060000")
    stop, measuring = threading.Event(), threading.Lock()
    folders = [segment_folder(config, 1)]
    watch = CageWatch(1, folders, reference_path(config, 1), stop, measuring)
    with measuring:
        watch.start()
        wait_until(watch.is_hung, "the thread waits for its turn to measure")
        assert watch.report().age_s is None
    wait_until(lambda: watch.report().age_s is not None, "a look")
    stop.set()
    watch.join(WAIT_S)


def test_the_folder_that_was_used_last_is_searched_first(
    config: RackConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.part_search._BEING_WRITTEN_NS", 60_000_000_000)
    record(config, 1, "20261122_060000")
    spool, main = tmp_path / "spool" / "01", segment_folder(config, 1)
    stop = threading.Event()
    watch = CageWatch(1, [spool, main], reference_path(config, 1), stop, threading.Lock())
    watch.start()
    wait_until(lambda: watch.report().age_s is not None, "a look")
    (spool / "2026-11-22").mkdir(parents=True)
    (spool / "2026-11-22" / "01_20261122_120000.mkv.part").touch()
    wait_until(lambda: (watch.report().age_s or 0.0) > 4.5, "searches")
    assert watch.report().segment == "01_20261122_060000"
    stop.set()
    watch.join(WAIT_S)


def release(fifo: Path) -> None:
    """Let whoever waits for a pipe's writer go on, and find nothing."""
    for _ in range(2):
        try:
            os.close(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))
        except OSError:
            return


def test_what_an_earlier_recorder_left_is_not_taken_for_now(config: RackConfig) -> None:
    segment = record(config, 1, "20261122_060000", frames=2)
    old_ns = time.monotonic_ns() - 60_000_000_000
    segment.path.unlink()
    left = GrowingSegment(segment.path, start_ns=old_ns)
    for number in range(60):
        left.write(picture(number))
    with watching(config) as wait:
        wait(lambda p: p.segment == "01_20261122_060000", 1)
        wait(lambda p: p.age_s is None, 1)


def test_figures_of_an_earlier_moment_or_boot_are_none(tmp_path: Path) -> None:
    path = tmp_path / "pictures.json"
    assert read_figures(path, 0) == ()
    seen = seen_picture(age_s=2.0)
    write_figures(path, [seen, seen_picture(age_s=None)], 50_000_000_000)
    assert read_figures(path, 53_000_000_000) == (seen.model_copy(update={"age_s": 5.0}),)
    assert read_figures(path, 81_000_000_000) == ()
    assert read_figures(path, 49_000_000_000) == ()
    path.write_text("{}")
    assert read_figures(path, 53_000_000_000) == ()


def seen_picture(**changes: object) -> CagePicture:
    fields: dict[str, object] = {
        "cage": 1, "segment": "01_20261122_060000", "age_s": 1.0, "mean_luma": 87.0,
        "bright_part": 0.0, "dark_part": 0.2, "sharpness": 0.17, "change": 1.7, "novelty": 1.0,
        "shift_px": None, "likeness": None, "focus": None, "is_commissioned": False, "faults": (),
    }  # fmt: skip
    return CagePicture.model_validate(fields | changes)
