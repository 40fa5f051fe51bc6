"""A file that another process is still writing, read to the end of the writing."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal, TypeAlias

Cut: TypeAlias = Literal["stopped", "replaced", "removed"]
"""Why reading ended before the end of the writing.

stopped: the caller asked for it. replaced: the final name means another file, which is to be read
instead. removed: the file is gone and nothing took its place.
"""

_POLL_S: Final = 0.025
_LOOK_AT_NAME_S: Final = 0.2
_GONE_S: Final = 10.0
"""How long a file without a name is waited for: between two steps of its repair."""


class GrowingFile:
    """A file-like object over `part`, which becomes `final` when it is finished.

    `read` returns what there is, waits for more while there is nothing, and returns no bytes when
    the writer has given the file its final name. It also returns none when `cut` says so: a reader
    must look at `cut` before it believes in the end. One thread at a time.
    """

    def __init__(self, part: Path, final: Path, give_up: Callable[[float], bool]) -> None:
        """Open `part`. Raises OSError.

        `give_up(seconds without growth)` is asked at each read and forty times a second between.
        """
        self.cut: Cut | None = None
        self._part = part
        self._final = final
        self._give_up = give_up
        self._descriptor = os.open(part, os.O_RDONLY | os.O_CLOEXEC)
        self._empty_since_s: float | None = None
        self._looked_s = 0.0
        self._is_finished = False

    def read(self, size: int) -> bytes:
        """Return 1 to `size` bytes, or none at the end; a stop ends the wait within 30 ms."""
        while not self._is_cut():
            content = os.read(self._descriptor, size)
            if content or self._is_finished:
                self._empty_since_s = None
                return content
            if self._empty_since_s is None:
                self._empty_since_s = time.monotonic()
            if not self._look_at_name():
                time.sleep(_POLL_S)
        return b""

    @property
    def still_s(self) -> float:
        """How long there has been nothing to read; 0 for a reader that is itself behind."""
        return 0.0 if self._empty_since_s is None else time.monotonic() - self._empty_since_s

    def close(self) -> None:
        """Close; safe to call twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _is_cut(self) -> bool:
        if self.cut is None and self._give_up(self.still_s):
            self.cut = "stopped"
        return self.cut is not None

    def _look_at_name(self) -> bool:
        """Find out, five times a second, what became of the file; say whether anything did."""
        now_s = time.monotonic()
        if now_s - self._looked_s < _LOOK_AT_NAME_S:
            return False
        self._looked_s = now_s
        ours = os.fstat(self._descriptor)
        try:
            final = self._final.stat()
        except FileNotFoundError:
            if self.still_s > _GONE_S and not self._has_its_name(ours):
                self.cut = "removed"
            return self.cut is not None
        if os.path.samestat(final, ours):
            self._is_finished = True
        else:
            self.cut = "replaced"
        return True

    def _has_its_name(self, ours: os.stat_result) -> bool:
        try:
            return os.path.samestat(self._part.stat(), ours)
        except FileNotFoundError:
            return False
