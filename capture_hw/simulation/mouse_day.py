"""By which light a simulated mouse rests, forages and sleeps."""

from dataclasses import dataclass
from typing import Final

from capture_hw.light_plan import Era, LightPlan
from capture_hw.photoperiod import SECOND_NS, LightSpan, Photoperiod
from capture_hw.simulation.rig import FPS

_FRAME_NS: Final = SECOND_NS // FPS
_HOUR_S: Final = 3600
_HOUR_NS: Final = _HOUR_S * SECOND_NS
_HALF_DAYS: Final = LightPlan(
    (Era(0, Photoperiod(0, 86_400, (LightSpan(0, 600, 600), LightSpan(43_200, 0, 0)))),)
)


@dataclass(frozen=True, slots=True)
class MouseHour:
    """A moment of a mouse's day."""

    zt_h: float
    rest_h: float
    """So long it rests, from ZT0."""
    cycle_h: float


@dataclass(frozen=True, slots=True)
class MouseDay:
    """The light that a mouse lives by, 12 h each of light and dark if nothing else is given.

    A new photoperiod counts at once; a real mouse needs days to follow.
    """

    zero_utc_ns: int = 0
    """When frame 0 is."""
    plan: LightPlan = _HALF_DAYS

    def hour_at(self, frame: int) -> MouseHour:
        """Return what time a mouse has it at a frame."""
        utc_ns = self.zero_utc_ns + frame * _FRAME_NS
        photoperiod = self.plan.era_at(utc_ns).photoperiod
        return MouseHour(
            photoperiod.zt_ns(utc_ns) / _HOUR_NS,
            _rest_s(photoperiod) / _HOUR_S,
            photoperiod.cycle_s / _HOUR_S,
        )


def day_from(zt_h: float) -> MouseDay:
    """Return a day of 12 h light and 12 h dark whose frame 0 is at a Zeitgeber time."""
    return MouseDay(round(zt_h * _HOUR_NS))


def _rest_s(photoperiod: Photoperiod) -> int:
    """Return when rest ends: with the last light, in constant light or dark after half a cycle."""
    ends = [*(span.start_s for span in photoperiod.spans[1:]), photoperiod.cycle_s]
    lit = [end for span, end in zip(photoperiod.spans, ends, strict=True) if span.phase == "light"]
    return lit[-1] if lit and lit[-1] < photoperiod.cycle_s else photoperiod.cycle_s // 2
