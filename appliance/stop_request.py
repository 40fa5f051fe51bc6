"""SIGINT and SIGTERM as a wish to end in order."""

import signal
from types import FrameType, TracebackType
from typing import Final, Self

import click

from inference.error import TrainingStopped

_STOP: Final = (signal.SIGTERM, signal.SIGINT)
_SIGNALLED: Final = 128
"""Exit codes of what a signal ended begin here. Source: POSIX shell, "Exit Status"."""


class StopRequest:
    """The first signal is noted while the block runs, the second one ends the process at once.

    Main thread only.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        """Of the signal; None if there was none."""

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._note) for number in _STOP}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def is_wanted(self) -> bool:
        """Say whether there was a signal."""
        return self.number is not None

    def raise_if_wanted(self, place: str) -> None:
        """Raise TrainingStopped, which says where, if there was a signal; any thread may ask."""
        if self.is_wanted():
            raise TrainingStopped(f"stopped {place}")

    @property
    def exit_code(self) -> int:
        """Return what a process exits with that a signal ended, its own or another process's."""
        return _SIGNALLED + (self.number or signal.SIGTERM)

    def _note(self, number: int, frame: FrameType | None) -> None:
        del frame
        self.number = number
        for each in _STOP:
            signal.signal(each, signal.SIG_DFL)
        click.echo("stopping in order; once more to stop at once", err=True)
