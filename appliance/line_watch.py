"""What happens on a panel's line in a minute: damage, a second master, restarts."""

from collections import deque
from dataclasses import dataclass
from typing import Final

from capture_hw.panel.state import LineCount, PanelState

_WINDOW_S: Final = 60.0
_MOST_BAD: Final = 5
"""Damaged lines in a minute, of both sides; a few are electricians and vacuum cleaners."""
_MOST_LOST: Final = 5
_MOST_FOREIGN: Final = 3
"""Commands in a minute that we have not sent; another host that watches sends hundreds."""
_MODULO: Final = 65_536


@dataclass(frozen=True, slots=True)
class _Counts:
    at_s: float
    bad: int
    """Of the panel, since the watch began, as the next; never wraps."""
    lost: int
    faults: int
    """Of the host, as the next."""
    foreign: int


class LineWatch:
    """Counters of both ends of one line; call `note` after each look."""

    def __init__(self) -> None:
        self.restarts = 0
        """Of the panel, seen since the watch began."""
        self._last: PanelState | None = None
        self._counts: deque[_Counts] = deque()

    @property
    def faults(self) -> int:
        """Return damaged, late and foreign lines so far, of both sides."""
        return self._counts[-1].bad + self._counts[-1].faults if self._counts else 0

    def note(self, now_s: float, state: PanelState, line: LineCount) -> bool:
        """Take the counters in; return whether the panel was started again since the last call."""
        last, self._last = self._last, state
        before = self._counts[-1] if self._counts else None
        is_restarted = last is not None and _is_restarted(last, state)
        if is_restarted:
            assert last is not None
            self.restarts += max(1, (state.resets - last.resets) % _MODULO)
        if last is None or before is None:
            counts = _Counts(now_s, 0, 0, line.faults, line.foreign_commands)
        else:
            # What a panel has counted since it was started is all new.
            zero = 0 if is_restarted else 1
            counts = _Counts(
                now_s,
                before.bad + (state.bad_lines - zero * last.bad_lines) % _MODULO,
                before.lost + (state.lost_bytes - zero * last.lost_bytes) % _MODULO,
                line.faults,
                line.foreign_commands,
            )
        if is_restarted:
            self._counts.clear()
        self._counts.append(counts)
        while self._counts[0].at_s < now_s - _WINDOW_S:
            self._counts.popleft()
        return is_restarted

    def complaint(self) -> str:
        """Return what is wrong with the line, one clause, or nothing."""
        if not self._counts:
            return ""
        first, last = self._counts[0], self._counts[-1]
        bad = last.bad - first.bad + last.faults - first.faults
        lost = last.lost - first.lost
        foreign = last.foreign - first.foreign
        if foreign > _MOST_FOREIGN:
            return f"somebody else talks to it: {foreign} commands in a minute were not ours"
        if bad > _MOST_BAD:
            return f"its line is bad: {bad} damaged or late lines in a minute"
        if lost > _MOST_LOST:
            return f"its line is bad: {lost} bytes were lost in a minute"
        return ""


def _is_restarted(before: PanelState, now: PanelState) -> bool:
    return now.resets != before.resets or now.up_s < before.up_s
