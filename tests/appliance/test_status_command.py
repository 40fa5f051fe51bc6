"""The commands that talk to a running rack, over a real socket with prepared states."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from rich.console import Console

from appliance.config import read_config
from appliance.config_search import find_config
from appliance.control_message import AcknowledgeRequest, NoteRequest, StopCageRequest
from appliance.control_server import ControlServer
from appliance.rack_path import control_socket
from appliance.status import DiskStatus, RackStatus
from appliance.status_screen import amount, duration, status_screen
from tests.appliance.rack_factory import (
    PreparedRack,
    alert_status,
    cage_label,
    cage_status,
    rack_status,
    recorder_detail,
    worker_status,
    write_rack,
)

PROGRAM: Final = [sys.executable, "-m", "appliance"]
GOLDEN: Final = Path(__file__).parent / "golden" / "status.txt"


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={**os.environ, "SUDO_USER": "anna"},
    )


@contextmanager
def running(folder: Path, status: RackStatus) -> Iterator[tuple[Path, PreparedRack]]:
    """Let a prepared rack answer at the socket of a configuration."""
    config = write_rack(folder, 2)
    rack = PreparedRack(status)
    stop = threading.Event()
    with ControlServer(control_socket(read_config(config)), rack.answer) as server:

        def loop() -> None:
            while not stop.is_set():
                server.serve(0.05)

        thread = threading.Thread(target=loop)
        thread.start()
        yield config, rack
        stop.set()
        thread.join()


def sick_rack() -> RackStatus:
    """A rack with something of everything."""
    failed = worker_status(
        "recorder-03", state="failed", pid=None, reason="ended by SIGKILL", next_start_s=4.0
    )
    stopped = worker_status("recorder-04", state="stopped", pid=None, reason="stopped by ben")
    asleep_ns = rack_status().time_utc_ns - 7_260_000_000_000
    return rack_status(
        cages=(
            cage_status(1, label=cage_label(1, since_utc_ns=asleep_ns)),
            cage_status(
                2,
                recorder=recorder_detail(state="stalled", reason="no frame", fps=0.0, gaps=12),
                label=cage_label(2, behavior="micromovement", lag_s=754.0, since_utc_ns=asleep_ns),
            ),
            cage_status(3, recorder=None, label=None, worker=failed),
            cage_status(4, recorder=None, label=None, worker=stopped, wanted=False),
        ),
        workers=(worker_status("lights", state="starting"), worker_status("classifier")),
        up_s=273_600.0,
        clock_synchronized=False,
        alerts=(alert_status("cage-02-stalled"), alert_status("disk-72h", acknowledged=True)),
    )


def screen(status: RackStatus, width: int = 80) -> str:
    console = Console(width=width, file=None, color_system=None)
    with console.capture() as capture:
        console.print(status_screen(status))
    return capture.get()


def test_the_screen_is_as_it_was_agreed() -> None:
    assert screen(sick_rack()) == GOLDEN.read_text()


def test_the_spool_has_a_line_of_its_own() -> None:
    spool = DiskStatus(free_bytes=64_000_000_000, total_bytes=128_000_000_000, hours_left=30.5)
    lines = [line.split() for line in screen(rack_status(spool=spool)).splitlines()]
    (line,) = [words for words in lines if words[:1] == ["spool"]]
    assert " ".join(line) == "spool 64 GB of 128 GB free, full in 1 d 6 h"


def test_the_screen_fits_eighty_columns_whatever_the_names() -> None:
    cages = tuple(
        cage_status(
            number,
            animal="m\x1b[2J[red]" * 20,
            recorder=recorder_detail(state="recording", gaps=99_999, fps=120.0),
            label=cage_label(number, behavior="micromovement", lag_s=50_000.0, since_utc_ns=0),
        )
        for number in range(1, 100)
    )
    text = screen(rack_status(cages=cages))
    assert max(len(line) for line in text.splitlines()) <= 80
    assert text.count(" recording ") >= 99
    assert text.count("micromovement") == 99
    assert "\x1b" not in text


def test_a_rack_in_order_ends_with_0(tmp_path: Path) -> None:
    with running(tmp_path, rack_status(2)) as (config, _):
        done = run("status", config)
    assert done.returncode == 0, done.stderr
    assert "test/rack-a" in done.stdout


def test_critical_alerts_end_with_3(tmp_path: Path) -> None:
    with running(tmp_path, sick_rack()) as (config, _):
        done = run("status", config)
    assert done.returncode == 3
    assert "[cage-02-stalled]" in done.stdout


def test_json_is_the_whole_state(tmp_path: Path) -> None:
    with running(tmp_path, sick_rack()) as (config, _):
        done = run("status", config, "--json")
    assert RackStatus.model_validate_json(done.stdout) == sick_rack()
    assert json.loads(done.stdout)["schema_name"] == "ethoprofiler.status/1"


def test_a_watch_goes_on_until_it_is_interrupted(tmp_path: Path) -> None:
    with running(tmp_path, rack_status(2)) as (config, _):
        watch = subprocess.Popen(
            [*PROGRAM, "status", str(config), "--watch", "--json"], stdout=subprocess.PIPE
        )
        assert watch.stdout is not None
        lines = [watch.stdout.readline() for _ in range(2)]
        watch.send_signal(signal.SIGINT)
        assert watch.wait(10) == 0
        watch.stdout.close()
    assert [RackStatus.model_validate_json(line).up_s for line in lines] == [600.0, 600.0]


@pytest.mark.parametrize("command", [["status"], ["stop"], ["note", "hello"]])
def test_without_a_rack_every_command_says_so(tmp_path: Path, command: list[str]) -> None:
    done = run(*command, write_rack(tmp_path))
    assert done.returncode == 1
    assert done.stderr.endswith("control.sock: no rack is running here\n")
    assert "Traceback" not in done.stderr


def test_orders_carry_their_author(tmp_path: Path) -> None:
    with running(tmp_path, rack_status(2)) as (config, rack):
        assert run("note", "food changed", config, "--cage", "2").stdout == "done\n"
        assert run("cage", "stop", "1", config, "--author", "ben").stdout == "done\n"
        assert run("acknowledge", "disk-4h", config).stdout == "done\n"
    assert rack.told == [
        NoteRequest(text="food changed", author="anna", cage=2),
        StopCageRequest(cage=1, author="ben"),
        AcknowledgeRequest(alert="disk-4h", author="anna"),
    ]


@pytest.mark.parametrize("command", ["run", "status"])
def test_a_bad_configuration_is_refused_with_its_place(tmp_path: Path, command: str) -> None:
    config = write_rack(tmp_path)
    config.write_text(config.read_text().replace("number = 2", "number = 222"))
    done = run(command, config)
    assert done.returncode == 1
    assert f"{config}: line 15: cage.number = 222" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_configuration_is_looked_for_in_this_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    given, named = Path("given.toml"), Path("named.toml")
    environment = {"ETHOPROFILER_CONFIG": "named.toml"}
    assert find_config(given, environment) == given
    assert find_config(None, environment) == named
    assert find_config(None, {}) == Path("/etc/ethoprofiler/rack.toml")
    Path("rack.toml").touch()
    assert find_config(None, {}) == Path("rack.toml")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (86_399, "23 h 59 min"),
        (273_600, "3 d 4 h"),
    ],
)
def test_durations_are_read_at_a_glance(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (2e12, "2 TB")]
)
def test_amounts_are_read_at_a_glance(count: float, text: str) -> None:
    assert amount(count) == text
