"""When a segment starts and ends: the two clocks of a recording and its boundaries.

Order and length come from the monotonic clock. Wall time is an anchor noted once at the start of a
segment, so a clock that is stepped in the middle changes nothing until the next one.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Final

_SECOND_NS: Final = 1_000_000_000
_READINGS: Final = 3
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
"""Source: random(4); another value after each boot."""


@dataclass(frozen=True, slots=True)
class Clock:
    """The clocks of a recorder, passed in so that a stepped clock is a unit test."""

    monotonic_ns: Callable[[], int] = time.monotonic_ns
    utc_ns: Callable[[], int] = time.time_ns
    is_synchronized: Callable[[], bool] = lambda: False


@dataclass(frozen=True, slots=True)
class Anchor:
    """One instant on both clocks."""

    utc_ns: int
    monotonic_ns: int

    def utc_of_ns(self, monotonic_ns: int) -> int:
        """Return the wall time of a moment on the monotonic clock."""
        return self.utc_ns + monotonic_ns - self.monotonic_ns


def read_anchor(clock: Clock) -> Anchor:
    """Read both clocks at the same instant: of a few tries the one that was interrupted least."""
    tries = []
    for _ in range(_READINGS):
        before_ns, utc_ns, after_ns = clock.monotonic_ns(), clock.utc_ns(), clock.monotonic_ns()
        tries.append((after_ns - before_ns, utc_ns, (before_ns + after_ns) // 2))
    _, utc_ns, monotonic_ns = min(tries)
    return Anchor(utc_ns, monotonic_ns)


def next_boundary_ns(
    start_utc_ns: int, segment_s: int, standard_time: timezone, *, at_boundary: bool
) -> int:
    """Return the wall time at which a segment that starts at `start_utc_ns` shall end.

    The next multiple of `segment_s` since midnight of standard time. A segment that began
    `at_boundary` lasts at least half its length: a clock that was set back a little meanwhile does
    not reach the same boundary twice.
    """
    length_ns = segment_s * _SECOND_NS
    offset_ns = standard_time.utcoffset(None) // timedelta(microseconds=1) * 1000
    earliest_ns = start_utc_ns + offset_ns + (length_ns // 2 if at_boundary else 0)
    return (earliest_ns // length_ns + 1) * length_ns - offset_ns


def standard_moment(utc_ns: int, standard_time: timezone) -> datetime:
    """Return a moment in standard time, cut to the second."""
    return datetime.fromtimestamp(utc_ns // _SECOND_NS, UTC).astimezone(standard_time)


def offset_text(standard_time: timezone) -> str:
    """Return the offset as `+01:00`."""
    minutes = standard_time.utcoffset(None) // timedelta(minutes=1)
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def boot_id() -> str:
    """Return what tells this boot of the machine from all others. Raises OSError."""
    return _BOOT_ID.read_text(encoding="ascii").strip()
