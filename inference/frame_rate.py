"""The frame rate of a video, told from the times of its first frames. Source: decision 0005."""

from collections.abc import Sequence
from statistics import median
from typing import Final

RATE_SAMPLE_FRAMES: Final = 51
"""How many frames decide."""
_SPAN_FRAMES: Final = 10
_SAME_RATE: Final = 0.02
"""Relative difference of frame rates below which no picture is skipped or repeated."""


def interval_of(times_ms: Sequence[float]) -> float | None:
    """Return the time from frame to frame in ms; None if one frame is all there is.

    The median over spans of ten frames, as short as there are frames: jitter averages out, a few
    pauses do not count.
    """
    span = min(_SPAN_FRAMES, len(times_ms) - 1)
    if span < 1:
        return None
    spans_ms = (later - earlier for earlier, later in zip(times_ms, times_ms[span:], strict=False))
    return median(spans_ms) / span


def is_at_rate(interval_ms: float, frames_per_second: float) -> bool:
    """Say whether frames so far apart come so many a second, within 2 %."""
    return abs(interval_ms * frames_per_second / 1000 - 1) <= _SAME_RATE
