"""Proving that a camera sees a panel: a rhythm of infrared light, found again in the pictures.

White light is never touched: an animal may live there. The rhythm is a code that no other source of
light has, so a flickering lamp or a moving mouse is not taken for the panel.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

STEP_NS: Final = 400_000_000
"""Ten frames at 25 frames/s: automatic exposure is slower, a pair of fields is not."""
DIMMED_PERCENT: Final = 30
CODE: Final = (0, 0, 1, 1, 1, 0, 0, 1, 0, 0)
"""1 is dimmed. Barker's code of seven, 1110010, between steps of full light: shifted, it does not
resemble itself. Source: Barker, Group synchronizing of binary digital systems, 1953."""
_SHIFTS: Final = 21
_LATEST_NS: Final = 400_000_000
"""A panel and a camera that say when, but not exactly when."""
_SEEN: Final = 0.8
_FEWEST_LEVELS: Final = 2.0
"""Of mean luma: sensor noise moves it by a tenth of a level, a walking mouse by one."""


@dataclass(frozen=True, slots=True)
class BlinkResult:
    """How much of the rhythm was found."""

    likeness: float
    """Correlation with the rhythm, -1 to 1, at the delay where it is best."""
    depth: float
    """By how many levels of luma the picture became darker."""
    delay_ms: float

    @property
    def is_seen(self) -> bool:
        """Whether the camera sees the panel."""
        return self.likeness >= _SEEN and self.depth >= _FEWEST_LEVELS


def look_for_blink(
    captured_ns: Sequence[int], mean_luma: Sequence[float], started_ns: int
) -> BlinkResult:
    """Return how well the pictures follow the rhythm that began at `started_ns`.

    Both sequences have a value for each frame; ValueError with fewer than two frames a step.
    """
    times = np.asarray(captured_ns, np.int64) - started_ns
    luma = np.asarray(mean_luma, np.float64)
    results = [
        _compare(times - round(delay), luma, delay / 1e6)
        for delay in np.linspace(0, _LATEST_NS, _SHIFTS)
    ]
    return max(results, key=lambda result: result.likeness)


def _compare(times: NDArray[np.int64], luma: NDArray[np.float64], delay_ms: float) -> BlinkResult:
    inside = (times >= 0) & (times < STEP_NS * len(CODE))
    if np.count_nonzero(inside) < 2 * len(CODE):
        raise ValueError(f"{np.count_nonzero(inside)} frames are too few for a rhythm")
    dimmed = np.asarray(CODE)[times[inside] // STEP_NS] == 1
    seen = luma[inside]
    depth = float(seen[~dimmed].mean() - seen[dimmed].mean())
    spread = float(seen.std())
    if spread == 0.0:
        return BlinkResult(0.0, 0.0, delay_ms)
    likeness = float(np.corrcoef(seen, ~dimmed)[0, 1])
    return BlinkResult(likeness, depth, delay_ms)
