"""One process for one job: a lock that says who holds it and dies with its holder."""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Final, Self


class AlreadyRunning(Exception):
    """Another process holds the lock; the message is one sentence with its process number."""


class InstanceLock:
    """A held lock file; a context manager. The kernel frees it when the process ends."""

    def __init__(self, path: Path) -> None:
        """Take the lock and write the own process number; raises AlreadyRunning or OSError."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path: Final = path
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._descriptor)
            holder = holder_of(path)
            raise AlreadyRunning(
                f"{path}: held by process {holder}; this rack is running already"
            ) from error
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

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
    """Return the process number of who holds the lock now; None if nobody does."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        text = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
        return int(text) if text.isdecimal() else None
    finally:
        os.close(descriptor)
    return None
