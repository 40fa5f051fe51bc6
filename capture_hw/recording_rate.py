"""How fast and how late frames reach the disk: figures of the last few seconds."""

from collections import deque
from dataclasses import dataclass
from typing import Final

_WINDOW_NS: Final = 5_000_000_000


@dataclass(frozen=True, slots=True)
class _Written:
    at_ns: int
    late_ns: int
    size: int


class RecordingRate:
    """Note each written frame; bounded by what comes in five seconds."""

    def __init__(self) -> None:
        self._written: Final[deque[_Written]] = deque()
        self._since_ns: int | None = None

    def add(self, captured_ns: int, now_ns: int, size: int) -> None:
        """Note a frame that has just been written; all on the monotonic clock."""
        if self._since_ns is None:
            self._since_ns = now_ns
        self._written.append(_Written(now_ns, now_ns - captured_ns, size))
        self._forget(now_ns)

    def fps(self, now_ns: int) -> float:
        """Return frames a second."""
        self._forget(now_ns)
        return len(self._written) / self._window_s(now_ns)

    def bytes_per_s(self, now_ns: int) -> float:
        """Return bytes a second."""
        self._forget(now_ns)
        return sum(one.size for one in self._written) / self._window_s(now_ns)

    def late_ms(self, now_ns: int) -> float:
        """Return the longest time from capture to writing."""
        self._forget(now_ns)
        return max((one.late_ns for one in self._written), default=0) / 1e6

    def _window_s(self, now_ns: int) -> float:
        """Five seconds, or one to five if the first frame is younger than that."""
        age_ns = now_ns - self._since_ns if self._since_ns is not None else _WINDOW_NS
        return min(max(age_ns, 1_000_000_000), _WINDOW_NS) / 1e9

    def _forget(self, now_ns: int) -> None:
        while self._written and now_ns - self._written[0].at_ns > _WINDOW_NS:
            self._written.popleft()
