"""What a power cut may cost: a recorder at work, and what it asks of the operating system."""

import os
import threading
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pytest

from capture_hw.data_volume import mark_data_folder
from capture_hw.recorder import Recorder
from capture_hw.segment_clock import Clock
from tests.capture_hw.scripted_camera import NoisyCamera, plan, wait_until

RECORDED_S: Final = 4.0
EVERY_S: Final = 1.0
BUSY_MACHINE_S: Final = 0.5
"""What a sync itself and a shared machine may add."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call that has come back."""

    name: str
    path: str
    ended_s: float


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """What is asked of the disk, in order; every call is made as well."""
    made: list[Call] = []

    def observe(name: str) -> None:
        real = getattr(os, name)

        def observed(target: "int | str | Path", *rest: Any) -> None:
            is_open = isinstance(target, int)
            path = Path(f"/proc/self/fd/{target}").readlink() if is_open else target
            real(target, *rest)
            made.append(Call(name, str(path), time.monotonic()))

        monkeypatch.setattr(os, name, observed)

    for name in ("fdatasync", "fsync", "replace"):
        observe(name)
    return made


def record(folder: Path, seconds: float) -> tuple[float, float]:
    """Record for a while; return when the first frame was there and when the end was ordered."""
    mark_data_folder(folder.parent)
    folder.mkdir()
    stop, frames = threading.Event(), [0]
    recorder = Recorder(
        plan(folder), 0, NoisyCamera, Clock(), lambda now: frames.append(now.frames)
    )
    thread = threading.Thread(target=recorder.run, args=[stop])
    thread.start()
    try:
        wait_until(lambda: frames[-1] > 0, "a frame")
        began_s = time.monotonic()
        time.sleep(seconds)  # so long the recording lasts
    finally:
        stop.set()
        ended_s = time.monotonic()
        thread.join(20)
    assert not thread.is_alive()
    return began_s, ended_s


def test_a_recording_is_put_on_the_disk_each_second_and_before_it_gets_its_name(
    calls: list[Call], tmp_path: Path
) -> None:
    began_s, ended_s = record(tmp_path / "data" / "03", RECORDED_S)
    (video,) = tmp_path.glob("data/03/*/*.mkv")
    part = f"{video}.part"
    synced_s = [call.ended_s for call in calls if (call.name, call.path) == ("fdatasync", part)]
    pauses = [later - sooner for sooner, later in pairwise([began_s, *synced_s, ended_s])]
    assert len(synced_s) >= RECORDED_S / (EVERY_S + BUSY_MACHINE_S)
    assert max(pauses) <= EVERY_S + BUSY_MACHINE_S
    order = [(call.name, call.path) for call in calls]
    named = order.index(("replace", part))
    assert ("fsync", part) in order[:named]
    assert ("fsync", str(video.parent)) in order[named:]
    assert ("fdatasync", part) not in order[named:]


def test_the_gaps_of_a_recording_are_on_the_disk_with_it(calls: list[Call], tmp_path: Path) -> None:
    record(tmp_path / "data" / "03", 0.1)
    (video,) = tmp_path.glob("data/03/*/*.mkv")
    journal = str(video.with_name(f"{video.stem}.journal.part"))
    order = [(call.name, call.path) for call in calls]
    assert ("fsync", journal) in order[: order.index(("fdatasync", f"{video}.part"))]
    named = order.index(("replace", f"{video}.part"))
    assert order[named - 1] == ("fsync", journal), "its end, before the video has its name"
