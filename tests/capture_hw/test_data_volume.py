"""The volume with the recordings: when it is away, nothing is written where it should be."""

import threading
from pathlib import Path

import pytest

from capture_hw.data_volume import MARKER, DataVolume, is_marked, mark_data_folder
from capture_hw.error import StorageError
from capture_hw.recorder import Recorder, RecorderProgress
from capture_hw.segment_clock import Clock
from tests.capture_hw.scripted_camera import NoisyCamera, plan, wait_until


def test_a_folder_is_marked_once(tmp_path: Path) -> None:
    data = tmp_path / "rack" / "data"
    mark_data_folder(data)
    mark = (data / MARKER).read_bytes()
    mark_data_folder(data)
    assert (data / MARKER).read_bytes() == mark
    assert is_marked(data)
    assert [path.name for path in data.iterdir()] == [MARKER]


def test_another_volume_in_its_place_is_refused(tmp_path: Path) -> None:
    data, away = tmp_path / "data", tmp_path / "away"
    mark_data_folder(data)
    volume = DataVolume(data)
    volume.check()
    data.rename(away)
    with pytest.raises(StorageError, match="data: the volume with the recordings is not mounted"):
        volume.check()
    mark_data_folder(data)
    with pytest.raises(StorageError, match="is not mounted"):
        volume.check()
    (data / MARKER).unlink()
    data.rmdir()
    away.rename(data)
    volume.check()


def test_a_recorder_waits_for_its_volume_and_writes_nothing_in_its_place(tmp_path: Path) -> None:
    data, away = tmp_path / "data", tmp_path / "away"
    mark_data_folder(data)
    reports: list[RecorderProgress] = []
    stop = threading.Event()
    recorder = Recorder(plan(data / "03"), 0, NoisyCamera, Clock(), reports.append)
    thread = threading.Thread(target=recorder.run, args=[stop])
    thread.start()
    try:
        wait_until(lambda: bool(reports) and reports[-1].frames > 20, "frames")
        data.rename(away)
        data.mkdir()
        wait_until(lambda: reports[-1].state == "storage", "the refusal")
        assert reports[-1].reason == f"{data}: the volume with the recordings is not mounted"
        frames = reports[-1].frames
        assert list(data.iterdir()) == []
        data.rmdir()
        away.rename(data)
        wait_until(lambda: reports[-1].frames > frames + 20, "frames again")
    finally:
        stop.set()
        thread.join(20)
    assert len(list(data.glob("03/*/*.mkv"))) == 2


def test_a_recorder_that_starts_without_its_volume_begins_when_it_comes(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    reports: list[RecorderProgress] = []
    stop = threading.Event()
    recorder = Recorder(plan(data / "03"), 0, NoisyCamera, Clock(), reports.append)
    thread = threading.Thread(target=recorder.run, args=[stop])
    thread.start()
    try:
        wait_until(lambda: bool(reports) and reports[-1].state == "storage", "the refusal")
        assert list(data.iterdir()) == []
        mark_data_folder(data)
        wait_until(lambda: reports[-1].frames > 20, "frames")
    finally:
        stop.set()
        thread.join(20)
