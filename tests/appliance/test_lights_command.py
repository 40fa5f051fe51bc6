"""`ethoprofiler lights`: panels of a running rack, and orders to them."""

import json
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner

from appliance.config import read_config
from appliance.control_message import (
    Answer,
    CalibratePanelRequest,
    EndOverrideRequest,
    OverrideLightRequest,
    Request,
)
from appliance.control_server import ControlServer, Handler
from appliance.light_status_screen import light_status_screen
from appliance.main import main
from appliance.rack_path import control_socket, lights_socket, running_config
from appliance.worker_process import worker_command
from tests.appliance.light_rack import (
    NOW_NS,
    lights_detail,
    lit_rack,
    override_of,
    panel_detail,
    run,
    shown,
    write_lit_rack,
)
from tests.appliance.rack_factory import PreparedRack, rack_status, worker_status

GOLDEN: Final = Path(__file__).parent / "golden"
NIGHT: Final = "lights_on = 00:00:00\nlight_hours = 0"
DAY: Final = "lights_on = 00:00:00\nlight_hours = 24"


@contextmanager
def answering(path: Path, handler: Handler) -> Iterator[None]:
    """Let a handler answer at a socket."""
    stop = threading.Event()
    with ControlServer(path, handler) as server:

        def loop() -> None:
            while not stop.is_set():
                server.serve(0.02)

        thread = threading.Thread(target=loop)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


class Orders:
    """Confirms, or refuses, and remembers what it was told."""

    def __init__(self, refusal: str | None = None) -> None:
        self._refusal = refusal
        self.told: list[Request] = []

    def answer(self, request: Request) -> Answer:
        """Be the handler of a ControlServer."""
        self.told.append(request)
        return Answer(refused=self._refusal) if self._refusal else Answer(done="confirmed")


@pytest.mark.parametrize(
    ("arguments", "exit_code", "sentence"),
    [
        (["plan", "--hours", "0"], 2, "0 is not in the range 1<=x<=8784"),
        (["plan", "--from", "soon"], 2, "'soon' does not match the formats"),
        (["plan", "--from", "0001-01-01"], 2, "--from: must lie in the years 1970 to 2105"),
        (["plan", "--from", "9999-12-31"], 2, "--from: must lie in the years 1970 to 2105"),
        (["override", "left", "--white", "1", "--minutes", "nan", "--reason", "x"], 2, "nan is"),
        (["override", "left", "--white", "0", "--minutes", "1", "--reason", ""], 1, "reason: "),
        (["plan", "--panel", "top"], 1, "panel top: no such panel; known here: left, right"),
        (["override", "top", "--white", "1", "--minutes", "1", "--reason", "x"], 1, "panel top:"),
        (["override", "left", "--white", "101", "--minutes", "1", "--reason", "x"], 2, "101 is"),
        (["override", "left", "--white", "0", "--minutes", "0", "--reason", "x"], 2, "0.0 is"),
        (["override", "left", "--white", "0", "--minutes", "1"], 2, "Missing option '--reason'"),
        (["resume", "top"], 1, "panel top:"),
        (["resume", "left"], 1, "lights.sock: no lights worker is running here"),
        (["status"], 1, "control.sock: no rack is running here"),
    ],
)
def test_bad_input_is_one_sentence(
    tmp_path: Path, arguments: list[str], exit_code: int, sentence: str
) -> None:
    command, *rest = arguments
    path = write_lit_rack(tmp_path)
    places: list[str | Path]
    places = [rest[0], path, *rest[1:]] if rest and rest[0] in ("left", "top") else [path, *rest]
    done = run(command, *places)
    assert done.exit_code == exit_code
    assert sentence in done.stderr
    assert isinstance(done.exception, SystemExit)


@pytest.mark.parametrize(
    ("command", "given"),
    [
        ("override", ["--white", "1", "--minutes", "1", "--reason", "x"]),
        ("resume", []),
        ("calibrate", []),
    ],
)
def test_panel_and_configuration_in_the_wrong_order_are_told_apart(
    tmp_path: Path, command: str, given: list[str]
) -> None:
    path = write_lit_rack(tmp_path)
    done = run(command, path, "left", *given)
    assert done.exit_code == 1
    assert done.stderr == f"Error: {path}: is a file; the panel comes first: left {path}\n"


def test_a_panel_says_what_it_does(tmp_path: Path) -> None:
    config = lit_rack(tmp_path)
    ordered = panel_detail("left", override=override_of("anna", "cage change"), white_commanded=80)
    silent = panel_detail(
        "right",
        white_commanded=None,
        white_measured=None,
        ir_commanded=None,
        ir_measured=None,
        clock_off_s=None,
        serial_number="",
        port="",
        keeps_schedule=False,
        line_faults=3,
        resets=1,
        next_change_utc_ns=None,
        reason="does not answer",
    )
    detail = lights_detail(ordered, silent, record_fault="/srv/lights: no space left on device")
    text = shown(light_status_screen(detail, NOW_NS, config.standard_time))
    assert max(len(line) for line in text.splitlines()) <= 80
    assert text == (GOLDEN / "lights-status.txt").read_text()


@pytest.mark.parametrize(("reason", "exit_code"), [("", 0), ("does not answer", 3)])
def test_status_asks_the_running_rack(tmp_path: Path, reason: str, exit_code: int) -> None:
    path = write_lit_rack(tmp_path)
    state = rack_status(lights=lights_detail(panel_detail("left", reason=reason)))
    with answering(control_socket(read_config(path)), PreparedRack(state).answer):
        done = run("status", path, "--json")
        screen = run("status", path)
    assert (done.exit_code, screen.exit_code) == (exit_code, exit_code)
    document = json.loads(done.stdout)
    assert document["schema"] == "ethoprofiler.lights-status/1"
    assert document["time_utc_ns"] == NOW_NS
    assert document["panels"][0]["white_measured"] == 59
    assert "serial number EP-0042, at /dev/ttyUSB0" in screen.stdout


