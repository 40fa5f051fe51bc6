"""Gaps in quick succession, so that a camera that always drops does not fill its journal.

The first gaps of a minute are written down one by one. After them, short ones of the same cause
that follow each other are held back and become one line a second: from the frame before the first
to the frame that is written next, with the sum of what is lost. So a line is always there before
the frame at its end, and whoever reads both finds the gap first.
"""

from dataclasses import dataclass, replace
from typing import Final

from capture_hw.gap_finder import Loss

_ONE_BY_ONE: Final = 10
"""Gaps a minute; beyond, 25 frames/s of which every second is lost would be 1 kB a second."""
_MINUTE_NS: Final = 60_000_000_000
_RUN_NS: Final = 1_000_000_000
"""The longest stretch in one line, and the most that a kill takes of the count."""


@dataclass(frozen=True, slots=True)
class FoundGap:
    """Frames that are missing between two moments of the monotonic clock."""

    from_ns: int
    to_ns: int
    loss: Loss
    count: int | None = None
    """If given, this is the sum of so many gaps, and there are frames between the moments."""


class GapRun:
    """Takes a cage's gaps in order; returns those that are to be written down now."""

    def __init__(self) -> None:
        self._since_ns: int | None = None
        """When the first gap of this minute ended."""
        self._gaps = 0
        """In this minute."""
        self._held: FoundGap | None = None

    def take(self, gap: FoundGap) -> list[FoundGap]:
        """Take the gap before a frame that is about to be written."""
        if self._since_ns is None or gap.to_ns - self._since_ns >= _MINUTE_NS:
            self._since_ns, self._gaps = gap.to_ns, 0
        self._gaps += 1
        if self._gaps <= _ONE_BY_ONE or gap.to_ns - gap.from_ns >= _RUN_NS:
            return [*self.rest(gap.to_ns), gap]
        held = self._held
        if held is not None and held.loss.cause != gap.loss.cause:
            before, held = self.rest(gap.to_ns), None
        else:
            before = []
        frames = gap.loss.frames + (held.loss.frames if held else 0)
        self._held = FoundGap(
            from_ns=held.from_ns if held else gap.from_ns,
            to_ns=gap.to_ns,
            loss=replace(gap.loss, frames=frames),
            count=1 + (held.count or 0 if held else 0),
        )
        return before

    def due(self, frame_ns: int) -> list[FoundGap]:
        """Return what is to be written down before the frame that was captured at `frame_ns`."""
        if self._held is None or frame_ns - self._held.from_ns < _RUN_NS:
            return []
        return self.rest(frame_ns)

    def rest(self, until_ns: int) -> list[FoundGap]:
        """Return what is held back, up to `until_ns`; nothing is held back then."""
        held, self._held = self._held, None
        return [] if held is None else [replace(held, to_ns=until_ns)]
