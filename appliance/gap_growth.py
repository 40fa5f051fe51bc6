"""How many gaps each cage has had lately."""

from collections import deque
from typing import Final

from appliance.status import RackStatus

_WINDOW_S: Final = 600.0
_STEP_S: Final = 10.0


class GapGrowth:
    """Remembers the recorders' counters for ten minutes."""

    def __init__(self) -> None:
        self._counts: Final[dict[int, deque[tuple[float, int]]]] = {}
        self._last: Final[dict[int, int]] = {}
        self._total: Final[dict[int, int]] = {}

    def take(self, status: RackStatus, now_s: float) -> dict[int, int]:
        """Take the present counters; return each cage's new gaps within the window."""
        lately = {}
        for cage in status.cages:
            if cage.recorder is not None:
                lately[cage.cage] = self._grown(cage.cage, cage.recorder.gaps, now_s)
        return lately

    def _grown(self, cage: int, gaps: int, now_s: float) -> int:
        # A recorder that was started again counts from zero.
        last = self._last.get(cage, gaps)
        self._last[cage] = gaps
        total = self._total.get(cage, 0) + (gaps - last if gaps >= last else gaps)
        self._total[cage] = total
        counts = self._counts.setdefault(cage, deque())
        if not counts or now_s - counts[-1][0] >= _STEP_S:
            counts.append((now_s, total))
        # The first one is the last from before the window: what has grown since then is new.
        while len(counts) > 1 and counts[1][0] <= now_s - _WINDOW_S:
            counts.popleft()
        return total - counts[0][1]
