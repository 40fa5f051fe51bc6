"""Telling people about gaps: the first at once, then how many in a minute."""

import logging
from typing import Final

from capture_hw.gap_finder import Loss

_EVERY_NS: Final = 60_000_000_000
_log = logging.getLogger(__name__)


class GapLog:
    """The gaps of one cage, of which the journal has every single one; times are monotonic."""

    def __init__(self, name: str) -> None:
        self._name: Final = name
        self._since_ns: int | None = None
        """When this minute's first line was written; None after a minute without a gap."""
        self._gaps = 0
        self._frames_lost = 0

    def note(self, stem: str, from_ms: int, to_ms: int, loss: Loss, now_ns: int) -> None:
        """Take a gap; write a line if it is the first for a minute."""
        self.look(now_ns)
        if self._since_ns is not None:
            self._gaps += 1
            self._frames_lost += loss.frames
            return
        self._since_ns = now_ns
        _log.info(
            "%s: %s: %d frames lost from %d to %d ms: %s",
            self._name,
            stem,
            loss.frames,
            from_ms,
            to_ms,
            loss.cause,
        )

    def look(self, now_ns: int) -> None:
        """Write the line that is due; call it now and then."""
        if self._since_ns is None or now_ns - self._since_ns < _EVERY_NS:
            return
        self._since_ns = now_ns if self._gaps else None
        if self._gaps:
            _log.info(
                "%s: %d gaps, %d frames lost in the last minute",
                self._name,
                self._gaps,
                self._frames_lost,
            )
        self._gaps = self._frames_lost = 0
