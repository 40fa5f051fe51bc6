"""The demonstration as a new user runs it, without a screen."""

import re
import subprocess
import sys
from pathlib import Path


def run_demo(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "appliance", "demo", *arguments],
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=200,
    )


def test_a_headless_demo_records_labels_publishes_and_stores(tmp_path: Path) -> None:
    run = run_demo(str(tmp_path / "demo"), "--headless", "--seconds", "5", "--cages", "1")
    assert run.returncode == 0, run.stderr
    row = next(line for line in run.stdout.splitlines() if line.startswith("│ 01"))
    _, _, _, segments, frames, _, agreement, stored, _ = (cell.strip() for cell in row.split("│"))
    assert int(segments) >= 1
    assert int(frames) > 100
    assert float(agreement.rstrip("%")) > 60
    assert re.fullmatch(r"(\d+) of \1", stored)
    assert int(run.stdout.splitlines()[-1].split()[0]) > 0


def test_without_a_terminal_the_demo_says_what_to_do(tmp_path: Path) -> None:
    run = run_demo(str(tmp_path / "demo"))
    assert run.returncode == 1
    assert run.stderr == "Error: the dashboard needs a terminal; use --headless without one\n"
    assert not (tmp_path / "demo").exists()
