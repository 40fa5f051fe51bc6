"""Segments one after the other: no frame lost between two, every gap written down."""

import logging
import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import av
import pytest

from capture_hw.camera import CameraFormat, CapturedFrame
from capture_hw.left_behind import EarlierFrame
from capture_hw.segment_clock import Clock, boot_id
from capture_hw.segment_journal import SegmentGap, SegmentHeader, journal_path, read_journal
from tests.capture_hw.encoded import FedChain
from tests.capture_hw.scripted_camera import (
    FRAME_NS,
    H264,
    LUMA,
    access_units,
    decoded,
    decoded_units,
    h264_frames,
    luma_frames,
    plan,
    times_ms,
)

_BOOT_NS: Final = 1_000_000_000_000
_START_UTC_NS: Final = round(datetime(2026, 11, 22, 9, 59, 55, tzinfo=UTC).timestamp()) * 10**9
_HOUR_NS: Final = 3_600_000_000_000


class _Time:
    """Clocks that stand at a frame's capture; wall time can be stepped."""

    def __init__(self) -> None:
        self.now_ns = _BOOT_NS
        self.step_ns = 0

    def clock(self) -> Clock:
        return Clock(
            monotonic_ns=lambda: self.now_ns,
            utc_ns=lambda: _START_UTC_NS + self.now_ns - _BOOT_NS + self.step_ns,
            is_synchronized=lambda: True,
        )


class _Recording:
    """A chain that is fed with frames at the moments of their capture."""

    def __init__(
        self, folder: Path, segment_s: int = 10, camera: CameraFormat = LUMA, *, counts: bool = True
    ) -> None:
        self.folder = folder
        self.time = _Time()
        fed = FedChain(plan(folder, segment_s), self.time.clock(), None, camera, counts=counts)
        self.chain, self.stage = fed.chain, fed.stage

    def feed(self, frames: Iterable[CapturedFrame], dropped: int = 0) -> None:
        for frame in frames:
            self.time.now_ns = frame.captured_ns
            self.stage.write(frame, dropped)

    def end(self) -> list[Path]:
        """Close; return the videos in the order of their start."""
        self.chain.close()
        assert self.chain.join(10)
        videos = sorted(self.folder.glob("*/*.mkv"))
        return sorted(videos, key=lambda path: _header(path).start_monotonic_ns)


def _header(video: Path) -> SegmentHeader:
    return read_journal(journal_path(video)).header


def _gaps(video: Path) -> list[tuple[int, int, int, str]]:
    return [_tuple(gap) for gap in read_journal(journal_path(video)).gaps]


def _tuple(gap: SegmentGap) -> tuple[int, int, int, str]:
    return gap.from_ms, gap.to_ms, gap.frames_lost, gap.cause


