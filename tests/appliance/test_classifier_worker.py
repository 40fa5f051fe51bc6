"""The classifier of a rack: real files, real ledger, killed anywhere, same result."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any, Final

import pytest

from appliance import classifier_worker
from appliance.cage_labeller import CageLabeller
from appliance.classify_job import Job, Settings
from appliance.classify_worker import run_job
from appliance.config import RackConfig, read_config
from appliance.label_ledger import LabelLedger
from appliance.outbox import Outbox
from appliance.rack_path import event_ledger, segment_folder
from appliance.segment_labelling import LabellingPlan
from appliance.segment_search import SegmentSearch
from appliance.worker import Worker
from capture_hw.segment_journal import SegmentEnd, SegmentGap
from disk.damaged_ledger import LedgerReplaced
from inference.classifier import Classifier
from inference.judge import Judge
from inference.label_file import read_codes
from tests.appliance.labelling_rack import (
    LIMIT_S,
    changing_pictures,
    events_in,
    is_labelled,
    rack_config,
    video_path,
    wait_until,
    write_config,
)
from tests.segment_writer import (
    START_MONOTONIC_NS,
    START_UTC_NS,
    SegmentWriter,
    repair,
    segment_header,
    write_journal,
    write_segment,
)

WORKER: Final = """
import sys
from pathlib import Path
from appliance.worker import run_worker
sys.exit(run_worker("classifier", Path(sys.argv[1])))
"""
PICTURES: Final = changing_pictures(150)


@pytest.fixture
def config(tmp_path: Path, model_path: Path) -> RackConfig:
    return rack_config(tmp_path, model_path)


@contextmanager
def labelling(
    config: RackConfig, model_path: Path, reading_whole: "Lock | None" = None
) -> Iterator[CageLabeller]:
    """Label cage 03 in this process while the block runs."""
    stop = Event()
    with (
        Outbox(event_ledger(config)) as outbox,
        Judge(Classifier(model_path, "cpu"), 1) as judge,
    ):
        cage = config.cage[0]
        plan = LabellingPlan(config, cage, judge, LabelLedger(outbox), reading_whole or Lock())
        labeller = CageLabeller(plan, stop)
        search = SegmentSearch(segment_folder(config, cage.number), cage.number)

        def look() -> None:
            while not stop.is_set():
                labeller.set_pending(search.unlabelled(time.monotonic()))
                stop.wait(0.05)

        looking = Thread(target=look)
        looking.start()
        labeller.start()
        try:
            yield labeller
            assert labeller.error is None
        finally:
            stop.set()
            looking.join(LIMIT_S)
            labeller.join(LIMIT_S)


def record(
    video: Path,
    first: int,
    last: int,
    start_s: float,
    gaps: Sequence[SegmentGap] = (),
    *,
    is_ended: bool = True,
) -> Path:
    """Write a finished segment of some of the pictures with its journal."""
    count = last - first
    end = SegmentEnd(frames=count, first_ms=0, last_ms=40 * (count - 1)) if is_ended else None
    write_journal(video, segment_header(video, start_s), gaps, end)
    return write_segment(video, PICTURES[first:last])


def record_three(config: RackConfig) -> list[Path]:
    """Write three segments of 50 frames, of which the third follows a gap."""
    videos = [video_path(config, clock) for clock in ("060000", "060002", "060007")]
    record(videos[0], 0, 50, 0.0)
    record(videos[1], 50, 100, 2.0)
    gap = SegmentGap(from_ms=-3000, to_ms=0, frames_lost=74, cause="recorder restarted")
    record(videos[2], 100, 150, 7.0, [gap])
    return videos


def test_a_finished_segment_gets_labels_events_and_a_manifest(
    config: RackConfig, model_path: Path
) -> None:
    video = video_path(config, "060000")
    gap = SegmentGap(from_ms=400, to_ms=600, frames_lost=4, cause="camera dropped frames")
    write_journal(
        video, segment_header(video), [gap], SegmentEnd(frames=30, first_ms=0, last_ms=1320)
    )
    times = [40 * n + (160 if n > 10 else 0) for n in range(30)]
    write_segment(video, PICTURES[:30], times)
    with labelling(config, model_path):
        wait_until(lambda: is_labelled([video]))
    manifest = json.loads(video.with_suffix(".json").read_text())
    assert {name: manifest[name] for name in manifest if name not in ("labels", "software")} == {
        "schema": "ethoprofiler.segment/1",
        "facility": "test-site",
        "rack": "rack-a",
        "cage": "03",
        "animal": "m-17",
        "strain": "C57BL/6J",
        "start": "2026-11-18T11:06:40Z",
        "start_utc_ns": START_UTC_NS,
        "start_monotonic_ns": START_MONOTONIC_NS,
        "boot_id": "5a4d4b2c-0000-4000-8000-000000000001",
        "utc_offset": "+01:00",
        "clock_synchronized": True,
        "anchors": [],
        "copied": False,
        "camera": None,
        "encoder": None,
        "closed_in_order": True,
        "light_phases": [{"phase": "light", "from_ms": 0, "zt_h": 5.1111}],
        "width": 96,
        "height": 96,
        "frames_per_second": pytest.approx(21.97, abs=0.01),
        "frame_count": 30,
        "first_ms": 0,
        "last_ms": 1320,
        "gaps": [
            {
                "from_ms": 400,
                "to_ms": 600,
                "frames_lost": 4,
                "cause": "camera dropped frames",
                "count": None,
            }
        ],
        "video": manifest["video"],
        "label_file": manifest["label_file"],
    }
    assert manifest["video"]["name"] == video.name
    assert sorted(path.suffix for path in video.parent.iterdir()) == [".csv", ".json", ".mkv"]
    first, *_ = events_in(config, "cage/03/behavior")
    assert (first["retained"], first["schema"]) == (1, "ethoprofiler.behavior/1")
    assert (first["time"], first["zt_h"], first["seq"]) == ("2026-11-18T11:06:40.000Z", 5.1111, 1)
    assert (first["segment"], first["frame"]) == ("03_20261118_060000", 0)
    bouts = events_in(config, "cage/03/bout")
    assert bouts[0]["end"] == "2026-11-18T11:06:40.440Z"  # 10 * 40 ms and the frame's 40 ms
    assert (bouts[0]["animal"], bouts[0]["strain"]) == ("m-17", "C57BL/6J")


def test_a_bout_goes_on_across_segments_and_ends_at_a_gap(
    config: RackConfig, model_path: Path
) -> None:
    videos = record_three(config)
    with labelling(config, model_path):
        wait_until(lambda: is_labelled(videos))
    bouts = events_in(config, "cage/03/bout")
    codes = [read_codes(video.with_suffix(".csv")) for video in videos]
    assert codes[0][-1] == codes[1][0]
    (across,) = (bout for bout in bouts if bout["segment"] != bout["end_segment"])
    assert (across["segment"], across["end_segment"]) == (videos[0].stem, videos[1].stem)
    assert bouts[-1]["segment"] == bouts[-1]["end_segment"]
    last_before_gap = [bout for bout in bouts if bout["end_segment"] == videos[1].stem][-1]
    assert (last_before_gap["last_frame"], last_before_gap["end"]) == (
        49,
        "2026-11-18T11:06:44.000Z",
    )
    assert [bout["seq"] for bout in bouts] == list(range(1, len(bouts) + 1))


def test_the_last_bout_ends_when_nothing_follows(config: RackConfig, model_path: Path) -> None:
    video = record(video_path(config, "060000"), 0, 30, 0.0)
    with labelling(config, model_path):
        wait_until(
            lambda: events_in(config, "cage/03/behavior")[-1:] != [] and is_labelled([video])
        )
        wait_until(lambda: events_in(config, "cage/03/behavior")[-1]["behavior"] == "none")
    bouts = events_in(config, "cage/03/bout")
    assert (bouts[-1]["last_frame"], bouts[-1]["end"]) == (29, "2026-11-18T11:06:41.200Z")


def test_a_killed_classifier_neither_loses_nor_doubles_an_event(
    tmp_path: Path, model_path: Path
) -> None:
    (tmp_path / "calm").mkdir()
    (tmp_path / "killed").mkdir()
    calm = rack_config(tmp_path / "calm", model_path)
    videos = record_three(calm)
    with labelling(calm, model_path):
        wait_until(lambda: is_labelled(videos))
    killed = rack_config(tmp_path / "killed", model_path)
    seed = int.from_bytes(os.urandom(4))
    moments = random.Random(seed)
    recording = Thread(target=record_live, args=(killed,))
    recording.start()
    written = [killed.rack.data / video.relative_to(calm.rack.data) for video in videos]
    for _ in range(2):
        run_and_kill(killed, moments.uniform(0.0, 0.6))
    recording.join(LIMIT_S)
    with labelling(killed, model_path):
        wait_until(lambda: is_labelled(written))
    assert without_the_end(events_in(killed)) == without_the_end(events_in(calm)), f"seed {seed}"
    for video, other in zip(videos, written, strict=True):
        assert other.with_suffix(".csv").read_bytes() == video.with_suffix(".csv").read_bytes()


def record_live(config: RackConfig) -> None:
    """Write the three segments as `record_three`, frame by frame, a third of real time."""
    videos = [video_path(config, clock) for clock in ("060000", "060002", "060007")]
    gap = SegmentGap(from_ms=-3000, to_ms=0, frames_lost=74, cause="recorder restarted")
    for number, (video, start_s) in enumerate(zip(videos, (0.0, 2.0, 7.0), strict=True)):
        write_journal(video, segment_header(video, start_s), [gap] if number == 2 else [])
        with SegmentWriter(video) as writer:
            for frame in range(50):
                writer.write(PICTURES[50 * number + frame], 40 * frame)
                time.sleep(0.04)
            writer.close()


def run_and_kill(config: RackConfig, after_s: float) -> None:
    """Start the classifier and kill it at some moment after it has written something."""
    before = label_bytes(config)
    path = config.rack.data.with_name("rack.toml")
    worker = subprocess.Popen([sys.executable, "-c", WORKER, str(path)])
    wait_until(lambda: label_bytes(config) > before)
    time.sleep(after_s)
    worker.send_signal(signal.SIGKILL)
    worker.wait(LIMIT_S)


def label_bytes(config: RackConfig) -> int:
    return sum(path.stat().st_size for path in config.rack.data.rglob("*.csv*"))


def without_the_end(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Drop what the idle rack adds at its end."""
    return [event for event in events if event.get("behavior") != "none"]


