"""SIGTERM and SIGINT as something a selectors loop can wait for."""

import signal
import socket
from types import FrameType, TracebackType
from typing import Final, Self

_STOP: Final = (signal.SIGTERM, signal.SIGINT)


class StopSignals:
    """Counts stop signals while the block runs; readable for a selector. Main thread only.

    SIGHUP is ignored meanwhile: who closes a terminal does not mean to end a recording of weeks.
    """

    def __init__(self) -> None:
        self.count = 0
        self._reader, self._writer = socket.socketpair()

    def __enter__(self) -> Self:
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        for number in _STOP:
            signal.signal(number, self._note)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number in (*_STOP, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
        self._reader.close()
        self._writer.close()

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._reader.fileno()

    def take(self) -> int:
        """Return how many signals came since the last call."""
        try:
            while self._reader.recv(64):
                pass
        except BlockingIOError:
            pass
        count, self.count = self.count, 0
        return count

    def _note(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.count += 1
