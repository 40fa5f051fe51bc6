"""A recorder that is killed at any moment loses two delivered frames at most."""

import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from capture_hw.segment_journal import journal_path, read_journal
from capture_hw.segment_repair import repair_segment
from tests.capture_hw.scripted_camera import decoded, times_ms

_ROOT: Final = Path(__file__).parents[2]
_PROGRAM: Final = [sys.executable, "-m", "tests.capture_hw.recorder_process"]
_MOST_LOST: Final = 2


def _kill_after(folder: Path, frames: int) -> int:
    """Run a recorder until it has been given `frames` frames, kill it, return how many it got."""
    process = subprocess.Popen([*_PROGRAM, str(folder)], stdout=subprocess.PIPE, cwd=_ROOT)
    assert process.stdout is not None
    with process, process.stdout as delivered:
        try:
            count = len(os.read(delivered.fileno(), 1))
            while count < frames:
                count += len(os.read(delivered.fileno(), 1))
        finally:
            process.kill()
        return count + len(delivered.read())


@pytest.mark.parametrize("seed", [1, 2])
def test_a_kill_costs_two_delivered_frames_at_most(tmp_path: Path, seed: int) -> None:
    folder = tmp_path / "03"
    delivered = _kill_after(folder, random.Random(seed).randint(10, 60))
    (part,) = folder.glob("*/*.mkv.part")
    video = repair_segment(part, lambda: False)
    assert video is not None
    recorded = len(times_ms(video))
    assert delivered - _MOST_LOST <= recorded <= delivered
    assert len(decoded(video)) == recorded
    journal = read_journal(journal_path(video))
    assert journal.end is None
    assert journal.gaps == ()
