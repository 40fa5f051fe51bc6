"""Kill -9 a recorder at random moments: frames lost that the camera had delivered, restart time.

The camera gives a small picture every 40 ms and tells of each before it hands it over. After each
kill the next recorder is started at once; what was left is repaired by those that follow.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Final

from capture_hw.segment_journal import Journal, journal_path, read_journal
from tests.capture_hw.scripted_camera import times_ms, wait_until

ROOT: Final = Path(__file__).parents[2]
PROGRAM: Final = [sys.executable, "-m", "tests.capture_hw.recorder_process"]
SHORTEST_S: Final = 0.2
LONGEST_S: Final = 2.0
ALLOWED: Final = 2


class Run:
    """One life of a recorder."""

    def __init__(self, folder: Path) -> None:
        self.started_s = time.monotonic()
        self.process = subprocess.Popen([*PROGRAM, str(folder)], stdout=subprocess.PIPE, cwd=ROOT)
        assert self.process.stdout is not None
        self.delivered = len(os.read(self.process.stdout.fileno(), 1))
        self.first_frame_s = time.monotonic()

    def kill(self) -> None:
        assert self.process.stdout is not None
        self.process.kill()
        self.delivered += len(self.process.stdout.read())
        self.process.wait(10)

    def stop(self) -> None:
        assert self.process.stdout is not None
        self.process.terminate()
        self.delivered += len(self.process.stdout.read())
        self.process.wait(10)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="on the disk to measure")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kills-", dir=arguments.folder) as name:
        folder = Path(name) / "03"
        runs, restarts_s = kill_often(folder, arguments.kills, random.Random(arguments.seed))
        report(runs, restarts_s, folder)


def kill_often(folder: Path, kills: int, chance: random.Random) -> tuple[list[Run], list[float]]:
    """Return all runs, the last of which was stopped in order, and the times of restart."""
    runs, restarts_s = [Run(folder)], []
    for _ in range(kills):
        time.sleep(chance.uniform(SHORTEST_S, LONGEST_S))
        runs[-1].kill()
        killed_s = time.monotonic()
        runs.append(Run(folder))
        restarts_s.append(runs[-1].first_frame_s - killed_s)
    wait_until(lambda: len(list(folder.glob("*/*.mkv.part"))) == 1, "all repaired", 120)
    time.sleep(SHORTEST_S)
    runs[-1].stop()
    return runs, restarts_s


def report(runs: list[Run], restarts_s: list[float], folder: Path) -> None:
    recorded, told = recorded_by(runs, folder)
    lost = [run.delivered - count for run, count in zip(runs, recorded, strict=True)]
    print(f"{len(restarts_s)} kills, {sum(run.delivered for run in runs)} frames delivered")
    for frames, count in sorted(Counter(lost[:-1]).items()):
        print(f"lost {frames} delivered frames   {count} times")
    print(f"lost at the ordered stop   {lost[-1]}")
    print(f"restarts in the journals   {told} of {len(restarts_s)}")
    print(f"restart, kill to first frame   {median(restarts_s):.2f} s, max {max(restarts_s):.2f} s")
    assert max(lost) <= ALLOWED, lost
    assert min(lost) >= 0, lost


def recorded_by(runs: list[Run], folder: Path) -> tuple[list[int], int]:
    """Return the frames on the disk of each run, and how many runs tell of the one before."""
    journals: dict[Path, Journal] = {
        video: read_journal(journal_path(video)) for video in folder.glob("*/*.mkv")
    }
    counts = [0] * len(runs)
    for video, journal in journals.items():
        start_s = journal.header.start_monotonic_ns / 1e9
        run = max(index for index, one in enumerate(runs) if one.started_s <= start_s)
        counts[run] += len(times_ms(video))
    causes = [gap.cause for journal in journals.values() for gap in journal.gaps]
    return counts, causes.count("recorder restarted")


if __name__ == "__main__":
    main()
