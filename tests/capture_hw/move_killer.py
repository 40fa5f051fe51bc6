"""Moves of a spooled segment, each in a process that is killed before another of its steps.

`python -m tests.capture_hw.move_killer FOLDER` makes FOLDER/00, FOLDER/01, ... with a segment each,
and kills the move in 00 before its first step, in 01 before its second, until one ends by itself.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Final

from capture_hw.segment_journal import journal_path
from capture_hw.spool_move import move_segment

VIDEO: Final = bytes(range(256)) * 10_000
JOURNAL: Final = b'{"line":"header"}\n'
STEM: Final = "03_20261122_120000"
_STEPS: Final = frozenset(("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.utime"))
_KILLED_MOST: Final = 60


def spooled(place: Path) -> Path:
    """Make a cage's folders on two volumes, and a finished segment in the spool's."""
    (place / "main" / "03").mkdir(parents=True)
    video = place / "spool" / "03" / "2026-11-22" / f"{STEM}.mkv"
    video.parent.mkdir(parents=True)
    video.write_bytes(VIDEO)
    journal_path(video).write_bytes(JOURNAL)
    return video


def main() -> None:
    folder = Path(sys.argv[1])
    for step in range(_KILLED_MOST):
        video = spooled(folder / f"{step:02d}")
        child = os.fork()
        if child == 0:
            _move_and_die(video, folder / f"{step:02d}" / "main" / "03", step)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            sys.exit(os.WEXITSTATUS(status))
    sys.exit("it never ends by itself")


def _move_and_die(video: Path, into: Path, steps: int) -> None:
    left = steps

    def count(event: str, _: object) -> None:
        nonlocal left
        if event in _STEPS:
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1

    sys.addaudithook(count)
    move_segment(video, into, lambda: False)
    os._exit(0)


if __name__ == "__main__":
    main()
