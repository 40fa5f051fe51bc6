"""What the lights worker goes by for time."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LightClock:
    """What the time is and whether to trust it."""

    utc_ns: Callable[[], int]
    monotonic_s: Callable[[], float]
    is_synchronized: Callable[[], bool]
