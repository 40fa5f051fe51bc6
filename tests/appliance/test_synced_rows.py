"""No row of the event ledger is there before the frames that it tells of are on the disk."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from appliance.config import RackConfig
from appliance.label_ledger import LabelLedger
from appliance.outbox import Outbox
from appliance.rack_path import event_ledger
from appliance.segment_book import SegmentBook
from appliance.segment_labelling import LabellingPlan, LabellingWatch, label_segment
from appliance.segment_search import Segment
from appliance.segment_start import segment_start
from capture_hw.light_setting import plan_of
from capture_hw.segment_journal import read_journal
from inference.bout import Moment
from inference.classifier import Classifier
from inference.judge import Judge
from inference.label_file import LabelRow
from inference.label_video import Stopped
from tests.appliance.labelling_rack import changing_pictures, events_in, rack_config, video_path
from tests.segment_writer import (
    START_MONOTONIC_NS,
    START_UTC_NS,
    SegmentWriter,
    segment_header,
    write_journal,
)

EAT: Final = 1
REST: Final = 6
ROWS: Final = [LabelRow(n, EAT if n < 10 else REST, 40 * n, 0.5) for n in range(20)]
MOMENT: Final = Moment(utc_ns=START_UTC_NS, clock="", clock_ns=START_MONOTONIC_NS)
SILENT_S: Final = 0.3


def open_book(config: RackConfig, ledger: LabelLedger, sync: Callable[[], None]) -> SegmentBook:
    video = video_path(config, "060000")
    journal = video.with_name(f"{video.stem}.journal.part")
    if not journal.exists():
        write_journal(video, segment_header(video))
    start = segment_start(video.stem, read_journal(journal), {}, config.standard_time)
    plan = plan_of(config.lights, config.standard_time)
    return SegmentBook(ledger, config.cage[0], plan, video.stem, start, journal, sync_frames=sync)


def told_frames(ledger: LabelLedger, video: Path) -> int:
    return ledger.progress(3, video.stem, MOMENT).frames


def test_frames_are_synced_before_each_commit(tmp_path: Path) -> None:
    config = rack_config(tmp_path, tmp_path / "no.onnx")
    video = video_path(config, "060000")
    told: list[int] = []
    with Outbox(event_ledger(config)) as outbox:
        ledger = LabelLedger(outbox)
        book = open_book(config, ledger, lambda: told.append(told_frames(ledger, video)))
        book.add(ROWS[:5])
        book.add(ROWS[5:])
        book.finish()
        assert told_frames(ledger, video) == 20
    assert told == [0, 5, 20]


def test_without_a_sync_nothing_is_told(tmp_path: Path) -> None:
    def refuse() -> None:
        raise OSError(5, "Input/output error")

    config = rack_config(tmp_path, tmp_path / "no.onnx")
    video = video_path(config, "060000")
    with Outbox(event_ledger(config)) as outbox:
        ledger = LabelLedger(outbox)
        with pytest.raises(OSError, match="Input/output error"):
            open_book(config, ledger, refuse).add(ROWS)
        assert told_frames(ledger, video) == 0
        open_book(config, ledger, lambda: None).add(ROWS)
        assert told_frames(ledger, video) == 20
    assert [event["behavior"] for event in events_in(config, "cage/03/bout")] == ["eat"]


def test_a_growing_video_and_its_journal_are_synced_before_the_ledger(
    tmp_path: Path, model_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = rack_config(tmp_path, model_path)
    video = video_path(config, "060000")
    segment = Segment(3, video, is_growing=True)
    synced: list[tuple[str, int]] = []
    real_fsync = os.fsync

    def watched_fsync(descriptor: int) -> None:
        real_fsync(descriptor)
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if path.is_relative_to(tmp_path):  # a thread of another test may still sync
            synced.append((path.name, told_frames(ledger, video)))

    write_journal(video, segment_header(video))
    with (
        SegmentWriter(video) as writer,
        Outbox(event_ledger(config)) as outbox,
        Judge(Classifier(model_path, "cpu"), 1) as judge,
    ):
        for number, picture in enumerate(changing_pictures(60)):
            writer.write(picture, 40 * number)
        ledger = LabelLedger(outbox)
        plan = LabellingPlan(config, config.cage[0], judge, ledger)
        watch = LabellingWatch(
            lambda silent_s: silent_s > SILENT_S, lambda: False, _ignore, _ignore
        )
        monkeypatch.setattr(os, "fsync", watched_fsync)
        with pytest.raises(Stopped):
            label_segment(segment, plan, watch)
        assert told_frames(ledger, video) > 0
    first = [name for name, told in synced if told == 0]
    assert first == ["03_20261118_060000.mkv.part", "03_20261118_060000.journal.part"]


def _ignore(*_: object) -> None:
    """Watch nothing."""
