"""How fast bytes go."""

import threading
from collections import deque
from typing import Final

_WINDOW_S: Final = 30.0


class Meter:
    """Bytes a second over the last half minute; any thread may add and ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._added: deque[tuple[float, int]] = deque()

    def add(self, size: int, now_s: float) -> None:
        """Count bytes at a moment of the monotonic clock."""
        with self._lock:
            self._added.append((now_s, size))
            self._forget(now_s)

    def per_s(self, now_s: float) -> float:
        """Return the mean rate."""
        with self._lock:
            self._forget(now_s)
            return sum(size for _, size in self._added) / _WINDOW_S

    def _forget(self, now_s: float) -> None:
        while self._added and self._added[0][0] < now_s - _WINDOW_S:
            self._added.popleft()
