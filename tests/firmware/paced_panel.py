"""An emulated panel in real time, behind a pseudo-terminal that can be unplugged."""

import errno
import os
import select
import threading
import time
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Final, Self, TypeVar

from tests.firmware.emulated_panel import EmulatedPanel

_PACE_S: Final = 0.002
_MOST_READ: Final = 4096
_STOP_S: Final = 5.0
_MOST_BEHIND_S: Final = 1.0
"""After a longer stop of this machine the panel does not catch up: it was stopped, too."""

Result = TypeVar("Result")


class PacedPanel:
    """Runs a panel in a thread of its own, in step with the machine's clock.

    `link` is a symbolic link to the pseudo-terminal while it is plugged in.
    """

    def __init__(self, panel: EmulatedPanel, link: Path) -> None:
        """Take the panel over: until `close`, touch it with `call` only."""
        self.link: Final = link
        self._panel: Final = panel
        self._lock: Final = threading.Lock()
        self._stop: Final = threading.Event()
        self._master: int | None = None
        self._slave: int | None = None
        self.behind_s = 0.0
        """The most that the panel was behind the machine's clock."""
        self._failure: Exception | None = None
        self._thread: Final = threading.Thread(target=self._run, name="paced-panel", daemon=True)

    def __enter__(self) -> Self:
        self.plug()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(self, act: Callable[[EmulatedPanel], Result]) -> Result:
        """Do something with the panel between two moments of its time."""
        with self._lock:
            return act(self._panel)

    def plug(self) -> None:
        """Plug the line in, as another pseudo-terminal each time. Safe to call twice."""
        with self._lock:
            if self._master is not None:
                return
            self._master, self._slave = os.openpty()
            tty.setraw(self._slave)
            os.set_blocking(self._master, False)
            fresh = self.link.with_name(f"{self.link.name}.new")
            fresh.symlink_to(os.ttyname(self._slave))
            fresh.replace(self.link)

    def unplug(self) -> None:
        """Pull the line out; light goes on. Safe to call twice."""
        with self._lock:
            self.link.unlink(missing_ok=True)
            for end in (self._slave, self._master):
                if end is not None:
                    os.close(end)
            self._master = self._slave = None

    def close(self) -> None:
        """Stop time, unplug. Raises what went wrong in the thread. Safe to call twice."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_S)
        self.unplug()
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            self._keep_pace()
        except Exception as error:  # noqa: BLE001 - the outermost loop: raised again by close
            self._failure = error

    def _keep_pace(self) -> None:
        ahead_s = self._panel.monotonic() - time.monotonic()
        while not self._stop.is_set():
            with self._lock:
                self._receive()
                due_s = time.monotonic() + ahead_s - self._panel.monotonic()
                self.behind_s = max(self.behind_s, due_s - _PACE_S)
                if due_s > _MOST_BEHIND_S:
                    ahead_s -= due_s
                elif due_s > 0:
                    self._panel.run(due_s)
                self._send()
                master = self._master
            self._wait(master)

    def _wait(self, master: int | None) -> None:
        if master is None:
            self._stop.wait(_PACE_S)
            return
        try:
            select.select([master], [], [], _PACE_S)
        except (OSError, ValueError):
            # Unplugged meanwhile.
            self._stop.wait(_PACE_S)

    def _receive(self) -> None:
        if self._master is None:
            return
        try:
            self._panel.feed(os.read(self._master, _MOST_READ))
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno != errno.EIO:
                raise

    def _send(self) -> None:
        data = self._panel.take()
        if self._master is None or not data:
            return
        try:
            os.write(self._master, data)
        except BlockingIOError:
            # Nobody reads: a real adapter loses it as well.
            return
