"""A slow disk does not make frames wait longer for their sync than the contract allows."""

import os
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Final

import pytest

from capture_hw.disk_sync import DiskSync
from capture_hw.segment_journal import JournalWriter
from tests.capture_hw.scripted_camera import wait_until
from tests.segment_writer import segment_header

SLOW_S: Final = 0.35
"""What a sync of a busy hard disk takes."""
LONGEST_PERIOD_S: Final = 0.95
"""Shorter than the fixed pause and a slow sync together."""
PATIENT_S: Final = 60.0


@pytest.fixture
def sync(tmp_path: Path) -> Iterator[DiskSync]:
    video = tmp_path / "03" / "2026-11-22" / "03_20261122_110000.mkv"
    video.parent.mkdir(parents=True)
    part = video.with_name(f"{video.name}.part")
    part.write_bytes(b"frames")
    journal = JournalWriter(video.with_name(f"{video.stem}.journal.part"), segment_header(video))
    one = DiskSync(part, video, journal)
    yield one
    one.give_up()
    assert one.join(10.0)


@pytest.fixture
def began_s(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When each sync of the video began; each takes as long as on a slow disk."""
    moments: list[float] = []
    real = os.fdatasync

    def slow(descriptor: int) -> None:
        moments.append(time.monotonic())
        time.sleep(SLOW_S)
        real(descriptor)

    monkeypatch.setattr(os, "fdatasync", slow)
    return moments


def test_syncs_begin_at_the_same_pace_on_a_slow_disk(began_s: list[float], sync: DiskSync) -> None:
    wait_until(lambda: len(began_s) >= 5, "five syncs")
    assert sync.fault is None
    assert median(later - sooner for sooner, later in pairwise(began_s)) < LONGEST_PERIOD_S


def test_the_last_frames_do_not_wait_for_the_name(began_s: list[float], sync: DiskSync) -> None:
    wait_until(lambda: len(began_s) >= 1, "a first sync")
    sync.publish(PATIENT_S)
    closed_s = time.monotonic()
    wait_until(lambda: began_s[-1] >= closed_s, "a sync after the last frame")
    assert began_s[-1] - closed_s < LONGEST_PERIOD_S
