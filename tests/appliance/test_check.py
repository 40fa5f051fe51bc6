"""`ethoprofiler check`: whether a rack would run on a configuration."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import pytest

from appliance.config import read_config
from appliance.example_config import example_config
from appliance.folder_check import check_folder, missing_mount
from appliance.instance_lock import InstanceLock
from appliance.mount_table import Mount, meant_mount, mount_of, mounts
from appliance.probe import CheckRow, Finding, Probe, run_probes
from appliance.rack_path import lock_path
from tests.mosquitto import Mosquitto, free_port, mosquitto
from tests.seaweed import ACCESS_KEY, SECRET_KEY, running_seaweed

__all__ = ["mosquitto"]
PROGRAM: Final = [sys.executable, "-c", "from appliance.command.check import check; check()"]
NO_KEYS: Final = {
    "AWS_ACCESS_KEY_ID": "",
    "AWS_SECRET_ACCESS_KEY": "",
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_CONFIG_FILE": os.devnull,
}
KEYS: Final = NO_KEYS | {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
SHM: Final = Path("/dev/shm")


def run(
    *arguments: str | Path, environment: Mapping[str, str] = NO_KEYS
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **environment},
    )


def write(folder: Path, extra: str = "", cages: int = 1) -> Path:
    path = folder / "rack.toml"
    path.write_text(example_config(cages) + extra)
    return path


def rows_of(
    path: Path, environment: Mapping[str, str] = NO_KEYS
) -> tuple[int, dict[str, tuple[str, str]]]:
    """Return the exit code and, by what was looked at, result and text."""
    done = run(path, "--json", environment=environment)
    assert "Traceback" not in done.stderr
    document = json.loads(done.stdout)
    assert document["schema"] == "ethoprofiler.check/1"
    assert document["ok"] is (done.returncode == 0)
    return done.returncode, {r["what"]: (r["result"], r["text"]) for r in document["rows"]}


def test_the_example_can_run_here_and_the_check_leaves_nothing_behind(tmp_path: Path) -> None:
    code, rows = rows_of(write(tmp_path, cages=2))
    assert code == 0
    assert list(rows) == [
        *("configuration", "data folder", "volume", "state folder", "free space", "clock", "model"),
        *("camera 01", "camera 02", "panel main"),
    ]
    assert rows["camera 02"] == (
        "ok",
        "simulated, 704x576, 25 frames/s, pictures, encoded by the recorder",
    )
    assert rows["model"][1].startswith("ethocnn-lite-simulated@")
    result, panel = rows["panel main"]
    assert result == "ok"
    assert panel.startswith(
        "simulated-panel, firmware 1.0, serial number SIM-main, protocol 1, on /dev/pts/"
    )
    assert panel.endswith("; keeps its schedule and the time by itself")
    assert "+01:00" in rows["clock"][1]
    assert [path.name for path in tmp_path.iterdir()] == ["rack.toml"]


def test_the_table_has_a_row_for_each_and_the_sum_below(tmp_path: Path) -> None:
    done = run(write(tmp_path))
    assert done.returncode == 0
    assert [line for line in done.stdout.splitlines() if "camera 01" in line and "ok" in line]
    assert "0 failed" in done.stderr


def test_a_bad_configuration_is_one_failed_row_with_every_fault(tmp_path: Path) -> None:
    path = write(tmp_path, "x = 1\n")
    path.write_text(path.read_text().replace('\nname = "rack-1"', '\nname = "Rack 1"'))
    code, rows = rows_of(path)
    assert list(rows) == ["configuration"]
    result, text = rows["configuration"]
    assert (code, result) == (1, "failed")
    assert 'rack.name = "Rack 1"' in text
    assert "cage.x = 1: unknown key" in text
    assert len(text.splitlines()) == 2


def test_a_configuration_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    done = run(tmp_path / "none.toml")
    assert done.returncode == 1
    assert done.stdout == ""
    assert f"{tmp_path}/none.toml: cannot be read: No such file or directory" in done.stderr


def test_everything_that_is_wrong_is_its_own_failed_row(tmp_path: Path) -> None:
    port = free_port()
    path = write(
        tmp_path,
        f"""crop = {{ left = 700, top = 0, width = 10, height = 10 }}
