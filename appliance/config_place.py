"""Where in a TOML text a key stands, which `tomllib` does not tell."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

Place: TypeAlias = tuple[str | int, ...]
"""Keys and positions in arrays from the top of a document, as pydantic names them."""

_STRING: Final = re.compile(
    r"""
    "{3} (?: \\. | [^\\] )*? "{3,5} | '{3} .*? '{3,5} |
    "    (?: \\. | [^"\\\n] )* "    | '    [^'\n]*  '
    """,
    re.DOTALL | re.VERBOSE,
)
"""The four kinds of string; up to two quotes may stand before the closing three."""
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR: Final = re.compile(r"[^,\]}#\n]+")
_BLANK: Final = re.compile(r"[ \t]*")
_GAP: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")


def line_of(text: str, place: Sequence[str | int]) -> int | None:
    """Return the line (from 1) of what is at `place`, or of the closest table around it.

    `text` is valid TOML. None if not even the first key of `place` stands in it.
    """
    lines = lines_of(text)
    wanted = tuple(place)
    for length in range(len(wanted), 0, -1):
        if wanted[:length] in lines:
            return lines[wanted[:length]]
    return None


def lines_of(text: str) -> dict[Place, int]:
    """Return the line of each key, table and element of a valid TOML text.

    What appears more than once, as a table and again in front of its parts, counts where it first
    appears.
    """
    lines: dict[Place, int] = {}
    for place, offset in _Scanner(text).places():
        line = text.count("\n", 0, offset) + 1
        for length in range(1, len(place) + 1):
            lines.setdefault(place[:length], line)
    return lines


class _Scanner:
    """One pass over a text that `tomllib` has accepted, so nothing is checked again."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._elements: Counter[Place] = Counter()

    def places(self) -> Iterator[tuple[Place, int]]:
        """Yield each key, table and element with its offset."""
        table: Place = ()
        self._skip(_GAP)
        while self._at < len(self._text):
            start = self._at
            if self._takes("["):
                is_array = self._takes("[")
                table = self._table(self._dotted(), is_array=is_array)
                self._at += 2 if is_array else 1
                yield table, start
            else:
                yield from self._pair(table)
            self._skip(_GAP)

    def _table(self, names: Sequence[str], *, is_array: bool) -> Place:
        """Put the position of the current element behind the name of each array of tables."""
        place: Place = ()
        for position, name in enumerate(names, start=1):
            place += (name,)
            if is_array and position == len(names):
                self._elements[place] += 1
            if self._elements[place]:
                place += (self._elements[place] - 1,)
        return place

    def _pair(self, table: Place) -> Iterator[tuple[Place, int]]:
        start = self._at
        place = table + tuple(self._dotted())
        yield place, start
        self._at += 1  # the equals sign
        yield from self._value(place)

    def _value(self, place: Place) -> Iterator[tuple[Place, int]]:
        self._skip(_BLANK)
        if self._takes("["):
            yield from self._array(place)
        elif self._takes("{"):
            yield from self._inline_table(place)
        elif not self._skip(_STRING) and not self._skip(_SCALAR):
            self._at += 1  # never in valid text; but looking for a line must not hang

    def _array(self, place: Place) -> Iterator[tuple[Place, int]]:
        position = 0
        self._skip(_GAP)
        while not self._ends("]"):
            yield (*place, position), self._at
            yield from self._value((*place, position))
            position += 1
            self._skip(_GAP)
            self._takes(",")
            self._skip(_GAP)

    def _inline_table(self, place: Place) -> Iterator[tuple[Place, int]]:
        self._skip(_GAP)
        while not self._ends("}"):
            yield from self._pair(place)
            self._skip(_GAP)
            self._takes(",")
            self._skip(_GAP)

    def _dotted(self) -> list[str]:
        """Read a key such as `a."b.c".d`, up to what follows it."""
        names = [self._name()]
        while self._takes("."):
            names.append(self._name())
        return names

    def _name(self) -> str:
        self._skip(_BLANK)
        quoted = self._skip(_STRING)
        name = tomllib.loads(f"name = {quoted}")["name"] if quoted else self._skip(_BARE_KEY)
        self._skip(_BLANK)
        return str(name)

    def _skip(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:
            return ""
        self._at = match.end()
        return match[0]

    def _ends(self, mark: str) -> bool:
        return self._takes(mark) or self._at >= len(self._text)

    def _takes(self, mark: str) -> bool:
        found = self._text.startswith(mark, self._at)
        self._at += len(mark) if found else 0
        return found
