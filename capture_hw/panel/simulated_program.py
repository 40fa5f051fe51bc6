"""How a simulated panel takes a program: staged piece by piece, looked over, then run."""

from itertools import pairwise
from typing import Final

from capture_hw.light_config import LEAST_IR_PERCENT
from capture_hw.light_plan import Era
from capture_hw.panel.program import MOST_ERAS, MOST_SPANS, PanelProgram
from capture_hw.panel.simulated_command import CommandRefused, ErrorCode
from capture_hw.photoperiod import LightSpan, Photoperiod

IR_FLOOR: Final = LEAST_IR_PERCENT * 10
"""Per mille."""
FULL: Final = 1000
"""Per mille."""
LONGEST_CYCLE_S: Final = 259_200


class ProgramStaging:
    """A program that arrives in pieces and changes nothing before it is committed.

    A piece that comes twice in a row is taken once: its answer was lost.
    Source: docs/panel-protocol.md, "Repeats".
    """

    def __init__(self) -> None:
        self._ir_permille: int | None = None
        self._eras: list[tuple[int, int, int, int]] = []
        """FROM, ZERO, CYCLE and the number of spans."""
        self._spans: list[list[LightSpan]] = []
        self._last: tuple[int, ...] | LightSpan | None = None

    def begin(self, ir_permille: int) -> None:
        """Forget what was staged."""
        self._ir_permille = ir_permille
        self._eras, self._spans, self._last = [], [], None

    def add_era(self, from_utc_s: int, zero_utc_s: int, cycle_s: int, spans: int) -> None:
        """Add the next era. Raises CommandRefused if the last one lacks spans or it is too much."""
        self._require_begun()
        era = from_utc_s, zero_utc_s, cycle_s, spans
        if era == self._last:
            return
        announced = sum(before[3] for before in self._eras)
        if self._lacks_spans or len(self._eras) == MOST_ERAS or announced + spans > MOST_SPANS:
            raise CommandRefused("order")
        self._eras.append(era)
        self._spans.append([])
        self._last = era

    def add_span(self, start_s: int, from_permille: int, to_permille: int) -> None:
        """Add the last era's next span. Raises CommandRefused if it has all of them."""
        self._require_begun()
        span = LightSpan(start_s, from_permille, to_permille)
        if span == self._last:
            return
        if not self._lacks_spans:
            raise CommandRefused("order")
        self._spans[-1].append(span)
        self._last = span

    def program(self) -> PanelProgram:
        """Return what was staged. Raises CommandRefused if it is not whole or cannot be run."""
        self._require_begun()
        assert self._ir_permille is not None
        if self._lacks_spans or not self._eras:
            raise CommandRefused("order")
        program = PanelProgram(
            self._ir_permille,
            tuple(
                Era(from_s, Photoperiod(zero_s, cycle_s, tuple(spans)))
                for (from_s, zero_s, cycle_s, _), spans in zip(self._eras, self._spans, strict=True)
            ),
        )
        doubt = program_doubt(program)
        if doubt is not None:
            raise CommandRefused(doubt)
        return program

    def whole_program(self) -> PanelProgram | None:
        """Return what was staged if it could be committed."""
        try:
            return self.program()
        except CommandRefused:
            return None

    @property
    def _lacks_spans(self) -> bool:
        return bool(self._eras) and len(self._spans[-1]) < self._eras[-1][3]

    def _require_begun(self) -> None:
        if self._ir_permille is None:
            raise CommandRefused("order")


def program_doubt(program: PanelProgram) -> ErrorCode | None:
    """Return why a panel does not run a program. Source: docs/panel-protocol.md, "Program"."""
    photoperiods = [era.photoperiod for era in program.eras]
    moments = [era.from_utc_s for era in program.eras]
    spans = [span for photoperiod in photoperiods for span in photoperiod.spans]
    if not 1 <= len(moments) <= MOST_ERAS or len(spans) > MOST_SPANS:
        return "order"
    if any(after <= before for before, after in pairwise(moments)):
        return "order"
    if not all(_is_in_order(photoperiod) for photoperiod in photoperiods):
        return "order"
    levels = [level for span in spans for level in (span.from_permille, span.to_permille)]
    is_in_range = (
        IR_FLOOR <= program.ir_permille <= FULL
        and all(0 <= level <= FULL for level in levels)
        and all(1 <= own.cycle_s <= LONGEST_CYCLE_S for own in photoperiods)
        and all(0 <= own.zero_utc_s < own.cycle_s for own in photoperiods)
    )
    return None if is_in_range else "range"


def _is_in_order(photoperiod: Photoperiod) -> bool:
    starts = [span.start_s for span in photoperiod.spans]
    return (
        bool(starts)
        and starts[0] == 0
        and all(after > before for before, after in pairwise(starts))
        and starts[-1] < photoperiod.cycle_s
    )
