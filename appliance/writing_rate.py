"""How fast all recorders of a rack write: a mean of the last hour, without its outliers."""

from collections import deque
from typing import Final

_MINUTE_S: Final = 60.0
_MINUTES: Final = 60
"""A mouse's video has a tenth of the size when it sleeps; a forecast should not jump with it."""
_CUT: Final = 10
"""Every tenth minute, of the fastest and of the slowest, does not count."""
_LEAST_BYTES_PER_S: Final = 1.0
"""Less is not recording: it says nothing of how fast a disk fills."""


class WritingRate:
    """A trimmed mean over those of the last sixty minutes in which something was recorded."""

    def __init__(self) -> None:
        self._minutes: Final[deque[float | None]] = deque(maxlen=_MINUTES)
        self._begun_s: float | None = None
        self._sum = 0.0
        self._count = 0

    def add(self, bytes_per_s: float, now_s: float) -> None:
        """Take the rate of this moment, about once a second; `now_s` is monotonic."""
        if self._begun_s is None:
            self._begun_s = now_s
        elif now_s - self._begun_s >= _MINUTE_S:
            self._minutes.append(self._present)
            self._begun_s, self._sum, self._count = now_s, 0.0, 0
        if bytes_per_s >= _LEAST_BYTES_PER_S:
            self._sum += bytes_per_s
            self._count += 1

    @property
    def bytes_per_s(self) -> float | None:
        """The rate; None if nothing was recorded in the last hour."""
        known = sorted(minute for minute in self._minutes if minute is not None)
        if not known:
            return self._present
        cut = len(known) // _CUT
        kept = known[cut : len(known) - cut]
        return sum(kept) / len(kept)

    @property
    def _present(self) -> float | None:
        """The mean of the minute that is not over."""
        return self._sum / self._count if self._count else None


def hours_left(
    free_bytes: float, keep_free_bytes: float, bytes_per_s: float | None
) -> float | None:
    """Return how long recording goes on until only `keep_free_bytes` are left.

    Never negative; None if nobody knows how fast it writes.
    """
    if bytes_per_s is None or bytes_per_s < _LEAST_BYTES_PER_S:
        return None
    return round(max(0.0, free_bytes - keep_free_bytes) / bytes_per_s / 3600, 2)
