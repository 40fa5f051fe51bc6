"""One process for one job: a lock that says who holds it and dies with its holder."""

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

_PATIENCE_S: Final = 0.5
"""Who only looks (`holder_of`) holds a lock for microseconds; a holder says its number as soon."""
_LOOK_AGAIN_S: Final = 0.005


class AlreadyRunning(Exception):
    """Another process holds the lock; the message is one sentence with its process number."""


class InstanceLock:
    """A held lock file; a context manager. The kernel frees it when the process ends."""

    def __init__(self, path: Path) -> None:
        """Take the lock and write the own process number; raises AlreadyRunning or OSError."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path: Final = path
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        if not _locks_soon(self._descriptor):
            os.close(self._descriptor)
            holder = holder_of(path)
            raise AlreadyRunning(
                f"{path}: held by process {holder or 'unknown'}; this rack is running already"
            )
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)
        os.ftruncate(self._descriptor, len(f"{os.getpid()}\n"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._descriptor)


def holder_of(path: Path) -> int | None:
    """Return the process number of who holds the lock now; None if nobody does.

    Waits up to half a second for a holder that has not written its number yet. The number that a
    dead one left is not returned, unless another user's process has that number by now, which may
    not be looked at: who means to act on the process asks `has_open` as well.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    deadline_s = time.monotonic() + _PATIENCE_S
    try:
        while not _is_free(descriptor):
            text = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
            if text.isdecimal() and _may_have_open(int(text), descriptor):
                return int(text)
            if time.monotonic() > deadline_s:
                return None
            time.sleep(_LOOK_AGAIN_S)
    finally:
        os.close(descriptor)
    return None


def has_open(pid: int, file: os.stat_result) -> bool:
    """Say whether a process has a file open; raises PermissionError if that may not be known."""
    try:
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            try:
                found = entry.stat()
            except FileNotFoundError:
                continue
            if (found.st_dev, found.st_ino) == (file.st_dev, file.st_ino):
                return True
    except (FileNotFoundError, ProcessLookupError):
        return False
    return False


def _locks_soon(descriptor: int) -> bool:
    deadline_s = time.monotonic() + _PATIENCE_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline_s:
                return False
            time.sleep(_LOOK_AGAIN_S)
        else:
            return True


def _is_free(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _may_have_open(pid: int, descriptor: int) -> bool:
    """Say whether a process has a file open; True if it may not be looked at."""
    try:
        return has_open(pid, os.fstat(descriptor))
    except PermissionError:
        return True
