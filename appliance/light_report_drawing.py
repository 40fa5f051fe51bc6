"""A panel's day as a drawing: planned light above what was seen, and marks below, as SVG.

Light is high and pale, darkness is gray, what nobody saw is hatched, so that it can be read in
black and white too. Colors are of the palette that most color-blind people can tell apart.
Source: Okabe and Ito, Color Universal Design, 2008.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timezone
from html import escape
from itertools import groupby
from typing import Final

from appliance.light_report_day import PanelDay
from appliance.light_report_piece import Span, is_lit
from appliance.light_report_verdict import length
from appliance.light_text import clock_text
from capture_hw.photoperiod import SECOND_NS

_LEFT: Final = 92
_WIDTH: Final = 864
_HEIGHT: Final = 46
_PLANNED_Y: Final = 6
_SEEN_Y: Final = 62
_MARKS_Y: Final = 114
_MARK_HEIGHT: Final = 12
_AXIS_Y: Final = 146
_BOTTOM: Final = 168
_DAY_NS: Final = 86_400 * SECOND_NS
_DARK: Final = "#6e7681"
_LIGHT: Final = "#f0e442"
_DEVIATION: Final = "#d55e00"
_OVERRIDE: Final = "#0072b2"
_LEAST_MARK: Final = 2.0
"""Pixels; shorter ones would not be seen."""
PATTERNS: Final = (
    '<svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs>'
    '<pattern id="unseen" width="7" height="7" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><rect width="7" height="7" fill="#fff"/>'
    '<line x1="0" y1="0" x2="0" y2="7" stroke="#555" stroke-width="2"/></pattern>'
    "</defs></svg>"
)
"""What the drawings of a page share; it stands once in the page, before them."""


@dataclass(frozen=True, slots=True)
class _Slice:
    """White light between two moments, in percent; None if nobody knows."""

    span: Span
    levels: tuple[float, float] | None
    is_dark: bool


def day_drawing(day: PanelDay, midnight_ns: int, zone: timezone) -> str:
    """Return the drawing of a day that begins at a midnight of standard time."""
    planned = _gray_and_light(_planned(day), _PLANNED_Y, midnight_ns)
    seen = _gray_and_light(_seen(day), _SEEN_Y, midnight_ns)
    return (
        f'<svg class="day" viewBox="0 0 {_LEFT + _WIDTH + 14} {_BOTTOM}" role="img" '
        f'aria-label="planned and observed light of panel {escape(day.panel)}">'
        f"{_label('planned', _PLANNED_Y)}{''.join(planned)}"
        f"{_label('observed', _SEEN_Y)}{''.join(seen)}"
        f"{''.join(_marks(day, midnight_ns, zone))}{''.join(_axis())}</svg>"
    )


def legend() -> str:
    """Return what the drawing's areas mean, as HTML."""
    items = (
        (f'<rect width="18" height="12" fill="{_LIGHT}" stroke="#333"/>', "white light, by height"),
        (f'<rect width="18" height="12" fill="{_DARK}"/>', "darkness"),
        ('<rect width="18" height="12" fill="url(#unseen)" stroke="#333"/>', "not observed"),
        (f'<rect width="18" height="12" fill="{_DEVIATION}"/>', "deviation (D)"),
        (f'<rect width="18" height="12" fill="{_OVERRIDE}"/>', "override (O)"),
    )
    keys = (
        f'<span class="key"><svg width="18" height="12">{shape}</svg> {text}</span>'
        for shape, text in items
    )
    return f'<p class="legend">{" ".join(keys)}</p>'


def _planned(day: PanelDay) -> Iterator[_Slice]:
    for part in day.planned:
        levels = part.from_permille / 10, part.to_permille / 10
        yield _Slice((part.from_ns, part.until_ns), levels, part.phase == "dark")


def _seen(day: PanelDay) -> Iterator[_Slice]:
    for piece in day.pieces:
        row = piece.seen
        if row is None:
            yield _Slice(piece.span, None, is_dark=False)
            continue
        level = row.white_commanded if row.white_measured is None else row.white_measured
        lit = is_lit(row)
        yield _Slice(piece.span, (level or 0, level or 0) if lit else (0, 0), not lit)


