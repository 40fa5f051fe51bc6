"""Frames in files against the recorder's own count."""

from pathlib import Path
from typing import Final

import numpy as np

from capture_hw.h264 import H264Writer
from tests.bench.recorded_frames import RecordedFrames, recorded_frames, recording_faults

FRAME_NS: Final = 40_000_000
WHOLE: Final = RecordedFrames(frames=250, due=250, covered_s=10.0, unfinished=0)


def write(path: Path, start_ns: int, times_ms: list[int]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    gray = np.full((48, 64), 90, np.uint8)
    with H264Writer(path, 64, 48, 25, {"START_MONOTONIC_NS": str(start_ns)}) as writer:
        for at_ms in times_ms:
            writer.write(gray, at_ms)


def test_frames_are_counted_over_segments_and_holes_within_and_between(tmp_path: Path) -> None:
    write(tmp_path / "day" / "a.mkv", 7_000_000_000, [0, 40, 80, 200])
    write(tmp_path / "day" / "b.mkv", 7_300_000_000, [0, 40])
    (tmp_path / "day" / "c.mkv.part").touch()
    found = recorded_frames(tmp_path, FRAME_NS)
    assert (found.frames, found.due, found.lost) == (6, 9, 3)
    assert found.covered_s == 0.34
    assert found.unfinished == 1


def test_a_cage_without_videos_has_recorded_nothing(tmp_path: Path) -> None:
    assert recorded_frames(tmp_path, FRAME_NS) == RecordedFrames(0, 0, 0.0, 0)


def test_a_recording_in_order_has_no_fault() -> None:
    assert recording_faults([WHOLE, WHOLE], [0, 0], [0, 0], 9.0) == []


def test_lost_frames_that_the_recorder_has_counted_are_no_fault() -> None:
    assert recording_faults([RecordedFrames(247, 250, 10.0, 0)], [3], [0], 9.0) == []


def test_every_way_to_lose_frames_is_a_fault() -> None:
    recorded = [
        RecordedFrames(249, 250, 10.0, 0),
        RecordedFrames(251, 250, 10.0, 0),
        RecordedFrames(125, 125, 5.0, 1),
        WHOLE,
    ]
    assert recording_faults(recorded, [0, 0, None, 1], [0, 0, -9, 0], 9.0) == [
        "cage 01: 1 frames are missing, the recorder counted 0",
        "cage 02: -1 frames are missing, the recorder counted 0",
        "cage 03: the recorder ended with -9",
        "cage 03: the recorder has left no result",
        "cage 03: 5.0 s are recorded, not 9.0",
        "cage 03: 1 videos are not finished",
        "cage 04: 0 frames are missing, the recorder counted 1",
    ]