def _captured(videos: Iterable[Path]) -> list[int]:
    """Return the moment of each recorded frame, as number of the scripted frame."""
    moments = [
        _header(video).start_monotonic_ns + time_ms * 1_000_000
        for video in videos
        for time_ms in times_ms(video)
    ]
    return [(moment_ns - _BOOT_NS) // FRAME_NS for moment_ns in moments]


def test_no_luma_frame_is_lost_at_a_boundary(tmp_path: Path) -> None:
    recording = _Recording(tmp_path)
    recording.feed(luma_frames(_BOOT_NS, range(520)))
    videos = recording.end()
    assert [video.name for video in videos] == [
        "03_20261122_105955.mkv",
        "03_20261122_110000.mkv",
        "03_20261122_110010.mkv",
    ]
    assert [len(times_ms(video)) for video in videos] == [125, 250, 145]
    assert _captured(videos) == list(range(520))
    assert [_gaps(video) for video in videos] == [[], [], []]


def test_copied_frames_go_over_at_the_first_key_frame(tmp_path: Path) -> None:
    recording = _Recording(tmp_path, camera=H264)
    recording.feed(h264_frames(_BOOT_NS, range(200)))
    videos = recording.end()
    assert [len(times_ms(video)) for video in videos] == [130, 70]
    assert _captured(videos) == list(range(200))
    shown = [luma for video in videos for _, luma in decoded(video)]
    assert shown == decoded_units(unit for unit, _ in access_units(200))


def test_journal_and_tags_say_what_the_segment_is(tmp_path: Path) -> None:
    recording = _Recording(tmp_path)
    recording.feed(luma_frames(_BOOT_NS, range(3)))
    (video,) = recording.end()
    journal = read_journal(journal_path(video))
    header = journal.header
    assert header.stem == "03_20261122_105955"
    assert (header.start_utc_ns, header.start_monotonic_ns) == (_START_UTC_NS, _BOOT_NS)
    assert (header.utc_offset, header.clock_synchronized) == ("+01:00", True)
    assert (header.width, header.height, header.fps, header.copied) == (64, 48, 25.0, False)
    assert header.tags == {"animal": "m17", "software": "ethoprofiler 0"}
    assert journal.end is not None
    assert (journal.end.frames, journal.end.first_ms, journal.end.last_ms) == (3, 0, 80)
    with av.open(str(video)) as container:
        tags = container.metadata
    assert tags["CAGE"] == "03"
    assert tags["ANIMAL"] == "m17"
    assert tags["START_UTC_NS"] == str(_START_UTC_NS)
    assert tags["START_MONOTONIC_NS"] == str(_BOOT_NS)
    assert tags["SOFTWARE"] == "ethoprofiler 0"


@pytest.mark.parametrize("step_ns", [_HOUR_NS, -_HOUR_NS])
def test_a_clock_stepped_by_an_hour_moves_no_boundary(tmp_path: Path, step_ns: int) -> None:
    recording = _Recording(tmp_path, segment_s=3600)
    recording.feed(luma_frames(_BOOT_NS, range(50)))
    recording.time.step_ns = step_ns
    recording.feed(luma_frames(_BOOT_NS, range(50, 200)))
    videos = recording.end()
    assert [len(times_ms(video)) for video in videos] == [125, 75]
    assert _captured(videos) == list(range(200))
    assert [_gaps(video) for video in videos] == [[], []]
    assert _header(videos[1]).start_utc_ns == _START_UTC_NS + 125 * FRAME_NS + step_ns


@pytest.mark.parametrize("step_ns", [-3_000_000, -200_000_000, 200_000_000])
def test_a_clock_that_drifts_does_not_reach_a_boundary_twice(tmp_path: Path, step_ns: int) -> None:
    recording = _Recording(tmp_path)
    recording.time.step_ns = 0
    recording.feed(luma_frames(_BOOT_NS, range(100)))
    recording.time.step_ns = step_ns
    recording.feed(luma_frames(_BOOT_NS, range(100, 300)))
    assert [len(times_ms(video)) for video in recording.end()] == [125, 175]


def test_no_two_segments_ever_get_the_same_name(tmp_path: Path) -> None:
    recording = _Recording(tmp_path)
    taken = tmp_path / "2026-11-22"
    taken.mkdir()
    for form in ("55.mkv", "56.mkv.part", "57.csv", "58.json", "59.journal.part"):
        (taken / f"03_20261122_1059{form}").write_bytes(b"somebody's")
    for _ in range(3):
        recording.feed(luma_frames(_BOOT_NS, range(2)))
        recording.chain.close("camera lost")
    assert recording.chain.join(10)
    made = sorted(path.name for path in taken.glob("*_1100*.mkv"))
    assert made == [f"03_20261122_11000{second}.mkv" for second in range(3)]
    assert (taken / "03_20261122_105955.mkv").read_bytes() == b"somebody's"


def test_the_day_of_a_segment_is_that_of_standard_time(tmp_path: Path) -> None:
    recording = _Recording(tmp_path, segment_s=21_600)
    recording.time.step_ns = 13 * _HOUR_NS
    recording.feed(luma_frames(_BOOT_NS, [0, 200]))
    videos = recording.end()
    assert [str(video.relative_to(tmp_path)) for video in videos] == [
        "2026-11-22/03_20261122_235955.mkv",
        "2026-11-23/03_20261123_000003.mkv",
    ]


@pytest.mark.parametrize(
    ("counts", "numbers", "gaps"),
    [
        (True, [0, 1, 2, 3], []),
        (True, [0, 1, 4, 5], [(40, 160, 2, "camera dropped frames")]),
        (
            True,
            [0, 2, 4],
            [(0, 80, 1, "camera dropped frames"), (80, 160, 1, "camera dropped frames")],
        ),
        (True, [0, 49], [(0, 1960, 48, "camera dropped frames")]),
        (True, [0, 50], [(0, 2000, 49, "camera stalled")]),
        (False, [0, 1, 3], [(40, 120, 1, "camera stalled")]),
        (False, [0, 100], [(0, 4000, 99, "camera stalled")]),
    ],
)
def test_the_gaps_are_those_of_the_script(
    tmp_path: Path, counts: bool, numbers: list[int], gaps: list[tuple[int, int, int, str]]
) -> None:
    recording = _Recording(tmp_path, segment_s=3600, counts=counts)
    recording.feed(luma_frames(_BOOT_NS, numbers))
    (video,) = recording.end()
    assert _gaps(video) == gaps
    assert (recording.chain.gaps, recording.chain.frames_lost) == (
        len(gaps),
        sum(gap[2] for gap in gaps),
    )


def test_frames_the_recorder_had_no_room_for_are_its_own_gap(tmp_path: Path) -> None:
    recording = _Recording(tmp_path, segment_s=3600)
    recording.feed(luma_frames(_BOOT_NS, [0, 1]))
    recording.feed(luma_frames(_BOOT_NS, [5]), dropped=3)
    (video,) = recording.end()
    assert _gaps(video) == [(40, 200, 3, "recorder overloaded")]


def test_a_gap_at_a_boundary_begins_before_the_new_segment(tmp_path: Path) -> None:
    recording = _Recording(tmp_path)
    recording.feed(luma_frames(_BOOT_NS, [*range(120), *range(130, 135)]))
    videos = recording.end()
    assert [_gaps(video) for video in videos] == [[], [(-440, 0, 10, "camera dropped frames")]]


def test_a_camera_that_is_slow_for_two_seconds_is_slow_and_loses_no_more(tmp_path: Path) -> None:
    recording = _Recording(tmp_path, segment_s=3600, counts=False)
    recording.feed(luma_frames(_BOOT_NS, range(0, 120, 2)))
    (video,) = recording.end()
    gaps = _gaps(video)
    assert sum(lost for _, _, lost, _ in gaps) == recording.chain.gaps == 51
    assert gaps[9] == (720, 800, 1, "camera stalled")
    assert gaps[10] == (800, 1840, 13, "camera stalled")
    assert gaps[-1] == (3920, 4721, 2, "camera stalled")


def test_a_lost_camera_is_a_gap_before_the_next_segment(tmp_path: Path) -> None:
    recording = _Recording(tmp_path, segment_s=3600)
    recording.feed(luma_frames(_BOOT_NS, range(3)))
    recording.chain.close("camera lost")
    recording.stage.open_camera(H264, counts_frames=True)
    later = _BOOT_NS + 10_000_000_000
    recording.feed(h264_frames(later, range(5, 25)))
    videos = recording.end()
    assert _captured(videos) == [0, 1, 2, *range(260, 275)]
    assert _gaps(videos[1]) == [(-10_320, 0, 257, "camera lost")]
    assert _header(videos[1]).copied


@pytest.mark.parametrize(
    ("boot", "from_ms", "lost"), [("this", -2000, 49), ("another", -60_000, 1499)]
)
def test_an_earlier_run_is_a_gap_before_the_first_frame(
    tmp_path: Path, boot: str, from_ms: int, lost: int
) -> None:
    recording = _Recording(tmp_path, segment_s=3600)
    last = EarlierFrame(
        utc_ns=_START_UTC_NS - 60_000_000_000,
        monotonic_ns=_BOOT_NS - 2_000_000_000,
        boot_id=boot_id() if boot == "this" else "another boot",
        cause="recorder restarted",
    )
    assert not recording.chain.note_earlier(last)
    recording.feed(luma_frames(_BOOT_NS, range(3)))
    assert recording.chain.note_earlier(last)
    (video,) = recording.end()
    assert _gaps(video) == [(from_ms, 0, lost, "recorder restarted")]


def test_frames_of_the_same_millisecond_are_both_kept(tmp_path: Path) -> None:
    recording = _Recording(tmp_path, segment_s=3600, counts=False)
    frames = list(luma_frames(_BOOT_NS, range(3)))
    burst = [CapturedFrame(_BOOT_NS + 1000 * n, n, f.content, True) for n, f in enumerate(frames)]
    recording.feed(burst)
    (video,) = recording.end()
    assert times_ms(video) == [0, 1, 2]


def test_a_camera_that_always_drops_fills_no_journal_and_loses_no_count(tmp_path: Path) -> None:
    recording = _Recording(tmp_path, segment_s=3600)
    recording.feed(luma_frames(_BOOT_NS, range(130, 3130, 2)))
    (video,) = recording.end()
    gaps = read_journal(journal_path(video)).gaps
    assert sum(gap.frames_lost for gap in gaps) == recording.chain.frames_lost == 1499
    assert sum(gap.count or 1 for gap in gaps) == recording.chain.gaps == 1499
    assert [gap.count for gap in gaps[:10]] == [None] * 10
    assert len(gaps) < 10 * 3 + 120
    assert max(gap.to_ms - gap.from_ms for gap in gaps) <= 1080
    assert {gap.to_ms for gap in gaps[:-1]} <= set(times_ms(video))


def test_gaps_that_are_held_back_at_a_boundary_are_in_the_next_segment(tmp_path: Path) -> None:
    recording = _Recording(tmp_path)
    recording.feed(luma_frames(_BOOT_NS, [*range(100), *range(100, 126, 2), *range(126, 200)]))
    first, second = recording.end()
    assert [gap[2] for gap in _gaps(first)] == [1] * 10
    assert _gaps(second) == [(-240, 0, 3, "camera dropped frames")]


def test_a_camera_without_key_frames_loses_nothing_and_people_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    recording = _Recording(tmp_path, camera=H264)
    endless = [
        replace(frame, is_key=frame.sequence == 0) for frame in h264_frames(_BOOT_NS, range(400))
    ]
    recording.feed(endless[:375])
    assert recording.chain.complaint == ""
    recording.feed(endless[375:])
    assert recording.chain.complaint == (
        "03_20261122_105955: goes on past its end, the camera makes no key frame"
    )
    recording.chain.look()
    recording.chain.look()
    assert [record.getMessage() for record in caplog.records] == [
        f"cage 03: {recording.chain.complaint}"
    ]
    recording.feed(h264_frames(_BOOT_NS, range(400, 420)))
    assert recording.chain.complaint == ""
    assert [len(times_ms(video)) for video in recording.end()] == [400, 20]


def test_names_after_a_boundary_are_given_one_cage_after_the_other_unless_somebody_waits(
    tmp_path: Path,
) -> None:
    recording = _Recording(tmp_path)
    recording.feed(luma_frames(_BOOT_NS, range(130)))
    over = tmp_path / "2026-11-22" / "03_20261122_105955.mkv"
    time.sleep(0.4)  # without a pause it would have its name long since
    assert not recording.chain.join(0)
    assert not over.exists()
    began_s = time.monotonic()
    assert recording.chain.join(10)
    assert time.monotonic() - began_s < 1.0
    assert over.exists()
    recording.end()
