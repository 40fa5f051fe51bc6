"""Median, 99th percentile, least, largest of what was measured."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Spread:
    """How measured values lie; all in the unit of the values."""

    count: int
    least: float
    median: float
    p99: float
    largest: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """Sum values up, one at least; the 99th percentile is that of the values themselves."""
        ordered = sorted(values)
        p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
        return cls(len(ordered), ordered[0], statistics.median(ordered), p99, ordered[-1])

    def text(self, unit: str, digits: int = 1) -> str:
        """Return it in words, without the least."""
        return (
            f"median {self.median:.{digits}f}, p99 {self.p99:.{digits}f}, "
            f"max {self.largest:.{digits}f} {unit} of {self.count}"
        )
