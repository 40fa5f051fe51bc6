"""Measure the dashboard in tmux: processor share, memory, start to first picture.

    python -m tests.bench.bench_dashboard [--seconds 60] [--width 200] [--height 60]

A rack of ten cages whose clock runs is served over a real control socket. The dashboard at its
default refresh and an idle Textual program of one label run side by side in two windows of one tmux
server; the figures are processor seconds of each process as the kernel counts them.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.tui.rack_server import RackServer
from tests.tui.rack_state import NOW_NS, SECOND_NS, rack

CONFIG: Final = """
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
DASHBOARD: Final = "from appliance.command.dashboard import dashboard; dashboard()"
IDLE: Final = (
    "from textual.app import App; from textual.widgets import Label; "
    'App.compose = lambda self: [Label("idle program")]; App().run()'
)
STARTS: Final = 5
PATIENCE_S: Final = 30.0
SETTLE_S: Final = 5.0


def main() -> None:
    """Start both, wait, print the table."""
    options = _options()
    began_s = time.monotonic()

    def status() -> object:
        passed_ns = round((time.monotonic() - began_s) * SECOND_NS)
        return rack().model_copy(update={"time_utc_ns": NOW_NS + passed_ns})

    with tempfile.TemporaryDirectory(prefix="ethoprofiler-bench-") as name:
        folder = Path(name)
        (folder / "rack.toml").write_text(CONFIG)
        (folder / "state").mkdir()
        with RackServer(folder / "state" / "control.sock", status):  # type: ignore[arg-type]
            windows = _Windows(folder, options.width, options.height)
            try:
                _measure(windows, folder, options.seconds)
            finally:
                windows.close()


class _Windows:
    """A tmux server of its own."""

    def __init__(self, folder: Path, width: int, height: int) -> None:
        self._tmux = ("tmux", "-S", str(folder / "tmux.sock"), "-f", "/dev/null")
        self._size = ("-x", str(width), "-y", str(height))

    def open(self, name: str, code: str, *words: str) -> int:
        """Run Python code in a session of its own and return its process number."""
        command = ["env", "-u", "COLUMNS", "-u", "LINES", "COLORTERM=truecolor"]
        command += [sys.executable, "-c", code, *words]
        self._tell("new-session", "-d", "-s", name, *self._size, *command)
        return int(self._tell("list-panes", "-t", name, "-F", "#{pane_pid}"))

    def shows(self, name: str, words: str) -> bool:
        return words in self._tell("capture-pane", "-p", "-t", name)

    def end(self, name: str) -> None:
        self._tell("kill-session", "-t", name)

    def close(self) -> None:
        subprocess.run((*self._tmux, "kill-server"), capture_output=True, check=False)

    def _tell(self, *words: str) -> str:
        told = subprocess.run((*self._tmux, *words), capture_output=True, text=True, check=True)
        return told.stdout


def _measure(windows: _Windows, folder: Path, seconds: float) -> None:
    idle = windows.open("idle", IDLE)
    config = str(folder / "rack.toml")
    starts_s = []
    for _ in range(STARTS):
        began_s = time.monotonic()
        watched = windows.open("watched", DASHBOARD, config)
        _await(windows, "watched", "M-010")
        starts_s.append(time.monotonic() - began_s)
        windows.end("watched")
    watched = windows.open("watched", DASHBOARD, config)
    _await(windows, "watched", "M-010")
    _await(windows, "idle", "idle program")
    time.sleep(SETTLE_S)
    before = {pid: _cpu_s(pid) for pid in (watched, idle)}
    began_s = time.monotonic()
    time.sleep(seconds)
    passed_s = time.monotonic() - began_s
    print(f"load of the machine           {os.getloadavg()[0]:6.1f}")
    print(
        f"start to first picture, s     {sorted(starts_s)[STARTS // 2]:6.2f}  (median of {STARTS})"
    )
    for name, pid in (("dashboard", watched), ("idle Textual program", idle)):
        share = (_cpu_s(pid) - before[pid]) / passed_s
        print(f"{name + ', % of a core':30}{100 * share:6.2f}")
        print(f"{name + ', MB resident':30}{_resident_mb(pid):6.1f}")


def _await(windows: _Windows, name: str, words: str) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not windows.shows(name, words):
        if time.monotonic() > deadline_s:
            raise SystemExit(f"{name}: never showed {words!r}")
        time.sleep(0.02)


def _cpu_s(pid: int) -> float:
    """Return user and system time. Source: proc(5), fields 14 and 15 of stat."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident_mb(pid: int) -> float:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--width", type=int, default=200)
    parser.add_argument("--height", type=int, default=60)
    return parser.parse_args()


if __name__ == "__main__":
    main()
