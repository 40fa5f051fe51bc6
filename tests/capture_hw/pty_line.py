"""A pseudo-terminal with a scripted panel at its far end, which can be unplugged."""

import os
import select
import threading
import tty
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeAlias

Script: TypeAlias = Callable[[bytes], bytes]
"""From what the host wrote to what it reads."""
_JOIN_S: Final = 10.0


class PtyLine:
    """Plugged in until `unplug`; a context manager. `link` is the path by which hosts know it."""

    def __init__(self, script: Script, link: Path | None = None) -> None:
        self._script = script
        self._far, near = os.openpty()
        tty.setraw(near)
        self.path = os.ttyname(near)
        # Without an end of its own here, the far end would see each closing as the end.
        self._near = near
        self._wake_reader, self._wake_writer = os.pipe()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        if link is not None:
            new = link.with_suffix(".new")
            new.symlink_to(self.path)
            new.replace(link)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.unplug()

    def say(self, data: bytes) -> None:
        """Send something that nobody asked for."""
        os.write(self._far, data)

    def unplug(self) -> None:
        """Let the device go away; safe to call twice."""
        if self._wake_writer < 0:
            return
        os.close(self._wake_writer)
        self._wake_writer = -1
        self._thread.join(_JOIN_S)
        assert not self._thread.is_alive()
        for descriptor in (self._far, self._near, self._wake_reader):
            os.close(descriptor)

    def _serve(self) -> None:
        while True:
            ready, _, _ = select.select([self._far, self._wake_reader], [], [])
            if self._wake_reader in ready:
                return
            os.write(self._far, self._script(os.read(self._far, 4096)))
