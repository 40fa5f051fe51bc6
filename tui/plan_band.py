"""A day of a light plan as lines of the screen."""

from datetime import timedelta, timezone
from typing import Final

from rich.segment import Segment
from rich.style import Style
from rich.text import Text

from appliance.light_drawing import Mark, Window, drawing
from appliance.light_text import local
from capture_hw.light_plan import LightPlan
from capture_hw.photoperiod import SECOND_NS
from tui.ink import QUIET
from tui.line import Line, text

BAND_WIDTH: Final = 66
"""Cells that a band takes."""
_MARGIN: Final = " "


def plan_band(plan: LightPlan, now_utc_ns: int, zone: timezone) -> list[Line]:
    """Return today in standard time, with a mark for now, and the key in the last line."""
    today = local(now_utc_ns, zone).replace(hour=0, minute=0, second=0)
    from_ns, until_ns = (
        int(day.timestamp()) * SECOND_NS for day in (today, today + timedelta(days=1))
    )
    window = Window(from_ns, until_ns, zone, BAND_WIDTH)
    drawn = drawing(plan, window, [Mark(now_utc_ns, "now")])
    return [_line(row) for row in drawn.split("\n")]


def _line(row: Text) -> Line:
    """Return the pieces of a text whose styles do not overlap."""
    parts, end = [text(_MARGIN)], 0
    for span in sorted(row.spans):
        parts.append(text(row.plain[end : span.start]))
        parts.append(Segment(row.plain[span.start : span.end], _style(span.style)))
        end = span.end
    return (*parts, text(row.plain[end:]))


def _style(style: str | Style) -> Style:
    """Return a style as this screen has it: quiet instead of faint, which terminals differ in."""
    if style in {"dim", "bright_black"}:
        return QUIET
    return Style.parse(style) if isinstance(style, str) else style
