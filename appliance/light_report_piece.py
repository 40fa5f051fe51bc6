"""What a day's rows vouch for: pieces of time in which a panel was seen, and those between."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal, TypeAlias

from appliance.light_record import LightRow
from capture_hw.photoperiod import SECOND_NS

Span: TypeAlias = tuple[int, int]
"""From one moment to another, which is excluded; ns since 1970 in UTC."""
Hole: TypeAlias = Literal[
    "nothing was written", "the panel did not answer", "nobody looked", "the clock was set back"
]
ROW_VOUCHES_S: Final = 90
"""A row comes at least once a minute. If the next one is later than that, nothing is known from
the row on."""
LEVEL_POINTS: Final = 5
"""Percent points by which a sensor may differ; so much is no light."""


@dataclass(frozen=True, slots=True)
class Piece:
    """From a row to the next one."""

    from_ns: int
    until_ns: int
    """Excluded."""
    row: LightRow | None
    """None before the first row."""
    hole: Hole | None
    """Why nothing is known of it; None if the row holds good for all of it."""

    @property
    def span(self) -> Span:
        """Return from when to when it lasts."""
        return self.from_ns, self.until_ns

    @property
    def seen(self) -> LightRow | None:
        """Return the row that holds good; None if nothing is known."""
        return None if self.hole else self.row

    @property
    def judged(self) -> Span | None:
        """Return what the row says something of; in a hole the second of its look."""
        if self.row is None or self.row.cause == "stop":
            return None
        if self.hole is None:
            return self.span
        if self.row.utc_ns < self.from_ns:
            return None
        return self.from_ns, min(self.from_ns + SECOND_NS, self.until_ns)


def pieces_of(rows: Sequence[LightRow], span: Span, twice: Collection[Span] = ()) -> list[Piece]:
    """Return pieces of a panel's time without holes between them, from rows in order.

    The last row before the span counts for its beginning. `twice`: spans, from a row to a row,
    that this machine's clock showed twice; which of their rows held good when, nobody knows.
    """
    from_ns, until_ns = span
    before = [row for row in rows if row.utc_ns < from_ns][-1:]
    within = [row for row in rows if from_ns <= row.utc_ns < until_ns]
    counting = before + within
    first_ns = counting[0].utc_ns if counting else until_ns
    pieces: list[Piece] = []
    if first_ns > from_ns:
        pieces.append(Piece(from_ns, first_ns, None, "nothing was written"))
    for index, row in enumerate(counting, start=1):
        following = counting[index] if index < len(counting) else None
        end_ns = until_ns if following is None else following.utc_ns
        begin_ns = max(row.utc_ns, from_ns)
        if end_ns > begin_ns:
            hole = _hole(row, end_ns - row.utc_ns, following)
            if hole is None and any(one[0] <= begin_ns < one[1] for one in twice):
                hole = "the clock was set back"
            pieces.append(Piece(begin_ns, end_ns, row, hole))
    return pieces


def is_lit(row: LightRow) -> bool:
    """Return whether there was white light, by the sensor or, without one, by the command."""
    if row.white_measured is not None:
        return row.white_measured > LEVEL_POINTS
    return bool(row.white_commanded)


def total_s(spans: Iterable[Span]) -> float:
    """Return how long spans are together, in milliseconds' steps."""
    return sum(until_ns - from_ns for from_ns, until_ns in spans) // 1_000_000 / 1000


def without(span: Span, cuts: Iterable[Span]) -> Iterator[Span]:
    """Yield what is left of a span outside the cuts."""
    at_ns, until_ns = span
    for cut_from_ns, cut_until_ns in sorted(cuts):
        if cut_until_ns <= at_ns:
            continue
        if cut_from_ns >= until_ns:
            break
        if cut_from_ns > at_ns:
            yield at_ns, cut_from_ns
        at_ns = cut_until_ns
    if at_ns < until_ns:
        yield at_ns, until_ns


def due_changes(pieces: Sequence[Piece], least_off_s: float = 0.0) -> list[int]:
    """Return when another phase or quite another level was due than before, by the rows alone.

    Only of rows in which the panel's clock is off by `least_off_s` at least.
    """
    rows = [piece.row for piece in pieces if piece.row is not None]
    return [
        after.utc_ns
        for before, after in pairwise(rows)
        if abs(after.clock_off_s or 0.0) >= least_off_s
        and (
            before.phase != after.phase
            or abs(before.white_scheduled - after.white_scheduled) > LEVEL_POINTS
        )
    ]


def _hole(row: LightRow, length_ns: int, following: LightRow | None) -> Hole | None:
    if row.cause == "stop":
        return "nobody looked"
    if length_ns > ROW_VOUCHES_S * SECOND_NS:
        return "nothing was written"
    if following is not None and following.cause == "start":
        return "nobody looked"
    if row.white_commanded is None or row.ir_commanded is None:
        return "the panel did not answer"
    return None
