"""A segment that cannot be read, now or ever, is kept; only what never held a frame goes."""

from __future__ import annotations  # PyAV's types take parameters in stubs only

import errno
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Final, cast

import av
import pytest
from av.container import InputContainer

from capture_hw import segment_repair
from capture_hw.copied_video import CopiedVideo
from capture_hw.error import StorageError
from capture_hw.segment_clock import Clock
from capture_hw.segment_journal import Journal, journal_path, read_journal
from capture_hw.segment_repair import repair_segment
from capture_hw.segment_tail import last_frame_ms, whole_packets
from sync.scan import scan_rack
from tests.capture_hw.encoded import FedChain, LumaVideo
from tests.capture_hw.scripted_camera import (
    FRAME_NS,
    HEIGHT,
    LUMA,
    WIDTH,
    access_units,
    luma_frames,
    picture,
    plan,
    times_ms,
)

_UNREADABLE: Final = "/proc/self/mem"
"""Opens, and gives EIO when it is read from its beginning. Source: proc_pid_mem(5)."""
_STEM: Final = "03_20261122_110000"
_COUNT: Final = 40


def _repair(part: Path) -> Path | None:
    return repair_segment(part, lambda: False)


def _day(folder: Path) -> Path:
    day = folder / "03" / "2026-11-22"
    day.mkdir(parents=True)
    return day


def _leftover(day: Path, content: bytes) -> Path:
    part = day / f"{_STEM}.mkv.part"
    part.write_bytes(content)
    journal_path(part).write_bytes(b"header\n")
    return part


def _unfinished(folder: Path) -> bytes:
    """Return what a recorder that was killed leaves on the disk."""
    video = LumaVideo(folder / "unfinished", WIDTH, HEIGHT, 25.0, {})
    for number in range(_COUNT):
        video.write(picture(number), number * 40)
    content = (folder / "unfinished").read_bytes()
    video.abandon()
    return content


def _chain(folder: Path) -> FedChain:
    return FedChain(plan(folder, 3600), Clock())


def _feed(fed: FedChain, numbers: range) -> None:
    fed.feed(luma_frames(10**12, numbers))


def _newest(folder: Path) -> Journal:
    return read_journal(max(folder.glob("*/*.journal.part")))


def test_a_segment_that_cannot_be_read_back_is_left_for_a_repair(tmp_path: Path) -> None:
    fed = _chain(tmp_path)
    _feed(fed, range(20))
    (part,) = tmp_path.glob("*/*.mkv.part")
    aside = tmp_path / "aside"
    part.rename(aside)
    part.symlink_to(_UNREADABLE)
    fed.chain.break_off("storage refused")
    assert part.is_symlink()
    aside.replace(part)
    _feed(fed, range(30, 33))
    (gap,) = _newest(tmp_path).gaps
    assert (gap.frames_lost, gap.cause) == (10, "storage refused")
    video = _repair(part)
    assert video is not None
    assert times_ms(video) == [number * 40 for number in range(20)]


def test_a_segment_of_which_nothing_is_left_is_a_gap_from_the_frame_before(tmp_path: Path) -> None:
    fed = _chain(tmp_path)
    _feed(fed, range(20))
    fed.chain.close()
    assert fed.chain.join(10)
    _feed(fed, range(20, 40))
    (part,) = tmp_path.glob("*/*.mkv.part")
    os.truncate(part, 0)
    fed.chain.break_off("storage refused")
    assert not part.exists()
    assert fed.chain.frames == 20
    _feed(fed, range(50, 53))
    (gap,) = _newest(tmp_path).gaps
    assert (gap.from_ms, gap.to_ms, gap.frames_lost) == (-1240, 0, 30)


