"""Lines of styled text, made without a terminal."""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from rich.segment import Segment
from rich.style import Style

from tui.ink import PLAIN
from tui.plain_text import fit, plain, width_of

Line: TypeAlias = tuple[Segment, ...]
"""What one row shows, left to right; its text is safe for a terminal."""


def text(content: str, style: Style = PLAIN) -> Segment:
    """Return safe text in a style."""
    return Segment(plain(content), style)


def field(content: str, width: int, style: Style = PLAIN) -> Segment:
    """Return safe text of exactly `width` cells."""
    return Segment(fit(content, width), style)


def line_width(line: Iterable[Segment]) -> int:
    """Return the cells that a line takes."""
    return sum(width_of(segment.text) for segment in line)


def cropped(line: Iterable[Segment], width: int) -> Line:
    """Return a line of exactly `width` cells: cut or filled with spaces."""
    left = width
    kept: list[Segment] = []
    for segment in line:
        taken = width_of(segment.text)
        if taken > left:
            kept.append(Segment(fit(segment.text, left), segment.style))
            left = 0
            break
        kept.append(segment)
        left -= taken
    if left > 0:
        kept.append(Segment(" " * left, PLAIN))
    return tuple(kept)


def justified(left: Sequence[Segment], right: Sequence[Segment], width: int) -> Line:
    """Return a line with one part at each end; the right one stays whole if only one fits."""
    room = width - line_width(right)
    if room <= 0:
        return cropped(right, width)
    return (*cropped(left, room), *right)


def flowed(items: Iterable[Sequence[Segment]], width: int, between: str = " · ") -> list[Line]:
    """Return items side by side, in as many lines of at most `width` cells as they need."""
    lines: list[list[Segment]] = [[]]
    for item in items:
        gap = Segment(between, PLAIN)
        if lines[-1] and line_width(lines[-1]) + len(between) + line_width(item) > width:
            lines.append([])
        lines[-1] += [gap, *item] if lines[-1] else item
    return [cropped(line, width) for line in lines]


def joined(lines: Iterable[Line]) -> str:
    """Return the text of lines without styles or trailing spaces, for tests and terminals' logs."""
    return "\n".join("".join(part.text for part in line).rstrip() for line in lines)
