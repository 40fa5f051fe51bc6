"""Text of any origin made safe for a terminal and fitted into cells."""

import unicodedata
from typing import Final

from rich.cells import cell_len, set_cell_size

_UNSHOWN: Final = "\N{REPLACEMENT CHARACTER}"
_BREAKS: Final = frozenset("\t\n\v\f\r\x85\u2028\u2029")
_VARIATIONS: Final = frozenset(chr(code) for code in range(0xFE00, 0xFE10))
"""Variation selectors: terminals disagree on the width of what they follow."""


def plain(text: str) -> str:
    """Return text of one line without anything that could move a cursor, hide or reorder text."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(character) for character in unicodedata.normalize("NFC", text))


def width_of(text: str) -> int:
    """Return the cells that text takes in a terminal."""
    return cell_len(text)


def fit(text: str, width: int) -> str:
    """Return safe text of exactly `width` cells: cut with an ellipsis or filled with spaces."""
    safe = plain(text)
    if width <= 0:
        return ""
    if cell_len(safe) <= width:
        return set_cell_size(safe, width)
    return set_cell_size(safe, width - 1) + "…"


def fit_right(text: str, width: int) -> str:
    """Return safe text of exactly `width` cells that ends at the right."""
    safe = plain(text)
    return fit(" " * (width - cell_len(safe)) + safe, width)


def wrapped(text: str, width: int) -> list[str]:
    """Return safe text in lines of at most `width` cells, broken at spaces where there are any."""
    lines: list[str] = []
    line = ""
    for word in plain(text).split():
        rest = word
        while rest:
            joined = f"{line} {rest}" if line else rest
            if cell_len(joined) <= width:
                line, rest = joined, ""
            elif line:
                lines.append(line)
                line = ""
            else:
                head = set_cell_size(rest, width).rstrip() or rest[:1]
                lines.append(head)
                rest = rest[len(head) :]
    return [*lines, line] if line or not lines else lines


def _shown(character: str) -> str:
    if character in _BREAKS:
        return " "
    if character in _VARIATIONS:
        return ""
    return _UNSHOWN if unicodedata.category(character).startswith("C") else character
