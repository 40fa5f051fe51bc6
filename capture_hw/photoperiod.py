"""A photoperiod: white light that repeats after a cycle, as a pure function of a moment.

Moments are integers, nanoseconds since 1970 in UTC. Levels are per mille of full light. All
arithmetic is in integers, so that a panel's firmware gives the same level at the same second.
"""

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal, TypeAlias

Phase: TypeAlias = Literal["light", "dark"]
SECOND_NS: Final = 1_000_000_000
_HOUR_NS: Final = 3600 * SECOND_NS
_ZT_STEPS: Final = 10_000
_LESS_THAN_A_NS: Final = 1e-9
"""In steps of ZT; more than an hour's fraction is wrong by in binary."""


@dataclass(frozen=True, slots=True)
class LightSpan:
    """A part of a cycle in which white light stays or changes evenly."""

    start_s: int
    """Since the begin of the cycle, ZT0."""
    from_permille: int
    to_permille: int
    """At the end of the span, which is the start of the next one."""

    @property
    def phase(self) -> Phase:
        """Return whether it gives light: a ramp is light from its first to its last second."""
        return "light" if self.from_permille or self.to_permille else "dark"

    def permille_after(self, passed_s: int, length_s: int) -> int:
        """Return white light when a part of the span's length has passed."""
        rise = abs(self.to_permille - self.from_permille) * passed_s // length_s
        return self.from_permille + (rise if self.to_permille > self.from_permille else -rise)


@dataclass(frozen=True)
class Photoperiod:
    """Spans of white light that repeat; the instant of a change belongs to what follows."""

    zero_utc_s: int
    """A moment at which the cycle begins (ZT0), 0 to less than a cycle: one in 1970."""
    cycle_s: int
    spans: tuple[LightSpan, ...]
    """In order; the first starts at 0, the last ends with the cycle."""

    @cached_property
    def _starts_s(self) -> list[int]:
        return [span.start_s for span in self.spans]

    def zt_ns(self, utc_ns: int) -> int:
        """Return nanoseconds since the last begin of a cycle, 0 to less than a cycle."""
        return (utc_ns - self.zero_utc_s * SECOND_NS) % (self.cycle_s * SECOND_NS)

    def zt_h(self, utc_ns: int) -> float:
        """Return Zeitgeber time, 0 to less than the cycle, in hours of 60 minutes."""
        return self.zt_ns(utc_ns) / _HOUR_NS

    def span_at(self, utc_ns: int) -> tuple[LightSpan, int, int]:
        """Return the span of a moment, and when it began and ends, in UTC, ns."""
        zt_ns = self.zt_ns(utc_ns)
        index = bisect_right(self._starts_s, zt_ns // SECOND_NS) - 1
        last = index + 1 == len(self.spans)
        end_s = self.cycle_s if last else self._starts_s[index + 1]
        zero_ns = utc_ns - zt_ns
        span = self.spans[index]
        return span, zero_ns + span.start_s * SECOND_NS, zero_ns + end_s * SECOND_NS

    def phase(self, utc_ns: int) -> Phase:
        """Return whether it is light."""
        return self.span_at(utc_ns)[0].phase

    def white_permille(self, utc_ns: int) -> int:
        """Return white light at a moment; a ramp has a step at each whole second, if any."""
        span, began_ns, ends_ns = self.span_at(utc_ns)
        return span.permille_after(
            (utc_ns - began_ns) // SECOND_NS, (ends_ns - began_ns) // SECOND_NS
        )

    def other_phase_ns(self, phase: Phase, from_ns: int) -> int | None:
        """Return the first moment, from `from_ns` on, that is not in `phase`; None if none is."""
        for _span in range(len(self.spans) + 1):
            span, _began_ns, ends_ns = self.span_at(from_ns)
            if span.phase != phase:
                return from_ns
            from_ns = ends_ns
        return None


def written_zt_h(zt_h: float) -> float:
    """Return Zeitgeber time with four decimals, cut: rounded it might be the cycle's length."""
    return (zt_h * _ZT_STEPS + _LESS_THAN_A_NS) // 1 / _ZT_STEPS
