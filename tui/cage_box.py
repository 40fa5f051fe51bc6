"""A cage as a box of five to twelve rows, for large terminals."""

from collections.abc import Sequence
from typing import Final

from rich.segment import Segment
from rich.style import Style

from tui.amount_text import bytes_text, count, lag_text
from tui.cage_view import CageView
from tui.ethogram_line import axis, ethogram_cells
from tui.ink import CAUTION, EDGE, LEVEL_STYLES, QUIET, SELECTED, STRONG
from tui.line import Line, cropped, justified, line_width, text
from tui.plain_text import fit
from tui.time_text import clock, duration

_EDGES: Final = 4
"""Cells of a box that are not inside: an edge and a space on each side."""
_PAD: Final = 17
"""Cells of the colored field with the behavior's name."""
_PAD_ROWS: Final = 3
_MOST_STRIPS: Final = 5
_LEAST_FOR_AXIS: Final = 5
_LEAST_FOR_PAD: Final = 6
"""Rows inside from which the field has three rows."""


def box_strip_width(width: int) -> int:
    """Return the cells of the strip in a box."""
    return max(0, width - _EDGES)


def cage_box(
    view: CageView,
    width: int,
    height: int,
    codes: Sequence[int | None],
    hours: float,
    *,
    selected: bool,
) -> list[Line]:
    """Return `height` lines of `width` cells, 5 to 12."""
    inner = width - _EDGES
    rows = height - 2
    edge = SELECTED if selected else _edge(view)
    body = _now(view, inner, _PAD_ROWS if rows >= _LEAST_FOR_PAD else 1)
    strip = ethogram_cells(codes, view.look)
    below = [axis(hours, inner)] if rows >= _LEAST_FOR_AXIS else []
    body += _words(view, inner)[: rows - len(body) - len(below) - 1]
    strips = max(1, min(_MOST_STRIPS, rows - len(body) - len(below)))
    body += [strip] * strips + below
    body += [()] * (rows - len(body))
    side, corner = ("┃", "┏┓┗┛━") if selected else ("│", "╭╮╰╯─")
    return [
        _top(view, width, corner, edge),
        *(_framed(line, inner, side, edge) for line in body),
        (Segment(corner[2] + corner[4] * (width - 2) + corner[3], edge),),
    ]


def _top(view: CageView, width: int, corner: str, edge: Style) -> Line:
    word, style = view.state
    strain = f"  {view.cage.strain}" if view.cage.strain else ""
    right = [
        Segment(" ", edge),
        text(f" {word} ", style),
        Segment(f" {corner[4]}{corner[1]}", edge),
    ]
    room = width - line_width(right) - 2
    name = [
        text(f" {view.number} ", STRONG),
        text(f" {view.cage.animal}", STRONG),
        text(strain + " ", QUIET),
    ]
    if line_width(name) > room:
        name = [text(f" {view.number} ", STRONG), Segment(fit(view.cage.animal, room - 4), STRONG)]
    line = Segment(corner[4] * (room - line_width(name)), edge)
    return (Segment(corner[0] + corner[4], edge), *name, line, *right)


def _framed(line: Line, inner: int, side: str, edge: Style) -> Line:
    return (Segment(f"{side} ", edge), *cropped(line, inner), Segment(f" {side}", edge))


def _edge(view: CageView) -> Style:
    if view.is_old or view.condition.level in {"good", "busy"}:
        return EDGE
    style = LEVEL_STYLES[view.condition.level]
    return Style(color=style.bgcolor.name if style.bgcolor else None)


def _now(view: CageView, inner: int, rows: int) -> list[Line]:
    """Return what the animal does and how it is recorded, in 1 or 3 lines."""
    name, style = view.behavior
    if view.condition.level in {"bad", "off"} and not view.is_old:
        name, style = view.condition.word, LEVEL_STYLES[view.condition.level]
    elif view.is_old and view.behavior_s is not None:
        name = f"was {name}"
    pad = [" " * _PAD] * rows
    pad[rows // 2] = fit(name.upper(), _PAD).rstrip().center(_PAD)
    left, right = _label_words(view), _recorder_words(view)
    if rows == 1:
        left, right = [_brief(view)], [right[0]]
    lines: list[Line] = []
    for row in range(rows):
        start = [Segment(pad[row], style), text("  " + left[row])]
        lines.append(justified(start, [text(" " + right[row], QUIET)], inner))
    return lines


def _brief(view: CageView) -> str:
    label = view.cage.label
    if label is None or view.behavior_s is None:
        return ""
    if not view.is_current:
        return f"last known: {label.behavior}"
    return f"{duration(view.behavior_s)}  {label.confidence:.2f}"


def _label_words(view: CageView) -> list[str]:
    label = view.cage.label
    if label is None or label.behavior is None or view.behavior_s is None:
        return ["", "", ""]
    since = clock(label.since_utc_ns, view.zone)
    first = f"{duration(view.behavior_s)}, since {since}"
    return [
        first if view.is_current else f"last known: {label.behavior}, since {since}",
        f"confidence {label.confidence:.2f}",
        f"labelled up to frame {label.frame:,}",
    ]


def _recorder_words(view: CageView) -> list[str]:
    recorder = view.cage.recorder
    if recorder is None:
        return ["no report", "", ""]
    gaps = count(recorder.gaps, "gap", "gaps")
    return [
        f"{recorder.fps:.1f} fps  {gaps}",
        f"{count(recorder.frames, 'frame', 'frames')}  {recorder.frames_lost:,} lost",
        f"{bytes_text(recorder.bytes_per_s)}/s  {recorder.late_ms:.0f} ms to disk",
    ]


def _words(view: CageView, inner: int) -> list[Line]:
    """Return the line of the segment, or of what is wrong."""
    if view.sentence:
        return [(text(fit(view.sentence, inner), CAUTION if not view.is_old else QUIET),)]
    recorder, label = view.cage.recorder, view.cage.label
    segment = [text(recorder.segment or "no segment", QUIET)] if recorder else []
    known = label is not None and label.behavior is not None
    lag = [text(f"label {lag_text(label.lag_s)} behind", QUIET)] if label and known else []
    return [justified(segment, lag, inner)]
