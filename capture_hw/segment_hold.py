"""The lock of an unfinished segment: who writes or repairs a file holds it, on the file itself.

It needs no configuration, is found wherever the file lies, and dies with its holder. On a file
system without locks nobody holds anything.
"""

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from capture_hw.error import StorageError

_PATIENCE_S: Final = 0.5
"""Who only looks (`is_held`) holds a lock for microseconds; who gives up a file needs a moment."""
_LOOK_AGAIN_S: Final = 0.005
_FLOCK: Final = "FLOCK"
"""In the line of a descriptor that holds one. Source: proc_pid_fdinfo(5)."""


class SegmentHeld(StorageError):
    """Somebody else writes or repairs the file; leave it to them."""


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock of a file that is there under this name.

    Raises SegmentHeld after half a second, OSError, FileNotFoundError if it was renamed meanwhile.
    """
    descriptor = _opened(path)
    try:
        if not locks_soon(descriptor):
            raise SegmentHeld(held_text(path))
        if not os.path.samestat(os.fstat(descriptor), path.stat()):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
        yield
    finally:
        os.close(descriptor)


def locks_soon(descriptor: int) -> bool:
    """Take the lock of an open file, to be freed by closing it; say whether that was possible."""
    deadline_s = time.monotonic() + _PATIENCE_S
    while not _locks(descriptor, fcntl.LOCK_EX):
        if time.monotonic() > deadline_s:
            return False
        time.sleep(_LOOK_AGAIN_S)
    return True


def is_held(path: Path) -> bool:
    """Say whether somebody writes or repairs a file. Raises OSError."""
    descriptor = _opened(path)
    try:
        return not _locks(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def holding_process(path: Path) -> int | None:
    """Return the process that holds the lock; None if nobody does, or it may not be seen."""
    try:
        file = path.stat()
        processes = [entry for entry in Path("/proc").iterdir() if entry.name.isdecimal()]
    except OSError:
        return None
    for process in processes:
        if _holds(process, file):
            return int(process.name)
    return None


def held_text(path: Path) -> str:
    """Return the sentence that says who holds the lock."""
    process = holding_process(path)
    who = f"process {process}" if process else "another process"
    return f"{path}: {who} writes or repairs it"


def _opened(path: Path) -> int:
    return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe waits for nobody


def _locks(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # the file system has no locks; each says so in its own way
        return True
    return True


def _holds(process: Path, file: os.stat_result) -> bool:
    try:
        for entry in (process / "fd").iterdir():
            if _is_locked_here(process, entry, file):
                return True
    except OSError:  # it has ended, or belongs to somebody else
        return False
    return False


def _is_locked_here(process: Path, entry: Path, file: os.stat_result) -> bool:
    try:
        return (
            os.path.samestat(entry.stat(), file)
            and _FLOCK in (process / "fdinfo" / entry.name).read_text()
        )
    except OSError:  # closed meanwhile
        return False
