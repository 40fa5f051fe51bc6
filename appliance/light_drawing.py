"""A light plan as an actogram: a row for each day of standard time, a cell each half hour."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Final, Literal, TypeAlias

from rich.text import Text

from appliance.light_text import local
from capture_hw.light_plan import LightPart, LightPlan
from capture_hw.photoperiod import SECOND_NS

Light: TypeAlias = Literal["light", "some", "ramp", "dark", "none"]
"""What a cell shows; some: light for a part of it; none: outside what was asked for."""

_DAY_S: Final = 86_400
_LABEL: Final = 16
_HALF_HOURS: Final = 48
_SIGNS: Final[dict[Light, str]] = {
    "light": "█",
    "some": "▄",
    "ramp": "▒",
    "dark": "·",
    "none": " ",
}
_ASCII_SIGNS: Final[dict[Light, str]] = {
    "light": "#",
    "some": "-",
    "ramp": "+",
    "dark": ".",
    "none": " ",
}
_STYLES: Final[dict[Light, str]] = {
    "light": "bright_yellow",
    "some": "yellow",
    "ramp": "yellow",
    "dark": "bright_black",
    "none": "",
}


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment that is pointed at."""

    utc_ns: int
    text: str


@dataclass(frozen=True, slots=True)
class Window:
    """What is to be drawn, and how."""

    from_ns: int
    until_ns: int
    zone: timezone
    width: int
    """Columns; 80 is enough for every drawing."""
    is_double: bool = False
    """Each row shows its day and the next one, as actograms do."""
    is_ascii: bool = False


def drawing(plan: LightPlan, window: Window, marks: list[Mark]) -> Text:
    """Return ruler, days and the key; below a day its marks."""
    signs = _ASCII_SIGNS if window.is_ascii else _SIGNS
    cells = _cells_a_day(window)
    text = Text(no_wrap=True)
    text.append(_ruler(window, cells) + "\n", "dim")
    day = local(window.from_ns, window.zone).replace(hour=0, minute=0, second=0)
    while _ns(day) < window.until_ns:
        text.append(f"{day:%Y-%m-%d %a}  ")
        for light in _row(plan, day, window, cells):
            text.append(signs[light], _STYLES[light])
        text.append("\n")
        for line in _mark_lines(day, window, cells, marks):
            text.append(line + "\n", "bold")
        day += timedelta(days=1)
    length = "hour" if cells < _HALF_HOURS else "half hour"
    for light, meaning in (
        ("light", "light"),
        ("some", f"light for a part of the {length}"),
        ("ramp", "dawn or dusk"),
        ("dark", "dark"),
    ):
        text.append(signs[light], _STYLES[light]).append(f" {meaning}  ", "dim")
    text.rstrip()
    return text


def _cells_a_day(window: Window) -> int:
    if window.is_double and window.width < _LABEL + 2 * _HALF_HOURS:
        return _HALF_HOURS // 2
    return _HALF_HOURS


def _ruler(window: Window, cells: int) -> str:
    step_h = 3 if cells == _HALF_HOURS else 6
    width = cells * step_h // 24
    hours = "".join(f"{hour:02d}".ljust(width) for hour in range(0, 24, step_h))
    return " " * _LABEL + hours * (2 if window.is_double else 1) + "24"


def _row(plan: LightPlan, day: datetime, window: Window, cells: int) -> Iterator[Light]:
    length_ns = _DAY_S // cells * SECOND_NS
    for number in range(cells * (2 if window.is_double else 1)):
        begin_ns = _ns(day) + number * length_ns
        from_ns = max(begin_ns, window.from_ns)
        until_ns = min(begin_ns + length_ns, window.until_ns)
        yield _cell([*plan.parts(from_ns, until_ns)])


def _cell(parts: list[LightPart]) -> Light:
    if not parts:
        return "none"
    if any(part.from_permille != part.to_permille for part in parts):
        return "ramp"
    phases = {part.phase for part in parts}
    return "some" if len(phases) > 1 else phases.pop()


def _mark_lines(day: datetime, window: Window, cells: int, marks: list[Mark]) -> Iterator[str]:
    """Yield lines with a caret below the cell of each mark; those that would overlap go lower."""
    length_ns = _DAY_S // cells * SECOND_NS
    waiting = sorted(
        (mark for mark in marks if 0 <= mark.utc_ns - _ns(day) < _DAY_S * SECOND_NS),
        key=lambda mark: mark.utc_ns,
    )
    while waiting:
        line, later = "", []
        for mark in waiting:
            column = _LABEL + (mark.utc_ns - _ns(day)) // length_ns
            words = f"^ {local(mark.utc_ns, window.zone):%H:%M} {mark.text}"
            if column + len(words) > _LABEL + _HALF_HOURS:
                words, column = f"{words[2:]} ^", column - len(words) + 1
            if line and column < len(line) + 2:
                later.append(mark)
            else:
                line = line.ljust(column) + words
        yield line
        waiting = later


def _ns(day: datetime) -> int:
    return int(day.timestamp()) * SECOND_NS
