"""How long bouts last, by day and night and in a busy clip."""

import math
from dataclasses import dataclass
from typing import Final

from capture_hw.simulation.behavior import BehaviorName


@dataclass(frozen=True, slots=True)
class Span:
    """A log-normal duration in seconds, cut at both ends."""

    median_s: float
    sigma: float
    least_s: float
    most_s: float

    def seconds(self, normal: float) -> float:
        """Return the duration for a draw from the standard normal distribution."""
        drawn = self.median_s * math.exp(self.sigma * normal)
        return min(self.most_s, max(self.least_s, drawn))


NATURAL: Final[dict[BehaviorName, Span]] = {
    "drink": Span(7.0, 0.4, 3.0, 16.0),
    "eat": Span(26.0, 0.7, 7.0, 120.0),
    "groom": Span(12.0, 0.7, 4.0, 60.0),
    "hang": Span(7.5, 0.6, 3.0, 30.0),
    "micromovement": Span(3.2, 0.5, 1.2, 9.0),
    "rear": Span(2.2, 0.35, 1.2, 4.5),
    "rest": Span(150.0, 0.8, 30.0, 600.0),
}
BUSY: Final[dict[BehaviorName, Span]] = {
    "drink": Span(6.5, 0.3, 4.0, 12.0),
    "eat": Span(9.0, 0.4, 5.0, 22.0),
    "groom": Span(8.5, 0.4, 4.0, 20.0),
    "hang": Span(6.5, 0.35, 3.5, 14.0),
    "micromovement": Span(2.8, 0.4, 1.2, 6.0),
    "rear": Span(2.4, 0.35, 1.4, 4.5),
    "rest": Span(12.0, 0.3, 7.0, 24.0),
}
