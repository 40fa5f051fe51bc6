"""The times of a file that is played over and over."""

from collections import deque
from fractions import Fraction
from statistics import median_low
from typing import Final

_INTERVALS_KEPT: Final = 101
SMALLEST_STEP_NS: Final = 1_000_000
"""Segments count milliseconds, and no two frames of one may have the same."""
_SECOND_NS: Final = 1_000_000_000


class ReplayClock:
    """Puts time stamps of pass after pass on one line that grows without a jump.

    A pass lasts from its first to its last frame plus the median interval between frames.
    """

    def __init__(self, start_ns: int, time_base: Fraction | None, rate: Fraction) -> None:
        """Begin the first pass at `start_ns`; `rate` in frames/s serves where stamps lack."""
        self._tick_ns = (time_base or Fraction(1, 1000)) * _SECOND_NS
        self._interval_ns = max(SMALLEST_STEP_NS, round(_SECOND_NS / rate))
        self._intervals: deque[int] = deque(maxlen=_INTERVALS_KEPT)
        self._start_ns = start_ns
        self._last_ns: int | None = None
        self._zero: Fraction | None = None
        """What a stamp of zero would be, in ns since the start of the pass."""

    def stamp(self, pts: int | None) -> int:
        """Return the moment of the pass's next frame; one without a stamp follows regularly."""
        last_ns = self._last_ns
        usual_ns = self._start_ns if last_ns is None else last_ns + self._usual_interval_ns()
        moment_ns = usual_ns if pts is None else self._placed(pts, usual_ns)
        if last_ns is not None:
            moment_ns = max(moment_ns, last_ns + SMALLEST_STEP_NS)
            self._intervals.append(moment_ns - last_ns)
        self._last_ns = moment_ns
        return moment_ns

    def begin_pass(self) -> None:
        """Let the next frame be the first of the file again."""
        if self._last_ns is not None:
            self._start_ns = self._last_ns + self._usual_interval_ns()
        self._last_ns = None
        self._zero = None

    def _placed(self, pts: int, usual_ns: int) -> int:
        if self._zero is None:
            self._zero = usual_ns - self._start_ns - pts * self._tick_ns
        return self._start_ns + round(self._zero + pts * self._tick_ns)

    def _usual_interval_ns(self) -> int:
        return median_low(self._intervals) if self._intervals else self._interval_ns
