"""Where wall time moved within a segment is written down."""

import threading
import time
from pathlib import Path
from typing import Final

from capture_hw.data_volume import mark_data_folder
from capture_hw.recorder import Recorder, RecorderProgress
from capture_hw.segment_clock import Clock
from capture_hw.segment_journal import Journal, SegmentAnchor, read_journal
from tests.capture_hw.encoded import FedChain
from tests.capture_hw.scripted_camera import NoisyCamera, luma_frames, plan, wait_until

_BOOT_NS: Final = 1_000_000_000_000
_UTC_NS: Final = 1_795_000_000_000_000_000
_SECOND_NS: Final = 1_000_000_000


def _journal_of_steps(folder: Path, *steps_ns: int) -> Journal:
    """Record three seconds; before each look after the first, wall time is stepped."""
    now_ns, step_ns = _BOOT_NS, 0
    clock = Clock(monotonic_ns=lambda: now_ns, utc_ns=lambda: _UTC_NS + now_ns - _BOOT_NS + step_ns)
    fed = FedChain(plan(folder), clock)
    frames = list(luma_frames(_BOOT_NS, range(25 * (len(steps_ns) + 1))))
    for number, step in enumerate((0, *steps_ns)):
        step_ns += step
        for frame in frames[25 * number : 25 * number + 25]:
            now_ns = frame.captured_ns
            fed.stage.write(frame, 0)
        fed.chain.look()
    fed.chain.close()
    assert fed.chain.join(10)
    (path,) = folder.glob("*/*.journal.part")
    return read_journal(path)


def test_a_step_within_a_segment_is_an_anchor(tmp_path: Path) -> None:
    hour_ns = 3600 * _SECOND_NS
    journal = _journal_of_steps(tmp_path, hour_ns, 0, -hour_ns)
    assert journal.header.start_utc_ns == _UTC_NS
    assert journal.anchors == (
        SegmentAnchor(at_ms=1960, utc_ns=_UTC_NS + 1_960_000_000 + hour_ns),
        SegmentAnchor(at_ms=3960, utc_ns=_UTC_NS + 3_960_000_000),
    )


def test_small_corrections_are_an_anchor_when_they_amount_to_a_second(tmp_path: Path) -> None:
    journal = _journal_of_steps(tmp_path, 600_000_000, 600_000_000, 600_000_000)
    assert [anchor.at_ms for anchor in journal.anchors] == [2960]


def test_a_recorder_looks_at_the_clock_by_itself(tmp_path: Path) -> None:
    mark_data_folder(tmp_path)
    step_ns = 0
    clock = Clock(utc_ns=lambda: time.time_ns() + step_ns)
    reports: list[RecorderProgress] = []
    stop = threading.Event()
    recorder = Recorder(plan(tmp_path / "03"), 0, NoisyCamera, clock, reports.append)
    thread = threading.Thread(target=recorder.run, args=[stop])
    thread.start()
    try:
        wait_until(lambda: bool(reports) and reports[-1].frames > 5, "frames")
        step_ns = 10 * _SECOND_NS
        (path,) = tmp_path.glob("03/*/*.journal.part")
        wait_until(lambda: bool(read_journal(path).anchors), "an anchor")
    finally:
        stop.set()
        thread.join(20)
    journal = read_journal(path)
    (anchor,) = journal.anchors
    moved_ns = anchor.utc_ns - journal.header.start_utc_ns - anchor.at_ms * 1_000_000
    assert abs(moved_ns - step_ns) < 100_000_000
