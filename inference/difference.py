"""How two sets of settings differ, in words."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

_MOST_NAMED: Final = 5
"""Of the differences; the rest is counted."""


def differing(
    here: Mapping[str, object], there: Mapping[str, object]
) -> list[tuple[str, object, object]]:
    """Return what two sets do not have in common: name, value here, value there.

    What is in another mapping is named with its name before it, as `augmentation.mirrored`.
    """
    ours, theirs = dict(_flat(here)), dict(_flat(there))
    return [
        (name, ours.get(name), theirs.get(name))
        for name in [*ours, *(name for name in theirs if name not in ours)]
        if ours.get(name) != theirs.get(name)
    ]


def joined(clauses: Sequence[str]) -> str:
    """Return the first clauses in one line, and how many more there are."""
    named = "; ".join(clauses[:_MOST_NAMED])
    more = len(clauses) - _MOST_NAMED
    return f"{named}; {more} more" if more > 0 else named


def _flat(values: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value