@pytest.mark.parametrize("left", ["csv", "csv and json", "journal"])
def test_a_crash_between_two_steps_of_finishing_is_made_good(
    config: RackConfig, model_path: Path, left: str
) -> None:
    video = record(video_path(config, "060000"), 0, 50, 0.0)
    journal = video.with_name(f"{video.stem}.journal.part")
    content = journal.read_bytes()
    with labelling(config, model_path):
        wait_until(lambda: is_labelled([video]))
    labels, manifest = (video.with_suffix(suffix).read_bytes() for suffix in (".csv", ".json"))
    told = events_in(config)
    journal.write_bytes(content)
    if left == "csv":
        video.with_suffix(".json").unlink()
    elif left == "journal":
        video.with_suffix(".json").unlink()
        video.with_suffix(".csv").rename(f"{video.with_suffix('.csv')}.part")
    with labelling(config, model_path):
        wait_until(lambda: is_labelled([video]))
    assert video.with_suffix(".csv").read_bytes() == labels
    assert video.with_suffix(".json").read_bytes() == manifest
    assert without_the_end(events_in(config)) == without_the_end(told)


def test_rows_that_a_power_cut_took_are_judged_again_and_not_told_again(
    config: RackConfig, model_path: Path
) -> None:
    video = record(video_path(config, "060000"), 0, 50, 0.0)
    journal = video.with_name(f"{video.stem}.journal.part")
    content = journal.read_bytes()
    with labelling(config, model_path):
        wait_until(lambda: is_labelled([video]))
    labels, told = video.with_suffix(".csv").read_bytes(), events_in(config)
    lines = labels.splitlines(keepends=True)
    video.with_suffix(".json").unlink()
    video.with_suffix(".csv").unlink()
    journal.write_bytes(content)
    part = video.with_name(f"{video.stem}.csv.part")
    part.write_bytes(b"".join(lines[:20]) + bytes(4096))
    with labelling(config, model_path):
        wait_until(lambda: is_labelled([video]))
    assert video.with_suffix(".csv").read_bytes() == labels
    assert without_the_end(events_in(config)) == without_the_end(told)


