"""Where in a TOML text a key stands, which `tomllib` does not tell."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

_HEADER: Final = re.compile(r"^\s*(\[\[?)\s*([\w.\"' -]+?)\s*\]\]?\s*(#.*)?$")
_KEY: Final = re.compile(r"^\s*([\w.\"'-]+)\s*=")


def line_of(text: str, place: Sequence[str | int]) -> int | None:
    """Return the line (from 1) of the key at `place`, or of the closest table around it.

    `place` is a path of keys and positions in arrays, as pydantic gives it. None if not even its
    first table stands in the text.
    """
    wanted = tuple(place)
    best: tuple[int, int] | None = None
    for number, found in _places(text):
        depth = _shared(found, wanted)
        if depth and depth >= min(len(found), len(wanted)) and (best is None or depth > best[0]):
            best = depth, number
    return best[1] if best else None


def _places(text: str) -> list[tuple[int, tuple[str | int, ...]]]:
    """Return the line and path of each header and each key."""
    counts: Counter[tuple[str | int, ...]] = Counter()
    table: tuple[str | int, ...] = ()
    places = []
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = _resolved(_parts(header[2]), counts, is_array=header[1] == "[[")
            places.append((number, table))
        elif key := _KEY.match(line):
            places.append((number, table + tuple(_parts(key[1]))))
    return places


def _resolved(
    names: Sequence[str], counts: Counter[tuple[str | int, ...]], *, is_array: bool
) -> tuple[str | int, ...]:
    """Put the position of the current element behind the name of each array of tables."""
    path: tuple[str | int, ...] = ()
    for position, name in enumerate(names):
        path += (name,)
        if position == len(names) - 1 and is_array:
            counts[path] += 1
        if counts[path]:
            path += (counts[path] - 1,)
    return path


def _parts(dotted: str) -> list[str]:
    return [part.strip().strip("\"'") for part in dotted.split(".")]


def _shared(found: Sequence[str | int], wanted: Sequence[str | int]) -> int:
    depth = 0
    for one, other in zip(found, wanted, strict=False):
        if one != other:
            break
        depth += 1
    return depth
