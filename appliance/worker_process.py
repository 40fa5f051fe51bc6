"""One running worker process, child or adopted, held by a process descriptor.

A descriptor (`pidfd`) means this process and never another that got the same number later.
"""

import os
import select
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from appliance.instance_lock import has_open, holder_of

_LONGEST_STDERR: Final = 1_000_000


class WorkerProcess:
    """A process that was started or found; readable for a selector when it has ended."""

    def __init__(self, pid: int, descriptor: int, began_s: float, *, adopted: bool) -> None:
        self.pid: Final = pid
        self.began_s: Final = began_s
        """On the monotonic clock."""
        self.adopted: Final = adopted
        self._descriptor: Final = descriptor
        self._poll: Final = select.poll()
        self._poll.register(descriptor, select.POLLIN)

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._descriptor

    def send(self, number: signal.Signals) -> None:
        """Send a signal; none if the process has ended."""
        try:
            signal.pidfd_send_signal(self._descriptor, number)
        except ProcessLookupError:
            return

    def take_end(self) -> str | None:
        """Say how it ended and let the kernel forget it; None while it runs."""
        if not self._poll.poll(0):
            return None
        try:
            result = os.waitid(os.P_PIDFD, self._descriptor, os.WEXITED | os.WNOHANG)
        except ChildProcessError:
            return "ended"  # adopted: only its parent is told how
        if result is None:
            return None
        if result.si_code == os.CLD_EXITED:
            return f"ended with code {result.si_status}"
        return f"ended by {signal.Signals(result.si_status).name}"

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self._descriptor)


def adopt(lock: Path) -> WorkerProcess | None:
    """Return the process that holds a lock; None if nobody does."""
    pid = holder_of(lock)
    if pid is None or pid == os.getpid():
        return None
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return None
    # Only now can the number not come to mean another process: does it still hold the lock?
    if holder_of(lock) != pid or not _surely_has_open(pid, lock):
        os.close(descriptor)
        return None
    return WorkerProcess(pid, descriptor, _began_s(pid), adopted=True)


def spawn(command: Sequence[str], stderr: Path) -> WorkerProcess:
    """Start a process in a session of its own, so that no terminal's Ctrl-C reaches it.

    What it says on standard error is appended to `stderr`. Raises OSError.
    """
    stderr.parent.mkdir(parents=True, exist_ok=True)
    if stderr.exists() and stderr.stat().st_size > _LONGEST_STDERR:
        os.truncate(stderr, 0)
    append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    pid = os.posix_spawn(
        command[0],
        list(command),
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_OPEN, 2, os.fspath(stderr), append, 0o644),
        ],
        setsid=True,
        setsigmask=(),
        setsigdef=(signal.SIGPIPE, signal.SIGXFSZ, signal.SIGHUP),
    )
    return WorkerProcess(pid, os.pidfd_open(pid), time.monotonic(), adopted=False)


def worker_command(name: str, config_path: Path, folder: Path) -> list[str]:
    """Return the command that runs a worker of the rack; `folder` is where relative paths start."""
    config = ["--config", str(config_path), "--folder", str(folder)]
    return [sys.executable, "-m", "appliance", "worker", name, *config]


def _surely_has_open(pid: int, lock: Path) -> bool:
    try:
        return has_open(pid, lock.stat())
    except OSError:
        return False


def _began_s(pid: int) -> float:
    """Return when a process began, on the monotonic clock; now if it is gone.

    Source: proc(5), field 22 of /proc/<pid>/stat, ticks since boot. That clock runs during suspend,
    CLOCK_MONOTONIC does not; so the age is what counts.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return time.monotonic()
    ticks = int(stat.rpartition(")")[2].split()[19])
    age_s = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    return time.monotonic() - max(0.0, age_s)