[[cage]]
number = 2
animal = "A2"
camera = {{ driver = "replay", file = "none.mkv" }}
[mqtt]
host = "127.0.0.1"
port = {port}
[store]
kind = "folder"
path = "none"
""",
    )
    text = path.read_text().replace('"ethocnn-lite-simulated"', '"none.onnx"')
    path.write_text(text.replace('data = "data"', 'data = "file/data"'))
    (tmp_path / "file").write_text("not a folder")
    code, rows = rows_of(path)
    assert code == 1
    failed = {what: text for what, (result, text) in rows.items() if result == "failed"}
    assert set(failed) == {
        *("data folder", "state folder", "camera 01", "camera 02", "model", "broker", "store")
    }
    assert "may not be made" in failed["data folder"]
    assert failed["camera 01"].endswith("the configured crop reaches beyond the picture")
    assert "none.mkv" in failed["camera 02"]
    assert failed["model"] == f"{tmp_path}/none.onnx: no such model file"
    assert failed["broker"].startswith(f"127.0.0.1:{port}: ")
    assert "there is no such folder" in failed["store"]


def test_no_room_is_a_failure_and_little_room_a_warning(tmp_path: Path) -> None:
    path = write(tmp_path)
    text = path.read_text()
    path.write_text(text.replace("keep_free_gb = 5.0", "keep_free_gb = 1e9"))
    assert rows_of(path)[1]["free space"][0] == "failed"
    path.write_text(text.replace("disk_hours = [72.0", "disk_hours = [1e9"))
    result, sentence = rows_of(path)[1]["free space"]
    assert result == "warning"
    assert "of 1 cages at 1 Mbit/s each" in sentence


def test_a_running_rack_is_not_disturbed(tmp_path: Path) -> None:
    path = write(tmp_path)
    config = read_config(path)
    with (
        InstanceLock(lock_path(config, "recorder-01")),
        InstanceLock(lock_path(config, "lights")),
    ):
        code, rows = rows_of(path)
    assert code == 0
    who = f"process {os.getpid()}; not looked at"
    assert rows["camera 01"] == ("ok", f"in use by its recorder, {who}")
    assert rows["panel main"] == ("ok", f"in use by the lights worker, {who}")


def test_a_real_broker_is_asked_for_entry(
    tmp_path: Path, mosquitto: Callable[..., Mosquitto]
) -> None:
    users = tmp_path / "mosquitto" / "users"
    with_password = ("allow_anonymous false", f"password_file {users}")
    broker = mosquitto(*with_password)
    broker.add_user("rack-1", "right")
    path = write(
        tmp_path,
        f'[mqtt]\nhost = "127.0.0.1"\nport = {broker.port}\nusername = "rack-1"\n',
    )
    with broker:
        _, entered = rows_of(path, NO_KEYS | {"ETHOPROFILER_MQTT_PASSWORD": "right"})
        code, refused = rows_of(path, NO_KEYS | {"ETHOPROFILER_MQTT_PASSWORD": "hunter2"})
    assert entered["broker"] == (
        "ok",
        f"127.0.0.1:{broker.port}: connected as 'rack-1', not encrypted",
    )
    assert code == 1
    assert refused["broker"][0] == "failed"
    assert "hunter2" not in refused["broker"][1]


def test_a_real_bucket_is_written_to_and_wrong_keys_are_a_failure(tmp_path: Path) -> None:
    with running_seaweed(tmp_path / "seaweed") as seaweed:
        path = write(
            tmp_path,
            f'[store]\nkind = "s3"\nbucket = "recordings"\nendpoint = "{seaweed.endpoint}"\n',
        )
        _, right = rows_of(path, KEYS)
        code, wrong = rows_of(path, KEYS | {"AWS_SECRET_ACCESS_KEY": "hunter2"})
        _, none = rows_of(path)
    where = f"s3://recordings at {seaweed.endpoint}"
    assert right["store"] == ("ok", f"{where}: answers and can be written to")
    assert (code, wrong["store"][0], none["store"][0]) == (1, "failed", "failed")
    assert "hunter2" not in wrong["store"][1]


def test_a_folder_as_store_is_asked(tmp_path: Path) -> None:
    (tmp_path / "server").mkdir()
    path = write(tmp_path, '[store]\nkind = "folder"\npath = "server"\n')
    assert rows_of(path)[1]["store"][0] == "ok"


def test_folders_in_memory_are_a_warning(tmp_path: Path) -> None:
    if not SHM.is_dir():
        pytest.skip("there is no /dev/shm on this machine")
    found = check_folder(SHM / "none")
    assert found.verdict == "warning"
    assert "on tmpfs, mounted at /dev/shm, which may not outlive a restart" in found.text
    assert check_folder(tmp_path).verdict in {"ok", "warning"}
    assert not any(tmp_path.iterdir())


MOUNTS: Final = """\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:25 / /data rw - ext4 /dev/sdb rw
31 22 0:26 / /with\\040space rw shared:1 - nfs4 server:/x rw
32 22 0:27 / /data rw - xfs /dev/sdc rw
"""
FSTAB: Final = """\
# comment
UUID=1 / ext4 defaults 0 1
UUID=2 /data xfs defaults 0 2
UUID=3 none swap sw 0 0
UUID=4 /with\\040space nfs4 defaults 0 0
"""


def test_the_mount_table_is_read_with_its_escapes_and_the_last_mount_wins(tmp_path: Path) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(MOUNTS)
    assert mounts(table)[2] == Mount(Path("/with space"), "nfs4")
    assert mount_of(Path("/data/rack"), table) == Mount(Path("/data"), "xfs")
    assert mount_of(Path("/database"), table) == Mount(Path("/"), "ext4")


def test_fstab_says_which_disk_was_meant(tmp_path: Path) -> None:
    fstab = tmp_path / "fstab"
    fstab.write_text(FSTAB)
    assert meant_mount(Path("/data/rack"), fstab) == Path("/data")
    assert meant_mount(Path("/with space/x"), fstab) == Path("/with space")
    assert meant_mount(Path("/home"), fstab) is None
    assert meant_mount(Path("/home"), tmp_path / "none") is None


def test_a_place_for_other_disks_on_the_root_file_system_is_named() -> None:
    root = Mount(Path("/"), "ext4")
    assert "nothing is mounted there" in missing_mount(Path("/mnt/none-such/data"), root)
    assert missing_mount(Path("/mnt/none-such/data"), Mount(Path("/mnt/none-such"), "ext4")) == ""
    assert missing_mount(Path("/var/lib/ethoprofiler"), root) == ""


def test_a_late_probe_and_a_crashing_one_are_failed_rows() -> None:
    never = threading.Event()

    def late() -> Finding:
        never.wait(0.6)
        return Finding("ok", "too late, while others are still looked at")

    def crash() -> Finding:
        raise KeyError("x")

    def slow() -> Finding:
        never.wait(1.2)
        return Finding("ok", "fine")

    started_s = time.monotonic()
    rows = run_probes(
        [*(Probe(f"late {n}", 0.2, late) for n in range(5)), Probe("bug", 20, crash)]
        + [Probe(f"slow {n}", 20, slow) for n in range(3)]
    )
    assert time.monotonic() - started_s < 10
    assert rows == [
        *(CheckRow(f"late {n}", "failed", "no answer in 0.2 s") for n in range(5)),
        CheckRow("bug", "failed", "the probe itself failed: KeyError: 'x'"),
        *(CheckRow(f"slow {n}", "ok", "fine") for n in range(3)),
    ]
