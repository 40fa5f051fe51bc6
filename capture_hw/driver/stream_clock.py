"""When a network camera took a frame, on CLOCK_MONOTONIC.

A camera stamps its frames with a clock of its own, evenly but of unknown offset; our clock says
when they arrive, late by network and buffers. The rule:

- A frame was taken at its stamp plus an offset. The frame that arrived with the smallest lag
  (arrival minus stamp) says best what the offset is.
- No frame was taken after it arrived: a smaller lag than any before is the offset at once. Frames
  that FFmpeg read while it opened the stream come in a burst, all but the last too late; the
  smallest lag of the burst is the first offset.
- The two clocks drift. Every 10 s the smallest lag of that time is what the offset grows to, by at
  most 1 ms a second, ten times the drift of a bad crystal and too little to bend the mouse's pace.
- A smallest lag of 10 s that is 0.25 s above the offset, or a stamp that goes back by 1 s, means
  that the camera has set its clock: the offset is taken anew at once.
- Each frame is at least 1 ms later than the one before.
- A frame without a stamp was taken when it arrived.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_SMALLEST_STEP_NS: Final = 1_000_000
"""Segments count milliseconds, and no two frames of one may have the same."""
_WINDOW_NS: Final = 10_000_000_000
_SLEW_DIVISOR: Final = 1000
_RESET_NS: Final = 250_000_000
_BACKWARD_NS: Final = 1_000_000_000
_NO_LAG: Final = 1 << 63
"""Larger than any: nothing has arrived in this window."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One frame's stamp on the camera's clock, if it has one, and its arrival on ours."""

    stamp_ns: int | None
    arrived_ns: int


class StreamClock:
    """Follows one camera's clock; one thread at a time."""

    def __init__(self, burst: Sequence[Arrival]) -> None:
        """Take the offset from the frames of the opening, of which there is at least one."""
        lags = [one.arrived_ns - one.stamp_ns for one in burst if one.stamp_ns is not None]
        self._offset_ns = self._target_ns = min(lags, default=0)
        self._smallest_ns = _NO_LAG
        self._window_ns = self._slewed_ns = burst[-1].arrived_ns
        self._last_stamp_ns: int | None = None
        self._last_ns: int | None = None

    def captured_ns(self, arrival: Arrival) -> int:
        """Return when the next frame was taken; greater than the last answer."""
        taken_ns = arrival.arrived_ns
        if arrival.stamp_ns is not None:
            self._follow(arrival.stamp_ns, arrival.arrived_ns)
            taken_ns = min(taken_ns, arrival.stamp_ns + self._offset_ns)
        if self._last_ns is not None:
            taken_ns = max(taken_ns, self._last_ns + _SMALLEST_STEP_NS)
        self._last_ns = taken_ns
        return taken_ns

    def _follow(self, stamp_ns: int, arrived_ns: int) -> None:
        lag_ns = arrived_ns - stamp_ns
        last_ns, self._last_stamp_ns = self._last_stamp_ns, stamp_ns
        if last_ns is not None and stamp_ns < last_ns - _BACKWARD_NS:
            self._take(lag_ns, arrived_ns)
            return
        self._smallest_ns = min(self._smallest_ns, lag_ns)
        if arrived_ns - self._window_ns >= _WINDOW_NS:
            self._end_window(arrived_ns)
        grown_ns = self._offset_ns + (arrived_ns - self._slewed_ns) // _SLEW_DIVISOR
        self._offset_ns = min(grown_ns, self._target_ns, lag_ns)
        self._slewed_ns = arrived_ns

    def _end_window(self, arrived_ns: int) -> None:
        smallest_ns, self._smallest_ns = self._smallest_ns, _NO_LAG
        self._window_ns = arrived_ns
        self._target_ns = smallest_ns
        if smallest_ns > self._offset_ns + _RESET_NS:
            self._offset_ns = smallest_ns

    def _take(self, offset_ns: int, arrived_ns: int) -> None:
        self._offset_ns = self._target_ns = offset_ns
        self._smallest_ns = _NO_LAG
        self._window_ns = self._slewed_ns = arrived_ns


def with_stamps(burst: Sequence[Arrival], interval_ns: int) -> list[Arrival]:
    """Give the frames of the opening the stamps they lack, counted back from what follows.

    RTSP's first frame has none. If no frame has, they are spread evenly before the last arrival.
    """
    following = burst[-1].arrived_ns + interval_ns
    stamped: list[Arrival] = []
    none_has = all(one.stamp_ns is None for one in burst)
    for one in reversed(burst):
        if one.stamp_ns is not None:
            following = one.stamp_ns
        else:
            following -= interval_ns
        stamp_ns = None if none_has else following
        stamped.append(Arrival(stamp_ns, following if none_has else one.arrived_ns))
    return stamped[::-1]
