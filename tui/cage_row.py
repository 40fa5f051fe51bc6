"""A cage in one, two or three rows, for small terminals."""

from collections.abc import Sequence
from typing import Final

from rich.segment import Segment

from tui.amount_text import count, seconds_text
from tui.cage_view import CageView
from tui.ethogram_line import ethogram_cells
from tui.ink import CAUTION, LEVEL_STYLES, QUIET, SELECTED, STRONG
from tui.line import Line, cropped, field, line_width, text
from tui.plain_text import fit_right
from tui.time_text import short_duration

_ANIMAL: Final = 8
_STRAIN: Final = 6
_WIDE_STRAIN: Final = 10
_WIDE: Final = 100
_STATE: Final = 11
_FIGURES: Final = (("con", 3), ("since", 5), ("fps", 4), ("gap", 3), ("lag", 4))
_BEHAVIOR: Final = 13
_NEWS: Final = _BEHAVIOR + sum(cells + 1 for _, cells in _FIGURES)
_MARGIN: Final = 3
"""Cells in front of the second and third row."""
_MOST_GAPS: Final = 999
_TABLE_ROW: Final = 1
_ALL_ROWS: Final = 3


def row_strip_width(width: int, height: int) -> int:
    """Return the cells of the strip in a row."""
    return max(0, width - (_columns_width(width) + 1 if height == _TABLE_ROW else _MARGIN + 1))


def table_head(width: int) -> Line:
    """Return the names of the columns."""
    names = [(" ", 1), ("no", 2), ("animal", _ANIMAL), ("strain", _strain(width))]
    names += [("recording", _STATE), ("behavior", _BEHAVIOR)]
    left = " ".join(name.ljust(cells)[:cells] for name, cells in names[1:])
    right = " ".join(name.rjust(cells) for name, cells in _FIGURES)
    return cropped([Segment(f" {left} {right} last hours", QUIET)], width)


def cage_row(
    view: CageView, width: int, height: int, codes: Sequence[int | None], *, selected: bool
) -> list[Line]:
    """Return `height` lines of `width` cells, 1 to 3."""
    identity = _identity(view, width, selected=selected)
    strip = ethogram_cells(codes, view.look)
    if height == _TABLE_ROW:
        return [cropped([*identity, *_news(view, _NEWS), text(" "), *strip], width)]
    margin = Segment(("▎" if selected else " ").ljust(_MARGIN), SELECTED)
    lines = [cropped([*identity, *_news(view, width - line_width(identity))], width)]
    if height >= _ALL_ROWS:
        lines.append(cropped([margin, text(_more(view), QUIET)], width))
    return [*lines, cropped([margin, *strip], width)]


def _identity(view: CageView, width: int, *, selected: bool) -> list[Segment]:
    word, style = view.state
    return [
        Segment("▶" if selected else " ", SELECTED),
        field(view.number, 2, SELECTED if selected else STRONG),
        text(" "),
        field(view.cage.animal, _ANIMAL),
        text(" "),
        field(view.cage.strain, _strain(width), QUIET),
        text(" "),
        field(word, _STATE, style),
        text(" "),
    ]


def _news(view: CageView, width: int) -> list[Segment]:
    """Return the behavior with its figures, or what is wrong if that matters more."""
    if view.is_troubled and not view.is_old:
        return [field(view.sentence or view.condition.word, width, CAUTION)]
    if view.condition.level == "off":
        return [field("not recorded", _NEWS, QUIET if view.is_old else LEVEL_STYLES["off"])]
    name, style = view.behavior
    parts = [field(name, _BEHAVIOR, style)]
    for value, (_, cells) in zip(_figures(view), _FIGURES, strict=True):
        parts.append(Segment(" " + fit_right(value, cells)))
    return parts


def _figures(view: CageView) -> tuple[str, str, str, str, str]:
    label, recorder = view.cage.label, view.cage.recorder
    known = label is not None and label.behavior is not None
    return (
        _share(label.confidence) if label and known else "",
        short_duration(view.behavior_s) if view.behavior_s is not None else "",
        f"{recorder.fps:.1f}" if recorder else "",
        str(min(recorder.gaps, _MOST_GAPS)) if recorder else "",
        seconds_text(label.lag_s) if label and known else "",
    )


def _more(view: CageView) -> str:
    """Return what the second of three rows says."""
    recorder = view.cage.recorder
    if view.sentence and (view.is_old or not view.is_troubled):
        return view.sentence
    if recorder is None:
        return "no report from the recorder"
    return (
        f"{recorder.segment or 'no segment'} · {count(recorder.frames, 'frame', 'frames')} · "
        f"{recorder.frames_lost:,} lost · {recorder.late_ms:.0f} ms to disk"
    )


def _share(confidence: float) -> str:
    """Return a confidence in three cells, such as .97 or 1.0."""
    rounded = f"{confidence:.2f}"
    return rounded[:3] if rounded.startswith("1") else rounded[1:]


def _strain(width: int) -> int:
    return _WIDE_STRAIN if width >= _WIDE else _STRAIN


def _columns_width(width: int) -> int:
    return 1 + 2 + _ANIMAL + _strain(width) + _STATE + 4 + _NEWS