def test_a_gap_begins_at_the_last_frame_on_the_disk_however_many_are_not(tmp_path: Path) -> None:
    fed = _chain(tmp_path)
    _feed(fed, range(60))
    (part,) = tmp_path.glob("*/*.mkv.part")
    content = part.read_bytes()
    part.rename(tmp_path / "aside")
    part.write_bytes(content[: len(content) // 2])
    fed.chain.break_off("storage refused")
    assert fed.chain.join(10)
    (video,) = tmp_path.glob("*/*.mkv")
    recorded = len(times_ms(video))
    assert 10 < recorded < 50
    _feed(fed, range(70, 73))
    (gap,) = _newest(tmp_path).gaps
    assert (gap.frames_lost, gap.to_ms) == (70 - recorded, 0)


def test_a_segment_of_another_camera_of_which_nothing_is_left_is_a_gap_by_time(
    tmp_path: Path,
) -> None:
    fed = _chain(tmp_path)
    _feed(fed, range(20))
    fed.chain.close("camera lost")
    fed.stage.open_camera(LUMA, counts_frames=True)
    assert fed.chain.join(10)
    for frame in luma_frames(10**12 + 20 * FRAME_NS, range(5)):
        fed.stage.write(frame, 0)
    (part,) = tmp_path.glob("*/*.mkv.part")
    os.truncate(part, 0)
    fed.chain.break_off("storage refused")
    for frame in luma_frames(10**12 + 20 * FRAME_NS, range(2000, 2003)):
        fed.stage.write(replace(frame, captured_ns=frame.captured_ns - 1980 * FRAME_NS), 0)
    before, gap = _newest(tmp_path).gaps
    assert (before.frames_lost, before.cause) == (0, "camera lost")
    assert (gap.frames_lost, gap.cause) == (20, "storage refused")


def test_a_leftover_that_the_disk_does_not_give_now_waits(tmp_path: Path) -> None:
    part = tmp_path / f"{_STEM}.mkv.part"
    part.symlink_to(_UNREADABLE)
    with pytest.raises(StorageError, match=r"\.mkv\.part: cannot be read: Input/output error"):
        _repair(part)
    with pytest.raises(StorageError):
        last_frame_ms(part)
    assert part.is_symlink()


def test_a_read_error_in_the_middle_is_not_the_end(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    path.write_bytes(_unfinished(tmp_path))
    with av.open(str(path)) as container:
        packets = list(container.demux(video=0))[:5]

        def demux(_: object) -> Iterator[av.Packet[av.VideoStream]]:
            yield from packets
            raise OSError(errno.EIO, os.strerror(errno.EIO))

        broken = SimpleNamespace(name=f"file:{path}", streams=container.streams, demux=demux)
        with pytest.raises(StorageError, match=r"a\.mkv: cannot be read: Input/output error"):
            list(whole_packets(cast(InputContainer, broken)))


def test_what_goes_on_behind_its_last_whole_frame_is_repaired_and_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    day = _day(tmp_path)
    content = _unfinished(tmp_path) + b"\xff" * 100_000
    video = _repair(_leftover(day, content))
    assert video is not None
    assert len(times_ms(video)) == _COUNT - 1
    kept = day / f"{_STEM}.mkv.unreadable"
    assert kept.read_bytes() == content
    assert f"the original is kept as {kept.name}" in caplog.text
    video.rename(day / f"{_STEM}.mkv.repair")  # as if killed before the new name
    part = day / f"{_STEM}.mkv.part"
    part.hardlink_to(kept)
    assert _repair(part) == video
    assert sorted(path.name for path in day.iterdir()) == [
        f"{_STEM}.journal.part",
        f"{_STEM}.mkv",
        f"{_STEM}.mkv.unreadable",
    ]


def test_the_index_of_a_file_that_was_closed_is_not_a_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = tmp_path / f"{_STEM}.mkv.part"
    video = LumaVideo(part, WIDTH, HEIGHT, 25.0, {})
    for number in range(_COUNT):
        video.write(picture(number), number * 40)
    video.finish()
    monkeypatch.setattr(segment_repair, "_TORN_END_BYTES", 0)
    assert _repair(part) == tmp_path / f"{_STEM}.mkv"
    assert [path.name for path in tmp_path.iterdir()] == [f"{_STEM}.mkv"]


def test_an_index_that_leads_into_a_hole_hides_no_frame(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    video = LumaVideo(path, WIDTH, HEIGHT, 25.0, {})
    for number in range(120):
        video.write(picture(number), number * 40)
    video.finish()
    content = path.read_bytes()
    index, half = content.rindex(b"\x1c\x53\xbb\x6b"), len(content) // 2
    path.write_bytes(content[:half] + bytes(index - half) + content[index:])
    last_ms = last_frame_ms(path)
    assert last_ms is not None
    assert 1000 < last_ms < 4000


def test_an_unreadable_segment_is_named_and_does_not_keep_its_day_open(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    day = _day(tmp_path)
    (day / f"{_STEM}.csv.part").write_bytes(b"rows of frames that were there once\n")
    assert _repair(_leftover(day, bytes(100_000))) is None
    assert sorted(path.name for path in day.iterdir()) == [
        f"{_STEM}.csv.unreadable",
        f"{_STEM}.journal.unreadable",
        f"{_STEM}.mkv.unreadable",
    ]
    scan = scan_rack(tmp_path, "rack", UTC, datetime(2026, 11, 24, tzinfo=UTC))
    assert (scan.finished, scan.open_days) == ((), frozenset())
    (record,) = caplog.records
    assert record.levelname == "ERROR"
    assert record.getMessage().startswith(f"{day / _STEM}.mkv: holds no frame that can be read")


def test_a_camera_that_pads_its_units_loses_one_frame_at_a_kill(tmp_path: Path) -> None:
    units = access_units(_COUNT)
    path = tmp_path / "padded"
    video = CopiedVideo(path, units[0][0], 25.0, {})
    for number, (unit, is_key) in enumerate(units):
        video.write(unit + bytes(5), number * 40, is_key=is_key)
    content = path.read_bytes()
    video.abandon()
    repaired = _repair(_leftover(tmp_path, content))
    assert repaired is not None
    assert times_ms(repaired) == [number * 40 for number in range(_COUNT - 2)]
