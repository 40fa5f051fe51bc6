"""The light report as plain lines of a terminal, in 80 columns."""

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timezone
from itertools import zip_longest
from typing import Final

from appliance.light_record_reading import day_bounds_ns
from appliance.light_report import LightReportDocument
from appliance.light_report_building import MadeReport
from appliance.light_report_day import PanelDay
from appliance.light_report_deviation import SWITCH_S
from appliance.light_report_piece import Span, is_lit
from appliance.light_report_words import (
    Table,
    balance,
    clock_sentence,
    panel_tables,
    record_sentence,
    signature_lines,
    tolerance_sentence,
)
from capture_hw.photoperiod import SECOND_NS

_COLUMNS: Final = 80
_CELLS: Final = 48
"""A cell each half hour."""
_LABEL: Final = 10
_CELL_NS: Final = 86_400_000_000_000 // _CELLS
_SIGNS: Final = {"light": "█", "some": "▄", "dark": "·", "unseen": "?", "none": " "}
_ASCII_SIGNS: Final = {"light": "#", "some": "-", "dark": ".", "unseen": "?", "none": " "}


def report_lines(
    made: MadeReport, document: LightReportDocument, zone: timezone, *, is_ascii: bool
) -> Iterator[str]:
    """Yield all lines; sentences and cells are wrapped."""
    report = document.report
    midnight_ns = day_bounds_ns(date.fromisoformat(report.day), zone)[0]
    yield (
        f"{report.facility}/{report.rack}   light of {report.day}   "
        f"standard time, UTC{report.utc_offset}"
    )
    yield ""
    for sentence in (report.sentence, *report.remarks):
        yield from _wrapped(sentence)
    signs = _ASCII_SIGNS if is_ascii else _SIGNS
    for panel, day in zip(report.panels, made.days, strict=True):
        yield ""
        yield f"Panel {panel.panel}"
        if len(report.panels) > 1:
            yield from _wrapped(panel.sentence)
        yield from _drawing(day, midnight_ns, signs)
        yield from _wrapped(balance(panel))
        yield from _wrapped(clock_sentence(panel, zone))
        for table in panel_tables(panel, zone):
            yield from _table(table)
    yield ""
    for line in signature_lines(document, zone):
        yield from _wrapped(line)
    yield ""
    yield from _wrapped(tolerance_sentence(report.tolerances))
    yield from _wrapped(record_sentence(document))


def _drawing(day: PanelDay, midnight_ns: int, signs: dict[str, str]) -> Iterator[str]:
    planned = [(part.from_ns, part.until_ns, part.phase) for part in day.planned]
    seen = [
        (
            piece.from_ns,
            piece.until_ns,
            "unseen" if piece.seen is None else "light" if is_lit(piece.seen) else "dark",
        )
        for piece in day.pieces
    ]
    deviations = [(one.from_ns, one.until_ns) for one in day.deviations]
    overrides = [(one.from_ns, one.until_ns or day.span[1]) for one in day.overrides]
    yield " " * _LABEL + "".join(f"{hour:02d}".ljust(6) for hour in range(0, 24, 3)) + "24"
    yield "planned".ljust(_LABEL) + _strip(planned, midnight_ns, signs)
    yield "observed".ljust(_LABEL) + _strip(seen, midnight_ns, signs)
    for label, spans, sign in (("deviation", deviations, "!"), ("override", overrides, "o")):
        if spans:
            yield label.ljust(_LABEL) + _mark_strip(spans, midnight_ns, sign)
    yield (
        f"{'':{_LABEL}}{signs['light']} light  {signs['dark']} dark  {signs['some']} both  "
        f"{signs['unseen']} not observed"
    )


def _strip(states: Sequence[tuple[int, int, str]], midnight_ns: int, signs: dict[str, str]) -> str:
    cells: list[Counter[str]] = [Counter() for _ in range(_CELLS)]
    for from_ns, until_ns, state in states:
        for cell in _cells((from_ns, until_ns), midnight_ns):
            begin_ns = midnight_ns + cell * _CELL_NS
            cells[cell][state] += min(until_ns, begin_ns + _CELL_NS) - max(from_ns, begin_ns)
    return "".join(signs[_word(cell)] for cell in cells)


def _word(states: Counter[str]) -> str:
    """Return the word for a cell; what nobody saw is never hidden by what was seen."""
    if "unseen" in states:
        return "unseen"
    lasting = [state for state, lasted_ns in states.items() if lasted_ns > SWITCH_S * SECOND_NS]
    if len(lasting) > 1:
        return "some"
    return states.most_common(1)[0][0] if states else "none"


def _mark_strip(spans: Sequence[Span], midnight_ns: int, sign: str) -> str:
    marked = {cell for span in spans for cell in _cells(span, midnight_ns)}
    return "".join(sign if cell in marked else " " for cell in range(_CELLS)).rstrip()


def _cells(span: Span, midnight_ns: int) -> range:
    first = max(0, (span[0] - midnight_ns) // _CELL_NS)
    last = min(_CELLS, -((midnight_ns - span[1]) // _CELL_NS))
    return range(first, last)


def _table(table: Table) -> Iterator[str]:
    yield ""
    yield table.title
    lines = [table.columns, *table.rows]
    widths = _widths([max(len(cell) for cell in column) for column in zip(*lines, strict=True)])
    for line in lines:
        cells = [
            textwrap.wrap(cell, width) if width else []
            for cell, width in zip(line, widths, strict=True)
        ]
        for parts in zip_longest(*cells, fillvalue=""):
            padded = (part.ljust(width) for part, width in zip(parts, widths, strict=True))
            yield ("  " + "  ".join(padded)).rstrip()


def _widths(wanted: list[int]) -> list[int]:
    """Return widths that fit on the screen: the widest column gives way."""
    widths = list(wanted)
    while sum(widths) + 2 * len(widths) > _COLUMNS:
        widest = widths.index(max(widths))
        widths[widest] -= 1
    return widths


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _COLUMNS, break_on_hyphens=False)
