"""Which stretches of a recording become clips; pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1)
_DAY: Final = timedelta(days=1)
_EDGE: Final = timedelta(seconds=2)
"""A segment begins at a key frame, at most so long after its boundary; a pause that is shorter is
no gap. Source: contracts, "A segment on disk" and "Limits every fault stays within".
"""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Stretches of `length` at each `every` of the day, from midnight of standard time on."""

    every: timedelta
    length: timedelta

    def fault(self) -> str | None:
        """Return why these cannot be; None if they can."""
        if not timedelta(seconds=1) <= self.length <= self.every:
            return f"clips of {self.length} every {self.every}: from 1 s to their distance"
        if _DAY % self.every:
            return f"every {self.every} does not divide a day into equal parts"
        return None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What one segment holds: its first and last frame, in standard time without a zone."""

    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Intervals:
    """The stretches of a recording that are in it, and those of which it holds a part."""

    whole: tuple[datetime, ...]
    """Their begins, standard time."""
    partial: tuple[datetime, ...]


def intervals_of(
    recorded: Recorded, rhythm: Rhythm, begin: datetime | None, end: datetime | None
) -> Intervals:
    """Return the stretches of a recording between two moments of standard time, if given."""
    whole: list[datetime] = []
    partial: list[datetime] = []
    for moment in _moments(recorded, rhythm):
        until = moment + rhythm.length
        if (begin is not None and moment < begin) or (end is not None and until > end):
            continue
        if recorded.first - moment <= _EDGE and until - recorded.last <= _EDGE:
            whole.append(moment)
        elif min(until, recorded.last) - max(moment, recorded.first) > _EDGE:
            partial.append(moment)
    return Intervals(tuple(whole), tuple(partial))


def standard_moment(utc_ns: int, zone: timezone) -> datetime:
    """Return a moment in standard time, without its zone, cut to the microsecond."""
    offset = zone.utcoffset(None)
    return _EPOCH + timedelta(microseconds=utc_ns // 1000) + offset


def utc_ns_of(moment: datetime, zone: timezone) -> int:
    """Return the moment that `standard_moment` gave."""
    return (moment - zone.utcoffset(None) - _EPOCH) // timedelta(microseconds=1) * 1000


def evenly_spaced(moments: Sequence[datetime], count: int) -> list[int]:
    """Return the positions of `count` of the moments, which grow, as evenly apart as there are.

    The first and the last are among them, so that six-hour recordings of 48 hours show each quarter
    of the day; one alone is the middle one. All if there are not more.
    """
    if count >= len(moments):
        return list(range(len(moments)))
    if count == 1:
        return [(len(moments) - 1) // 2]
    span = moments[-1] - moments[0]
    chosen: list[int] = []
    for number in range(count):
        due = moments[0] + span * number / (count - 1)
        left = [place for place in range(len(moments)) if place not in chosen]
        chosen.append(min(left, key=lambda place: (abs(moments[place] - due), place)))
    return sorted(chosen)


def _moments(recorded: Recorded, rhythm: Rhythm) -> Iterator[datetime]:
    """Yield all begins whose stretch may touch the recording."""
    number = (recorded.first - rhythm.length - _EPOCH) // rhythm.every
    while (moment := _EPOCH + number * rhythm.every) <= recorded.last:
        yield moment
        number += 1