def test_status_says_why_the_lights_worker_is_silent(tmp_path: Path) -> None:
    path = write_lit_rack(tmp_path)
    failed = worker_status("lights", state="failed", reason="ended by SIGKILL")
    state = rack_status(lights=None, workers=(failed,))
    with answering(control_socket(read_config(path)), PreparedRack(state).answer):
        done = run("status", path)
    assert done.exit_code == 1
    assert done.stderr == "Error: the lights worker says nothing: failed, ended by SIGKILL\n"


def test_orders_reach_the_lights_worker_with_reason_and_author(tmp_path: Path) -> None:
    path = write_lit_rack(tmp_path, DAY)
    orders = Orders()
    with answering(lights_socket(read_config(path)), orders.answer):
        override = ["--white", "80", "--minutes", "2.5", "--reason", "cage change"]
        assert run("override", "left", path, *override).stdout == "confirmed\n"
        assert run("resume", "left", path, "--author", "ben").stdout == "confirmed\n"
        assert run("calibrate", "right", path).stdout == "confirmed\n"
    assert orders.told == [
        OverrideLightRequest(
            panel="left", white_percent=80, minutes=2.5, reason="cage change", author="anna"
        ),
        EndOverrideRequest(panel="left", author="ben"),
        CalibratePanelRequest(panel="right", author="anna"),
    ]


def test_a_refusal_is_one_sentence(tmp_path: Path) -> None:
    path = write_lit_rack(tmp_path)
    refusal = "panel left: allows 60 min at most"
    with answering(lights_socket(read_config(path)), Orders(refusal).answer):
        done = run("resume", "left", path)
    assert (done.exit_code, done.stderr) == (1, f"Error: {refusal}\n")


def test_a_panel_confirms_what_it_was_told(tmp_path: Path) -> None:
    path = write_lit_rack(tmp_path)
    worker = subprocess.Popen(worker_command("lights", path, tmp_path), stderr=subprocess.DEVNULL)
    try:
        until_s = time.monotonic() + 20
        done = run("resume", "left", path)
        while done.exit_code and time.monotonic() < until_s:
            assert worker.poll() is None
            time.sleep(0.1)
            done = run("resume", "left", path)
        assert done.stdout == "panel left: no override was running\n"
        given = ["--white", "30", "--minutes", "5", "--reason", "cage change", "--yes"]
        assert "panel left: 30 % white light until " in run("override", "left", path, *given).stdout
        long = ["--white", "30", "--minutes", "500", "--reason", "cage change", "--yes"]
        assert run("override", "left", path, *long).stderr == (
            "Error: panel left: it gives other light for 60 min at most, not for 500 min\n"
        )
        assert run("resume", "left", path).stdout == (
            "panel left: the override is over, light is by the schedule\n"
        )
    finally:
        worker.terminate()
        worker.wait(20)


@pytest.mark.parametrize(
    ("keys", "arguments", "answer", "is_told"),
    [
        (NIGHT, [], "y\n", True),
        (NIGHT, [], "n\n", False),
        (NIGHT, [], "", False),
        (NIGHT, ["--yes"], None, True),
        (DAY, [], None, True),
    ],
)
def test_white_light_in_the_dark_phase_needs_a_yes(
    tmp_path: Path, keys: str, arguments: list[str], answer: str | None, is_told: bool
) -> None:
    path = write_lit_rack(tmp_path, keys)
    orders = Orders()
    with answering(lights_socket(read_config(path)), orders.answer):
        given = ["--white", "60", "--minutes", "20", "--reason", "x", *arguments]
        done = run("override", "left", path, *given, answer=answer)
    assert len(orders.told) == is_told
    assert done.exit_code == (0 if is_told else 1)
    assert ("it is the dark phase, ZT " in done.output) == (answer is not None)


def test_darkness_in_the_dark_phase_needs_no_yes(tmp_path: Path) -> None:
    path = write_lit_rack(tmp_path, NIGHT)
    orders = Orders()
    with answering(lights_socket(read_config(path)), orders.answer):
        given = ["--white", "0", "--minutes", "20", "--reason", "x"]
        assert run("override", "left", path, *given).exit_code == 0
    assert len(orders.told) == 1


def test_the_phase_is_that_of_the_configuration_the_rack_was_started_with(tmp_path: Path) -> None:
    path = write_lit_rack(tmp_path, NIGHT)
    kept = running_config(read_config(path))
    kept.parent.mkdir(parents=True)
    kept.write_text(path.read_text())
    write_lit_rack(tmp_path, DAY)
    with answering(lights_socket(read_config(path)), Orders().answer):
        given = ["--white", "60", "--minutes", "20", "--reason", "x"]
        done = run("override", "left", path, *given, answer="n\n")
    assert "it is the dark phase" in done.output


@pytest.mark.parametrize("command", ["calibrate", "override", "plan", "report", "resume", "status"])
def test_every_command_is_listed_and_explains_itself(command: str) -> None:
    assert f"\n  {command} " in CliRunner().invoke(main, ["lights", "--help"]).stdout
    done = CliRunner().invoke(main, ["lights", command, "--help"], prog_name="ethoprofiler")
    assert done.exit_code == 0
    assert done.stdout.startswith(f"Usage: ethoprofiler lights {command} [OPTIONS] ")
