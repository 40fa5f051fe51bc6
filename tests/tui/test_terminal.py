"""The whole command in a real terminal."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.tui.rack_server import RackServer
from tests.tui.rack_state import NOW_NS, SECOND_NS, cage, label, rack, troubled_rack

PATIENCE_S = 20.0
COMMAND = "from appliance.command.dashboard import dashboard; dashboard()"
CONFIG = """
[rack]
facility = "north"
name = "rack-1"
data = "data"
state = "state"
utc_offset = "+01:00"
[[cage]]
number = 1
animal = "M-001"
camera = {driver = "simulated"}
"""


class Terminal:
    """A tmux server of its own with one window."""

    def __init__(self, folder: Path) -> None:
        self._tmux = ("tmux", "-S", str(folder / "tmux.sock"), "-f", "/dev/null")

    def start(self, width: int, height: int, command: str) -> None:
        size = ("-x", str(width), "-y", str(height))
        self.tell("new-session", "-d", *size, f"{command}; echo EXIT $?; exec cat")

    def tell(self, *words: str) -> str:
        told = subprocess.run((*self._tmux, *words), capture_output=True, text=True, check=True)
        return told.stdout

    def until(self, seen: Callable[[str], bool]) -> str:
        deadline_s = time.monotonic() + PATIENCE_S
        text = ""
        while time.monotonic() < deadline_s:
            text = self.tell("capture-pane", "-p")
            if seen(text):
                return text
            time.sleep(0.1)
        raise AssertionError(f"never seen; the last screen was:\n{text}")

    def end(self) -> None:
        subprocess.run((*self._tmux, "kill-server"), capture_output=True, check=False)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    opened = Terminal(tmp_path)
    yield opened
    opened.end()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "rack.toml"
    path.write_text(CONFIG)
    (tmp_path / "state").mkdir()
    return path


def command_line(config: Path, *words: str) -> str:
    return f"{sys.executable} -c '{COMMAND}' {config} {' '.join(words)}"


def run(config: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (sys.executable, "-c", COMMAND, str(config), *words),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=PATIENCE_S,
        check=False,
    )


def test_a_person_watches_resizes_and_leaves(
    terminal: Terminal, config: Path, tmp_path: Path
) -> None:
    with RackServer(tmp_path / "state" / "control.sock", troubled_rack()):
        terminal.start(80, 24, command_line(config))
        text = terminal.until(lambda text: "10 M-010    C57BL… ○ OPENING" in text)
        assert "02 M-002    C57BL… ▲ NO CAMERA cage 02: the camera is gone" in text
        terminal.tell("resize-window", "-x", "120", "-y", "40")
        terminal.until(lambda text: "╭─ 10  M-010  C57BL/6J" in text)
        terminal.tell("send-keys", "Down", "Enter")
        terminal.until(lambda text: " Cage 03  M-003" in text)
        terminal.tell("send-keys", "q")
        text = terminal.until(lambda text: "EXIT 0" in text)
    assert "the rack north/rack-1 goes on: 3 of 10 cages are being recorded." in text


def test_only_what_changed_reaches_the_terminal_and_all_of_it(
    terminal: Terminal, config: Path, tmp_path: Path
) -> None:
    cages = [cage(number) for number in range(1, 11)]
    with RackServer(tmp_path / "state" / "control.sock", rack(tuple(cages))) as server:
        terminal.start(120, 40, command_line(config, "--every", "0.2"))
        terminal.until(lambda text: "MICROMOVEMENT    5 min 37 s  0.88" in text)
        cages[8] = cage(9, label=label(9, "hang", confidence=0.5))
        later_ns = NOW_NS + 3 * SECOND_NS
        server.status = rack(tuple(cages), time_utc_ns=later_ns)
        text = terminal.until(lambda text: "HANG        5 min 40 s  0.50" in text)
    assert "2026-11-22 12:03:07 UTC+01:00" in text
    assert "REST        44 s  0.96" in text
    assert "MICROMOVEMENT " not in text


def test_a_dashboard_that_waits_shows_the_rack_when_it_comes(
    terminal: Terminal, config: Path, tmp_path: Path
) -> None:
    terminal.start(100, 30, command_line(config, "--wait"))
    terminal.until(lambda text: "Waiting for the rack since" in text)
    with RackServer(tmp_path / "state" / "control.sock", rack()):
        terminal.until(lambda text: "10 M-010    C57BL/6J   ● RECORDING" in text)
        pid = terminal.tell("list-panes", "-F", "#{pane_pid}").strip()
        child = subprocess.run(("pgrep", "-P", pid), capture_output=True, text=True, check=True)
        os.kill(int(child.stdout), 15)
        terminal.until(lambda text: re.search(r"goes on: 10 of 10[\s\S]*EXIT 0", text) is not None)


def test_without_a_rack_one_sentence_is_said(config: Path, tmp_path: Path) -> None:
    ended = run(config)
    socket = tmp_path / "state" / "control.sock"
    assert ended.stderr == f"Error: {socket}: no rack is running here\n"
    assert (ended.returncode, ended.stdout) == (1, "")


def test_without_a_terminal_one_sentence_is_said(config: Path, tmp_path: Path) -> None:
    with RackServer(tmp_path / "state" / "control.sock", rack()):
        ended = run(config)
    assert ended.returncode == 1
    assert ended.stderr == (
        "Error: the dashboard needs a terminal; `ethoprofiler status` does without\n"
    )


def test_a_bad_configuration_is_refused_by_line(config: Path) -> None:
    config.write_text(CONFIG.replace("number = 1", "number = 100"))
    ended = run(config)
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"Error: {config}: line 9: cage.number = 100: ")


def test_nothing_heavy_is_imported() -> None:
    code = "import tui.program, sys; print(*sorted(sys.modules))"
    ended = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=True)
    heavy = {"av", "boto3", "cv2", "numpy", "onnxruntime", "paho", "torch"}
    assert heavy.isdisjoint(name.partition(".")[0] for name in ended.stdout.split())
