"""The page of one cage: everything that is known of it."""

from typing import Final

from rich.segment import Segment

from appliance.status import RackStatus
from inference.ethogram import CODE_NAMES
from tui.alert_list import alert_line, sorted_alerts
from tui.cage_fact import label_facts, now_facts, picture_facts, recording_facts, worker_facts
from tui.cage_view import CageView
from tui.ethogram_line import axis, ethogram_cells, key_line, shares
from tui.ink import CAUTION, EDGE, QUIET, STRONG, TITLE, Look
from tui.line import Line, cropped, text
from tui.picture import Picture
from tui.plain_text import wrapped
from tui.time_text import duration

_NAME: Final = 16
_BAR: Final = 40
_BAR_START: Final = _NAME + 24
_STRIP_ROWS: Final = 2


def detail_strip_width(width: int) -> int:
    """Return the cells of the strip."""
    return max(0, width - 2)


def detail_lines(view: CageView, picture: Picture, hours: float, width: int) -> list[Line]:
    """Return the whole page, as long as it is."""
    assert picture.status is not None
    codes = picture.codes(view.cage.cage, hours, detail_strip_width(width))
    lines = _identity(view, width) + _alerts(view, picture.status, width)
    lines += _section(f"The last {hours:g} h", width)
    lines += _strip(codes, hours, view.look, width)
    if picture.history_fault:
        lines += _fact("history", picture.history_fault, width)
    lines += _shares(codes, hours, view.look, width)
    for title, facts in (
        ("Behavior", now_facts(view)),
        ("Recording", recording_facts(view)),
        ("Picture", picture_facts(view)),
        ("Labels", label_facts(view, picture.status)),
        ("Recorder process", worker_facts(view)),
    ):
        lines += _section(title, width)
        for name, words in facts:
            lines += _fact(name, words, width)
    return lines


def _identity(view: CageView, width: int) -> list[Line]:
    word, style = view.state
    name = [text(f" Cage {view.number} ", TITLE), text(f" {view.cage.animal} ", STRONG)]
    strain = text(f" {view.cage.strain}  ", QUIET)
    lines = [cropped([*name, strain, text(f" {word} ", style)], width)]
    if view.sentence:
        said = wrapped(view.sentence, width - 2)
        lines += [cropped([text(f" {line}", CAUTION)], width) for line in said]
    return lines


def _alerts(view: CageView, status: RackStatus, width: int) -> list[Line]:
    prefix = f"cage-{view.number}-"
    alerts = [one for one in sorted_alerts(status) if one.id.startswith(prefix)]
    return [alert_line(one, status.time_utc_ns, width) for one in alerts]


def _strip(codes: tuple[int | None, ...], hours: float, look: Look, width: int) -> list[Line]:
    cells: Line = (text(" "), *ethogram_cells(codes, look), text(" "))
    marks: Line = (text(" "), *axis(hours, detail_strip_width(width)), text(" "))
    return [*[cells] * _STRIP_ROWS, marks, key_line(width, look, "")]


def _shares(codes: tuple[int | None, ...], hours: float, look: Look, width: int) -> list[Line]:
    """Return a bar for each behavior, by its share of the labelled time."""
    if not codes:
        return []
    known_s = sum(code is not None for code in codes) * hours * 3600 / len(codes)
    room = min(_BAR, width - _BAR_START - 1)
    lines = []
    for code, share in shares(codes):
        taken = duration(share * known_s)
        words = f" {CODE_NAMES[code]:<{_NAME}}{share:5.0%}  {taken:>12}  "
        bar = Segment("█" * round(share * room), look.cell(code))
        lines.append(cropped([text(words), bar], width))
    return lines


def _section(title: str, width: int) -> list[Line]:
    rule = "─" * max(0, width - len(title) - 5)
    return [cropped([text(" ── ", EDGE), text(title, TITLE), text(f" {rule}", EDGE)], width)]


def _fact(name: str, words: str, width: int) -> list[Line]:
    """Return a name and what is known under it, in as many lines as that needs."""
    rows = wrapped(words, max(8, width - _NAME - 2))
    names = [name] + [""] * (len(rows) - 1)
    return [
        cropped([text(f" {left:<{_NAME}}", QUIET), text(row)], width)
        for left, row in zip(names, rows, strict=True)
    ]
