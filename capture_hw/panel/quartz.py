"""The clock of a simulated panel: a quartz of its own, which no step of this machine moves."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Quartz:
    """Something that counts nanoseconds steadily, and what it counts from."""

    read: Callable[[], int]
    run: str
    """Names one uninterrupted count: readings of two runs cannot be compared."""
    first_offset_ns: int
    """UTC minus reading, as far as the panel knows before anybody has set its clock."""
    has_rtc: bool = True
    """Whether the panel has a real-time clock; without one it does not know that offset."""


def machine_quartz() -> Quartz:
    """Return this machine's count since it was started, suspended time included.

    Source: clock_gettime(2), CLOCK_BOOTTIME. Raises OSError.
    """
    return Quartz(
        read=_boot_time_ns,
        run=_BOOT_ID.read_text(encoding="ascii").strip(),
        first_offset_ns=time.time_ns() - _boot_time_ns(),
    )


def _boot_time_ns() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)
