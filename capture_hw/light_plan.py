"""The photoperiods of a panel over weeks and years, one after the other."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from capture_hw.photoperiod import SECOND_NS, Phase, Photoperiod


@dataclass(frozen=True, slots=True)
class Era:
    """A photoperiod, and from which moment on it counts."""

    from_utc_s: int
    """0 for the first one, which also counts for everything before."""
    photoperiod: Photoperiod


@dataclass(frozen=True, slots=True)
class LightPart:
    """A piece of time in which white light stays or changes evenly."""

    from_ns: int
    until_ns: int
    """Excluded."""
    from_permille: int
    to_permille: int
    phase: Phase


@dataclass(frozen=True, slots=True)
class LightPlan:
    """Eras in the order of time. Moments are nanoseconds since 1970 in UTC."""

    eras: tuple[Era, ...]

    def era_at(self, utc_ns: int) -> Era:
        """Return what counts at a moment."""
        return self.eras[self._index(utc_ns)]

    def zt_ns(self, utc_ns: int) -> int:
        """Return nanoseconds since the last ZT0 of the photoperiod that counts."""
        return self.era_at(utc_ns).photoperiod.zt_ns(utc_ns)

    def zt_h(self, utc_ns: int) -> float:
        """Return Zeitgeber time in hours, 0 to less than the cycle.

        In constant light or dark it goes on counting, as if lights went on.
        """
        return self.era_at(utc_ns).photoperiod.zt_h(utc_ns)

    def phase(self, utc_ns: int) -> Phase:
        """Return whether it is light; the instant of a change belongs to what follows."""
        return self.era_at(utc_ns).photoperiod.phase(utc_ns)

    def white_permille(self, utc_ns: int) -> int:
        """Return white light at a moment."""
        return self.era_at(utc_ns).photoperiod.white_permille(utc_ns)

    def parts(self, from_ns: int, until_ns: int) -> Iterator[LightPart]:
        """Yield light from one moment to another without holes; steady neighbors are one part.

        A ramp that is cut has the levels at the cut, which no longer belongs to it.
        """
        pending: LightPart | None = None
        while from_ns < until_ns:
            part = self._part(from_ns, until_ns)
            from_ns = part.until_ns
            if pending is not None and _continues(pending, part):
                pending = LightPart(
                    pending.from_ns, part.until_ns, part.from_permille, part.to_permille, part.phase
                )
                continue
            if pending is not None:
                yield pending
            pending = part
        if pending is not None:
            yield pending

    def next_change_ns(self, utc_ns: int) -> int | None:
        """Return the next moment at which the phase changes, later than `utc_ns`; None if never."""
        phase = self.phase(utc_ns)
        from_ns = utc_ns
        for index in range(self._index(utc_ns), len(self.eras)):
            change_ns = self.eras[index].photoperiod.other_phase_ns(phase, from_ns)
            end_ns = self._end_ns(index)
            if change_ns is not None and (end_ns is None or change_ns < end_ns):
                return change_ns
            if end_ns is not None:
                from_ns = end_ns
        return None

    def zt_ends_ns(self, utc_ns: int) -> int:
        """Return the next moment that Zeitgeber time does not count on to: ZT0 or a new era."""
        index = self._index(utc_ns)
        photoperiod = self.eras[index].photoperiod
        zero_ns = utc_ns - photoperiod.zt_ns(utc_ns) + photoperiod.cycle_s * SECOND_NS
        end_ns = self._end_ns(index)
        return zero_ns if end_ns is None else min(zero_ns, end_ns)

    def to_nearest_step_ns(self, utc_ns: int) -> int:
        """Return how far the nearest end of a span or an era is, before or after."""
        index = self._index(utc_ns)
        _span, began_ns, ends_ns = self.eras[index].photoperiod.span_at(utc_ns)
        nearest = min(utc_ns - began_ns, ends_ns - utc_ns)
        if index:
            nearest = min(nearest, utc_ns - self.eras[index].from_utc_s * SECOND_NS)
        end_ns = self._end_ns(index)
        return nearest if end_ns is None else min(nearest, end_ns - utc_ns)

    def _part(self, from_ns: int, until_ns: int) -> LightPart:
        index = self._index(from_ns)
        span, began_ns, ends_ns = self.eras[index].photoperiod.span_at(from_ns)
        end_ns = self._end_ns(index)
        cut_ns = min(until_ns, ends_ns, until_ns if end_ns is None else end_ns)
        length_s = (ends_ns - began_ns) // SECOND_NS
        first, last = (
            span.permille_after((at_ns - began_ns) // SECOND_NS, length_s)
            for at_ns in (from_ns, cut_ns)
        )
        return LightPart(from_ns, cut_ns, first, last, span.phase)

    def _index(self, utc_ns: int) -> int:
        starts = [era.from_utc_s for era in self.eras]
        return max(0, bisect_right(starts, utc_ns // SECOND_NS) - 1)

    def _end_ns(self, index: int) -> int | None:
        if index + 1 < len(self.eras):
            return self.eras[index + 1].from_utc_s * SECOND_NS
        return None


def _continues(before: LightPart, after: LightPart) -> bool:
    levels = {before.from_permille, before.to_permille, after.from_permille, after.to_permille}
    return before.phase == after.phase and len(levels) == 1
