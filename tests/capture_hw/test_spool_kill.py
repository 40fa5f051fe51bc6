"""A recorder that is killed while it writes into the spool."""

import os
import subprocess
import sys
from pathlib import Path

from capture_hw.segment_journal import journal_path, read_journal
from tests.capture_hw.scripted_camera import times_ms, wait_until
from tests.capture_hw.test_recorder_storage import recording

_ROOT = Path(__file__).parents[2]
_UNDER_WAY = 10
"""Between camera and disk when the kill came; how few they are is the kill test's subject."""


def _kill_after(data: Path, spool: Path, frames: int) -> int:
    """Run a recorder until it has been given `frames` frames, kill it, return how many it got."""
    program = [sys.executable, "-m", "tests.capture_hw.spooling_process", str(data), str(spool)]
    process = subprocess.Popen(program, stdout=subprocess.PIPE, cwd=_ROOT)
    assert process.stdout is not None
    with process, process.stdout as delivered:
        try:
            count = 0
            while count < frames:
                count += len(os.read(delivered.fileno(), 1))
        finally:
            process.kill()
        return count + len(delivered.read())


def test_what_a_killed_recorder_left_in_the_spool_is_repaired_and_comes_to_the_main_volume(
    tmp_path: Path,
) -> None:
    data, spool = tmp_path / "data", tmp_path / "spool"
    data.mkdir()
    delivered = _kill_after(data, spool, 60)
    assert list(data.iterdir()) == []
    (part,) = spool.glob("03/*/*.mkv.part")
    with recording(data, spool) as run:
        wait_until(lambda: not list(spool.glob("03/*")), "the empty spool")
        run.wait_for(lambda now: now.gaps == 1, "the gap between the runs")
    first, second = run.videos()
    assert first == data / part.relative_to(spool).with_suffix("")
    assert delivered - _UNDER_WAY <= len(times_ms(first)) <= delivered
    assert read_journal(journal_path(first)).end is None
    (gap,) = read_journal(journal_path(second)).gaps
    assert gap.cause == "recorder restarted"
    assert gap.to_ms == 0
    assert gap.frames_lost > 0
