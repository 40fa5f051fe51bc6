"""Day and night by the clock: pure functions of a schedule and a moment.

Moments are integers, nanoseconds since 1970 in UTC; the schedule is in the facility's standard
time, a fixed offset, so that no animal ever gets a day of 23 or 25 hours.
"""

from dataclasses import dataclass
from datetime import timedelta, timezone
from typing import Final, Literal, TypeAlias

from capture_hw.light_config import LightConfig

Phase: TypeAlias = Literal["light", "dark"]
_HOUR_NS: Final = 3_600_000_000_000
_DAY_NS: Final = 24 * _HOUR_NS


@dataclass(frozen=True, slots=True)
class Photoperiod:
    """Lights on and off once a day."""

    lights_on_utc_ns: int
    """Nanoseconds from midnight UTC to lights on, 0 to one day."""
    light_ns: int

    def zt_ns(self, utc_ns: int) -> int:
        """Return nanoseconds since the last lights on, 0 to less than one day."""
        return (utc_ns - self.lights_on_utc_ns) % _DAY_NS

    def zt_h(self, utc_ns: int) -> float:
        """Return Zeitgeber time, 0 to less than 24 hours."""
        return self.zt_ns(utc_ns) / _HOUR_NS

    def phase(self, utc_ns: int) -> Phase:
        """Return whether it is light; the instant of a change belongs to what follows."""
        return "light" if self.zt_ns(utc_ns) < self.light_ns else "dark"

    def next_change_ns(self, utc_ns: int) -> int:
        """Return the moment of the next change, always later than `utc_ns`."""
        zt_ns = self.zt_ns(utc_ns)
        change_ns = self.light_ns if zt_ns < self.light_ns else _DAY_NS
        return utc_ns - zt_ns + change_ns

    def to_nearest_change_ns(self, utc_ns: int) -> int:
        """Return how far the nearest change is, before or after."""
        zt_ns = self.zt_ns(utc_ns)
        return min(zt_ns, abs(zt_ns - self.light_ns), _DAY_NS - zt_ns)


def photoperiod_of(config: LightConfig, standard_time: timezone) -> Photoperiod:
    """Return the schedule of a configuration."""
    on = config.lights_on
    local = timedelta(
        hours=on.hour, minutes=on.minute, seconds=on.second, microseconds=on.microsecond
    )
    utc = local - standard_time.utcoffset(None)
    return Photoperiod(
        lights_on_utc_ns=utc // timedelta(microseconds=1) * 1000 % _DAY_NS,
        light_ns=round(config.light_hours * _HOUR_NS),
    )
