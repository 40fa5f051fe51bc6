"""An animal's last hours as a line of cells, with its axis and its key."""

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import Final

from rich.segment import Segment

from inference.ethogram import CODE_NAMES
from tui.ink import LETTERS, QUIET, Look, known_codes
from tui.line import Line, cropped, text

_FULL: Final = "█"
_UNKNOWN: Final = "·"
_LEAST_TICK: Final = 12
"""Cells between two marks of an axis, at least."""
_STEPS_H: Final = (0.25, 0.5, 1.0, 2.0, 3.0, 6.0, 12.0, 24.0, 48.0)


def ethogram_cells(codes: Sequence[int | None], look: Look) -> Line:
    """Return a cell for each bin."""
    cells: list[Segment] = []
    for code, group in groupby(codes):
        count = len(list(group))
        if code is None or not 0 <= code < len(CODE_NAMES):
            cells.append(Segment(_UNKNOWN * count, QUIET))
        elif look.letters:
            cells.append(Segment(LETTERS[code] * count, look.block(code)))
        else:
            cells.append(Segment(_FULL * count, look.cell(code)))
    return tuple(cells)


def axis(hours: float, width: int) -> Line:
    """Return the marks below a strip that ends now."""
    wanted = hours * _LEAST_TICK / max(width, 1)
    step = next((one for one in _STEPS_H if one >= wanted), hours)
    row = [" "] * width
    for tick in range(1, int(hours / step) + 1):
        label = f"{-tick * step:g} h"
        place = round(width * (1 - tick * step / hours))
        if place + len(label) + 4 <= width:
            row[place : place + len(label)] = label
    if width >= len("now"):
        row[-3:] = "now"
    return (Segment("".join(row), QUIET),)


def key_line(width: int, look: Look, right: str) -> Line:
    """Return which letter and color is which behavior, with a word at the right if it fits."""
    parts = [text(" ")]
    for code in known_codes():
        parts += [Segment(LETTERS[code], look.block(code)), text(f" {CODE_NAMES[code]}  ")]
    used = sum(len(part.text) for part in parts)
    if right and used + len(right) < width:
        parts.append(text(f"{right} ".rjust(width - used), QUIET))
    return cropped(parts, width)


def shares(codes: Sequence[int | None]) -> list[tuple[int, float]]:
    """Return behaviors and their share of the labelled bins, the most frequent first."""
    counts = Counter(code for code in codes if code is not None and code in known_codes())
    total = sum(counts.values())
    return [(code, count / total) for code, count in sorted(counts.items(), key=_by_count)]


def _by_count(entry: tuple[int, int]) -> tuple[int, int]:
    return -entry[1], entry[0]
