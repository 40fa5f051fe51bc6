"""The clock of a dimmer that has none: this machine's steady count, set and trimmed like a panel's.

So a step of this machine's wall clock moves no light before somebody has decided that it should.
"""

from dataclasses import dataclass
from typing import Final

_MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class ModbusClock:
    """What the time was at one reading of a quartz, and how fast it runs since."""

    run: str
    """Of the quartz; a reading of another run says nothing."""
    reading_ns: int
    utc_ns: int
    trim_ppm: int = 0

    def utc_at(self, reading_ns: int) -> int:
        """Return the time at a reading."""
        passed_ns = reading_ns - self.reading_ns
        return self.utc_ns + passed_ns + passed_ns * self.trim_ppm // _MILLION

    def trimmed(self, reading_ns: int, trim_ppm: int) -> "ModbusClock":
        """Return it running at another speed from a reading on, without a step."""
        return ModbusClock(self.run, reading_ns, self.utc_at(reading_ns), trim_ppm)
