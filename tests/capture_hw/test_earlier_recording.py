"""What earlier runs left is told from what this run writes."""

from pathlib import Path
from typing import Final

import pytest

from capture_hw import earlier_recording
from capture_hw.data_volume import mark_data_folder
from capture_hw.earlier_recording import EarlierRecording
from capture_hw.segment_clock import Clock
from capture_hw.segment_journal import journal_path
from tests.capture_hw.encoded import FedChain, LumaVideo
from tests.capture_hw.scripted_camera import (
    HEIGHT,
    WIDTH,
    luma_frames,
    picture,
    plan,
    times_ms,
    wait_until,
)

_TAGS: Final = {"START_UTC_NS": "5", "START_MONOTONIC_NS": "6", "BOOT_ID": "b"}


def _leftover(day: Path, stem: str) -> Path:
    part = day / f"{stem}.mkv.part"
    video = LumaVideo(part, WIDTH, HEIGHT, 25.0, _TAGS)
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
    assert earlier.last is not None
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
    assert earlier.last is None
    part.rename(tmp_path / "aside")
    part.symlink_to("/proc/self/mem")
    fed.chain.break_off("storage refused")
    (tmp_path / "aside").replace(part)
    wait_until(lambda: not part.exists(), "the repair")
    earlier.stop()
    assert earlier.join(5)
    (video,) = folder.glob("*/*.mkv")
    assert len(times_ms(video)) == 10
