"""The levels of a panel's lamps as numbers and bars."""

from typing import Final

from rich.segment import Segment
from rich.style import Style

from appliance.report import PanelDetail
from tui.ink import QUIET
from tui.line import Line, cropped, field, text

_NAME: Final = 13
_NUMBER: Final = 6
_LEAST_BAR: Final = 4
_LONGEST_BAR: Final = 30
_GAP: Final = 2
_WHITE: Final = Style(color="#f2cc60")
_INFRARED: Final = Style(color="#d2a8ff")
_TITLES: Final = ("scheduled", "commanded", "measured")


def level_table(panel: PanelDetail, width: int) -> list[Line]:
    """Return a head and a row for each lamp; bars only where there is room for them."""
    cell = max(_NUMBER, (width - _NAME) // len(_TITLES))
    head = [field("", _NAME), *(field(title, cell, QUIET) for title in _TITLES)]
    white = (panel.white_scheduled, panel.white_commanded, panel.white_measured)
    infrared = (None, panel.ir_commanded, panel.ir_measured)
    return [
        cropped(head, width),
        cropped(_row("white", white, _WHITE, cell), width),
        cropped(_row("infrared", infrared, _INFRARED, cell, unscheduled="always"), width),
    ]


def _row(
    name: str,
    levels: tuple[int | None, int | None, int | None],
    style: Style,
    cell: int,
    unscheduled: str = "-",
) -> list[Segment]:
    row = [field(f"   {name}", _NAME, QUIET)]
    for place, percent in enumerate(levels):
        if percent is None:
            row.append(field(unscheduled if place == 0 else "-", cell))
        else:
            row += _level(percent, style, cell)
    return row


def _level(percent: int, style: Style, cell: int) -> list[Segment]:
    number = text(f"{percent:3d} %".ljust(_NUMBER))
    bar = min(_LONGEST_BAR, cell - _NUMBER - _GAP)
    if bar < _LEAST_BAR:
        return [number, text(" " * (cell - _NUMBER))]
    # A lamp that is on at all shows at least one cell.
    full = max(round(percent * bar / 100), 1 if percent > 0 else 0)
    full = min(full, bar)
    return [
        number,
        Segment("█" * full, style),
        Segment("·" * (bar - full), QUIET),
        text(" " * (cell - _NUMBER - bar)),
    ]