def _gray_and_light(slices: Iterable[_Slice], top: int, midnight_ns: int) -> Iterator[str]:
    known = list(slices)
    for (is_dark, is_unseen), group in groupby(
        known, lambda one: (one.is_dark, one.levels is None)
    ):
        members = list(group)
        span = members[0].span[0], members[-1].span[1]
        if is_dark or is_unseen:
            yield _box(span, midnight_ns, top, _HEIGHT, _DARK if is_dark else "url(#unseen)")
        else:
            yield _area(members, top, midnight_ns)
    yield (
        f'<rect x="{_LEFT}" y="{top}" width="{_WIDTH}" height="{_HEIGHT}" fill="none" '
        'stroke="#333" stroke-width="1"/>'
    )


def _area(slices: Sequence[_Slice], top: int, midnight_ns: int) -> str:
    bottom = top + _HEIGHT
    corners = [f"M{_x(slices[0].span[0], midnight_ns):.1f} {bottom}"]
    for one in slices:
        (from_ns, until_ns), (low, high) = one.span, one.levels or (0.0, 0.0)
        corners.append(
            f"L{_x(from_ns, midnight_ns):.1f} {bottom - low / 100 * _HEIGHT:.1f}"
            f"L{_x(until_ns, midnight_ns):.1f} {bottom - high / 100 * _HEIGHT:.1f}"
        )
    corners.append(f"L{_x(slices[-1].span[1], midnight_ns):.1f} {bottom}Z")
    return f'<path d="{"".join(corners)}" fill="{_LIGHT}" stroke="#333" stroke-width="0.7"/>'


def _marks(day: PanelDay, midnight_ns: int, zone: timezone) -> Iterator[str]:
    for deviation in day.deviations:
        span = deviation.from_ns, deviation.until_ns
        title = f"{deviation.kind}, {_times(span, zone)}"
        yield _mark(span, midnight_ns, _MARKS_Y, _DEVIATION, "D", title)
    for override in day.overrides:
        begin_ns = max(override.from_ns, day.span[0])
        span = begin_ns, min(override.until_ns or day.span[1], day.span[1])
        title = f"override to {override.white_percent} %, {_times(span, zone)}"
        yield _mark(span, midnight_ns, _MARKS_Y + _MARK_HEIGHT + 3, _OVERRIDE, "O", title)


def _mark(span: Span, midnight_ns: int, top: int, color: str, letter: str, title: str) -> str:
    x = _x(span[0], midnight_ns)
    end = max(_x(span[1], midnight_ns), x + _LEAST_MARK)
    letter_x = min(end + 2, _LEFT + _WIDTH + 3)
    return (
        f"<g><title>{escape(title)}</title>"
        f'<rect x="{x:.1f}" y="{top}" width="{end - x:.1f}" height="{_MARK_HEIGHT}" '
        f'fill="{color}"/><text x="{letter_x:.1f}" y="{top + _MARK_HEIGHT - 2}" '
        f'font-size="11">{letter}</text></g>'
    )


def _times(span: Span, zone: timezone) -> str:
    return f"{clock_text(span[0], zone)}, {length((span[1] - span[0]) / SECOND_NS)}"


def _axis() -> Iterator[str]:
    for hour in range(25):
        x = _LEFT + _WIDTH * hour / 24
        is_named = hour % 3 == 0
        end = _AXIS_Y + (6 if is_named else 3)
        yield f'<line x1="{x:.1f}" y1="{_AXIS_Y}" x2="{x:.1f}" y2="{end}" stroke="#333"/>'
        if is_named:
            yield (
                f'<text x="{x:.1f}" y="{_BOTTOM - 4}" font-size="11" '
                f'text-anchor="middle">{hour:02d}</text>'
            )
    yield f'<line x1="{_LEFT}" y1="{_AXIS_Y}" x2="{_LEFT + _WIDTH}" y2="{_AXIS_Y}" stroke="#333"/>'


def _label(text: str, top: int) -> str:
    return (
        f'<text x="{_LEFT - 8}" y="{top + _HEIGHT / 2 + 4:.0f}" font-size="13" '
        f'text-anchor="end">{text}</text>'
    )


def _box(span: Span, midnight_ns: int, top: int, height: int, fill: str) -> str:
    x, end = _x(span[0], midnight_ns), _x(span[1], midnight_ns)
    return f'<rect x="{x:.1f}" y="{top}" width="{end - x:.1f}" height="{height}" fill="{fill}"/>'


def _x(utc_ns: int, midnight_ns: int) -> float:
    return _LEFT + _WIDTH * (utc_ns - midnight_ns) / _DAY_NS