def test_what_cannot_be_read_is_reported_and_does_not_block_what_comes_after(
    config: RackConfig, model_path: Path
) -> None:
    garbage = video_path(config, "050000")
    garbage.parent.mkdir(parents=True)
    garbage.write_bytes(b"not a video " * 1000)
    video_path(config, "050100").touch()
    good = record(video_path(config, "060000"), 0, 30, 0.0)
    with labelling(config, model_path) as labeller:
        wait_until(lambda: is_labelled([good]))
        wait_until(lambda: "(and 1 more)" in labeller.report().fault)
        report = labeller.report()
    assert report.segment == good.stem
    assert report.waiting_segments == 2
    assert "not a readable video" in report.fault or "empty file" in report.fault
    assert not garbage.with_suffix(".csv").exists()


def test_a_leftover_without_writer_does_not_hold_up_the_newer_one_and_order_is_kept(
    config: RackConfig, model_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.cage_labeller._ABANDONED_S", 0.5)
    left, newer = video_path(config, "060000"), video_path(config, "060007")
    write_journal(left, segment_header(left))
    with SegmentWriter(left) as dead:
        for number in range(60):
            dead.write(PICTURES[number], 40 * number)
        write_journal(newer, segment_header(newer, 7.0))
        with labelling(config, model_path) as labeller, SegmentWriter(newer) as writer:
            for number in range(60):
                writer.write(PICTURES[60 + number], 40 * number)
            wait_until(lambda: labeller.report().segment == newer.stem)
            assert "waits for its repair" in labeller.report().fault
            assert not any(e["segment"] == newer.stem for e in events_in(config))
            repair(left)
            wait_until(lambda: is_labelled([left]))
            writer.close()
            wait_until(lambda: is_labelled([newer]))
            assert labeller.report().fault == ""
    manifest = json.loads(left.with_suffix(".json").read_text())
    assert (manifest["closed_in_order"], manifest["frame_count"]) == (False, 59)
    begun = [bout["segment"] for bout in events_in(config, "cage/03/bout")]
    assert begun == sorted(begun)
    assert set(begun) == {left.stem, newer.stem}


def test_the_next_segment_is_followed_while_the_one_before_waits_for_its_manifest(
    config: RackConfig, model_path: Path
) -> None:
    whole_disk = Lock()
    ended, growing = video_path(config, "060000"), video_path(config, "060002")
    with whole_disk, labelling(config, model_path, whole_disk) as labeller:
        record(ended, 0, 50, 0.0)
        write_journal(growing, segment_header(growing, 2.0))
        with SegmentWriter(growing) as writer:
            for number in range(100):
                writer.write(PICTURES[50 + number], 40 * number)
            wait_until(lambda: labeller.report().segment == growing.stem)
            assert ended.with_suffix(".csv").exists()
            assert not ended.with_suffix(".json").exists()
            assert (labeller.report().waiting_segments, labeller.report().fault) == (0, "")
            whole_disk.release()
            wait_until(lambda: is_labelled([ended]))
            whole_disk.acquire()
            writer.close()
            wait_until(growing.with_suffix(".csv").exists)
            wait_until(lambda: labeller.report().waiting_segments == 0)
            assert labeller.is_busy
    assert not growing.with_suffix(".json").exists()
    with labelling(config, model_path):
        wait_until(lambda: is_labelled([growing]))
    starts = [(bout["segment"], bout["first_frame"]) for bout in events_in(config, "cage/03/bout")]
    assert len(starts) == len(set(starts))


def test_a_ledger_that_was_set_aside_ends_the_labeller_so_that_it_is_opened_again(
    config: RackConfig, model_path: Path
) -> None:
    video = video_path(config, "060000")
    with Outbox(event_ledger(config)) as outbox, Judge(Classifier(model_path, "cpu"), 1) as judge:
        plan = LabellingPlan(config, config.cage[0], judge, LabelLedger(outbox))
        labeller = CageLabeller(plan, Event())
        event_ledger(config).rename(config.rack.data / "aside")
        record(video, 0, 50, 0.0)
        labeller.set_pending(SegmentSearch(segment_folder(config, 3), 3).unlabelled(0.0))
        labeller.start()
        wait_until(lambda: labeller.error is not None)
    assert isinstance(labeller.error, LedgerReplaced)
    with labelling(config, model_path):
        wait_until(lambda: is_labelled([video]))
    assert events_in(config, "cage/03/behavior")[0]["seq"] == 1


def test_no_turn_of_the_loop_searches_more_than_one_cage(tmp_path: Path, model_path: Path) -> None:
    cages = "".join(
        f'[[cage]]\nnumber = {number}\nanimal = "m-{number}"\ncamera = {{ driver = "simulated" }}\n'
        for number in (4, 5)
    )
    config = read_config(write_config(tmp_path, model_path, cages))
    for cage in ("03", "04", "05"):
        video = config.rack.data / cage / "2026-11-18" / f"{cage}_20261118_060000.mkv"
        video.parent.mkdir(parents=True)
        video.touch()
    worker = Worker("classifier", config, "")
    with (
        closing(worker),
        Outbox(event_ledger(config)) as outbox,
        Judge(Classifier(model_path, "cpu"), 1) as judge,
    ):
        rack = classifier_worker._Rack(worker, judge, LabelLedger(outbox))
        found = []
        for _ in range(3):
            rack.look()
            cages_now = rack._detail(time.monotonic()).cages
            found.append([cage.waiting_segments for cage in cages_now])
    assert found == [[1, 0, 0], [1, 1, 0], [1, 1, 1]]


def test_what_classify_wrote_by_hand_is_completed_from_the_journal_and_told_once(
    config: RackConfig, model_path: Path
) -> None:
    gap = SegmentGap(from_ms=400, to_ms=600, frames_lost=4, cause="camera stalled")
    video = record(video_path(config, "060000"), 0, 50, 0.0, [gap])
    settings = Settings(model_path, "cpu", 1, None, overwrite=False)
    job = Job(video, video.with_suffix(".csv"))
    outcome = run_job(job, settings, Classifier(model_path, "cpu"), lambda _: None, lambda: False)
    assert outcome.status == "labelled"
    by_hand = json.loads(video.with_suffix(".json").read_text())
    assert (by_hand["facility"], by_hand["cage"], by_hand["start"]) == (None, None, None)
    assert (by_hand["light_phases"], by_hand["gaps"]) == (None, [])
    with labelling(config, model_path):
        wait_until(lambda: is_labelled([video]))
    completed = json.loads(video.with_suffix(".json").read_text())
    assert (completed["facility"], completed["cage"]) == ("test-site", "03")
    assert (completed["start_utc_ns"], completed["animal"]) == (START_UTC_NS, "m-17")
    assert [gap["cause"] for gap in completed["gaps"]] == ["camera stalled"]
    for part in ("labels", "label_file", "video", "frame_count"):
        assert completed[part] == by_hand[part]
    codes = read_codes(video.with_suffix(".csv"))
    changes = sorted({0, 15} | {n for n in range(1, 50) if codes[n] != codes[n - 1]})
    told = events_in(config, "cage/03/behavior")
    assert [event["frame"] for event in without_the_end(told)] == changes


def test_classify_keeps_what_the_rack_wrote_about_a_segment(
    config: RackConfig, model_path: Path
) -> None:
    gap = SegmentGap(from_ms=400, to_ms=600, frames_lost=4, cause="camera stalled")
    video = record(video_path(config, "060000"), 0, 30, 0.0, [gap])
    with labelling(config, model_path):
        wait_until(lambda: is_labelled([video]))
    before = json.loads(video.with_suffix(".json").read_text())
    settings = Settings(model_path, "cpu", 1, None, overwrite=True)
    job = Job(video, video.with_suffix(".csv"))
    outcome = run_job(job, settings, Classifier(model_path, "cpu"), lambda _: None, lambda: False)
    assert outcome.status == "labelled"
    assert json.loads(video.with_suffix(".json").read_text()) == before


def test_the_worker_reports_labels_as_they_come_and_stops_in_order(
    tmp_path: Path, model_path: Path
) -> None:
    config_path = write_config(tmp_path, model_path)
    config = rack_config(tmp_path, model_path)
    video = video_path(config, "060000")
    write_journal(video, segment_header(video))
    worker = subprocess.Popen([sys.executable, "-c", WORKER, str(config_path)])
    try:
        with SegmentWriter(video) as writer:
            for number in range(100):
                writer.write(PICTURES[number], 40 * number)
            labels = video.with_name(f"{video.stem}.csv.part")
            wait_until(lambda: labels.exists() and labels.read_bytes().count(b"\n") == 90)
            worker.send_signal(signal.SIGTERM)  # the recorder is stopped first, just before
            writer.close()
        assert worker.wait(LIMIT_S) == 0
    finally:
        worker.kill()
        worker.wait()
    assert is_labelled([video])
    assert len(read_codes(video.with_suffix(".csv"))) == 100
