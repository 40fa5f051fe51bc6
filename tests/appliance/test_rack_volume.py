"""A rack that knows its volume writes nothing where that volume is missing."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from appliance.config import ConfigError, RackConfig, read_config
from appliance.data_folder import prepare_folders, shares_volume
from appliance.disk_space import DiskSpace, RackDisks
from appliance.folder_check import check_volume, folder_probes
from appliance.probe import Finding
from appliance.rack_path import lock_path
from appliance.rack_volume import volume_fault
from appliance.supervisor import Supervisor
from capture_hw.data_volume import MARKER, mark_data_folder, mark_of
from tests.appliance.rack_factory import write_rack
from tests.small_disk import small_disk

PROGRAM: Final = [sys.executable, "-m", "appliance"]
_GB: Final = 1_000_000_000


def _rack(folder: Path, recording: str, *, state: bool = True) -> RackConfig:
    return read_config(_written(folder, recording, state=state))


def _written(folder: Path, recording: str, *, state: bool = True) -> Path:
    path = write_rack(folder, 1)
    text = path.read_text().replace("[recording]\n", f"[recording]\n{recording}\n")
    if state:
        text = text.replace('data = "data"\n', 'data = "data"\nstate = "state"\n')
    path.write_text(text)
    return path


def _row(config: RackConfig, what: str) -> Finding:
    (probe,) = [probe for probe in folder_probes(config) if probe.what == what]
    return probe.look()


@contextmanager
def _own_volume(folder: Path) -> Iterator[Path]:
    with small_disk(folder, "8m") as disk:
        yield disk


def test_without_a_volume_in_the_configuration_any_will_do(tmp_path: Path) -> None:
    config = _rack(tmp_path, "")
    assert volume_fault(config) == ""
    prepare_folders(config)
    assert mark_of(config.rack.data) is not None


def test_a_rack_that_knows_its_volume_neither_makes_nor_marks_a_folder(tmp_path: Path) -> None:
    config = _rack(tmp_path, 'volume = "disk-7"')
    data = config.rack.data
    prepare_folders(config)
    assert not data.exists()
    assert volume_fault(config) == f"{data}: volume `disk-7` is not mounted"
    mark_data_folder(data, "disk-8")
    prepare_folders(config)
    assert [path.name for path in data.iterdir()] == [MARKER]
    fault = f"{data}: volume `disk-7` is not mounted, `disk-8` is there instead"
    assert volume_fault(config) == fault
    (data / MARKER).write_text("disk-7\n")
    assert volume_fault(config) == ""


def test_locks_and_state_stay_off_a_volume_that_may_be_away(tmp_path: Path) -> None:
    config = _rack(tmp_path, 'volume = "disk-7"')
    assert lock_path(config, "lights") == tmp_path / "state" / ".lock" / "lights"
    with Supervisor(config, "0" * 64, lambda _: []):
        assert not config.rack.data.exists()
    inside = _rack(tmp_path, 'volume = "disk-7"', state=False)
    assert lock_path(inside, "lights") == inside.rack.data / ".lock" / "lights"
    unknown = _rack(tmp_path, "")
    assert lock_path(unknown, "lights") == unknown.rack.data / ".lock" / "lights"


def test_run_refuses_to_put_its_state_where_the_volume_is_missing(tmp_path: Path) -> None:
    path = _written(tmp_path, 'volume = "disk-7"', state=False)
    (tmp_path / "data").mkdir()
    done = subprocess.run(
        [*PROGRAM, "run", str(path)], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 75
    assert done.stderr == (
        f"Error: {tmp_path}/data: volume `disk-7` is not mounted; "
        f"the state folder {tmp_path}/data/.state would be on it\n"
    )
    assert list((tmp_path / "data").iterdir()) == []


def test_a_worker_refuses_to_put_its_log_where_the_volume_is_missing(tmp_path: Path) -> None:
    path = _written(tmp_path, 'volume = "disk-7"', state=False)
    command = [*PROGRAM, "worker", "recorder-01", "--config", str(path), "--folder", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert "volume `disk-7` is not mounted" in done.stderr
    assert not (tmp_path / "data").exists()


def test_a_volume_that_is_away_is_a_fault_of_the_disk_and_not_the_system_disks_room(
    tmp_path: Path,
) -> None:
    config = _rack(tmp_path, 'volume = "disk-7"')
    (tmp_path / "data").mkdir()
    disks = RackDisks(config)
    disks.look(1_000_000.0, 1.0)
    assert disks.data.status is None
    assert disks.data.fault == f"{config.rack.data}: volume `disk-7` is not mounted"
    mark_data_folder(config.rack.data, "disk-7")
    disks.look(1_000_000.0, 2.0)
    assert disks.data.fault == ""
    assert disks.data.status is not None


@pytest.mark.parametrize("spool", ["data", "data/spool", "."])
def test_a_spool_in_the_data_folder_or_around_it_is_refused(tmp_path: Path, spool: str) -> None:
    path = _written(tmp_path, f'spool = "{spool}"')
    with pytest.raises(ConfigError, match=r"recording\.spool .* must not lie in each other"):
        read_config(path)


def test_a_spool_on_the_volume_of_the_data_is_no_spool(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config = _rack(tmp_path, 'spool = "spool"')
    prepare_folders(config)
    sentence = f"{tmp_path}/spool: is no spool, it is on the same volume as {tmp_path}/data"
    assert caplog.messages == [sentence]
    assert not (tmp_path / "spool").exists()
    assert _row(config, "spool folder") == Finding("failed", sentence)
    mark_data_folder(tmp_path / "spool")
    disks = RackDisks(config)
    disks.look(1.0, 1.0)
    assert disks.spool is not None
    assert disks.spool.fault == sentence


def test_a_spool_on_a_volume_of_its_own_is_marked_and_has_its_own_forecast(tmp_path: Path) -> None:
    config = _rack(tmp_path, 'spool = "disk/spool"')
    with _own_volume(tmp_path / "disk"):
        prepare_folders(config)
        spool = tmp_path / "disk" / "spool"
        assert mark_of(spool) not in (None, mark_of(config.rack.data))
        disks = RackDisks(config)
        disks.look(1000.0, 1.0)
        assert 1.5 < _hours(disks.spool) < 2.4  # 8 MiB at 1000 bytes a second
        assert _hours(disks.data) != _hours(disks.spool)
        assert _row(config, "spool folder").verdict == "warning"  # a tmpfs
    disks.look(1000.0, 2.0)
    assert disks.spool is not None
    assert disks.spool.status is None
    assert disks.spool.fault == f"{spool}: the volume of the spool is not mounted"


def test_nobody_compares_a_spool_with_a_data_folder_that_is_away(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    assert not shares_volume(tmp_path / "spool", tmp_path / "data")
    mark_data_folder(tmp_path / "data")
    assert shares_volume(tmp_path / "spool", tmp_path / "data")


def test_the_check_shows_the_mark_and_what_it_is_for(tmp_path: Path) -> None:
    with _own_volume(tmp_path / "data") as data:
        (data / MARKER).write_text("disk-7\n")
        assert check_volume(_rack(tmp_path, "")) == Finding(
            "warning",
            f"{data}: its mark is `disk-7`; when {data} is not mounted, recordings, locks and logs "
            'would land on the disk below it: set recording.volume = "disk-7", and rack.state to a '
            "folder on another volume",
        )
        known = _rack(tmp_path, 'volume = "disk-7"')
        assert check_volume(known) == Finding("ok", f"{data}: is `disk-7`")
        hidden = check_volume(_rack(tmp_path, 'volume = "disk-7"', state=False))
        assert hidden.verdict == "warning"
        assert "cannot start without it: set rack.state" in hidden.text
        other = check_volume(_rack(tmp_path, 'volume = "disk-8"'))
        assert other.verdict == "failed"
        assert other.text == f"{data}: volume `disk-8` is not mounted, `disk-7` is there instead"


def test_a_rack_starts_before_its_disk_and_records_when_it_comes(tmp_path: Path) -> None:
    path = _written(tmp_path, 'volume = "disk-7"')
    config = read_config(path)
    data = config.rack.data
    data.mkdir()
    rack = subprocess.Popen([*PROGRAM, "run", str(path)], stderr=subprocess.DEVNULL)
    try:
        _wait_status(path, '"state":"storage"')
        note = [*PROGRAM, "note", "food changed", str(path)]
        told = subprocess.run(note, capture_output=True, text=True, check=False)
        assert f"{data}: volume `disk-7` is not mounted" in told.stderr
        assert list(data.iterdir()) == []
        mark_data_folder(data, "disk-7")
        came_s = time.monotonic()
        _wait_status(path, '"state":"recording"')
        assert time.monotonic() - came_s < 10
    finally:
        rack.terminate()
        rack.wait(40)
    assert sorted(entry.name for entry in data.iterdir()) == [MARKER, "01"]


def _hours(disk: DiskSpace | None) -> float:
    assert disk is not None
    assert disk.status is not None
    assert disk.status.hours_left is not None
    return disk.status.hours_left


def _wait_status(path: Path, words: str) -> None:
    deadline_s = time.monotonic() + 40
    shown = ""
    while words not in shown:
        assert time.monotonic() < deadline_s, f"never: {words}: {shown}"
        done = subprocess.run(
            [*PROGRAM, "status", "--json", str(path)], capture_output=True, text=True, check=False
        )
        shown = done.stdout
