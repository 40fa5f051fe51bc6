"""What a rack had promised at each moment of its life, as the observer noted it."""

import json
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

NAME_KEPT_NS: Final = 1_000_000_000
"""A finished name is seen before its folder is synced; after a second it must stay."""


KINDS: Final = (
    *("event", "published", "labelled ", "verified "),
    *("file .mkv", "file .csv", "file .json"),
)
"""Everything that a rack promises; of files the suffix."""


@dataclass(frozen=True, slots=True)
class Promises:
    """Everything that must survive when the power goes at one moment."""

    event_row: int
    """All events up to this row."""
    published: int
    """So many of them are known to be at the broker."""
    labelled: dict[str, int]
    """Stem to frames whose labels have been turned into events."""
    verified: frozenset[str]
    """Files that the store has confirmed, by their path in the data folder."""
    files: frozenset[str]
    """Finished files, by the same."""


@dataclass
class Notes:
    """The observer's notes."""

    lengths: list[int] = field(default_factory=list)
    """Of the log, growing."""
    last_ns: list[int] = field(default_factory=list)
    """When the log had that length for the last time."""
    seen: list[tuple[int, str, int]] = field(default_factory=list)
    """Moment, what, value."""

    def cut_ns(self, point: int) -> int:
        """Return a moment at which the power may have gone so that `point` entries were begun."""
        index = bisect_right(self.lengths, point) - 1
        return self.last_ns[max(index, 0)]

    def points_of(self, *kinds: str) -> list[int]:
        """Return the lengths of the log at which something of these kinds was seen."""
        moments = [ns for ns, what, _ in self.seen if what.startswith(kinds)]
        return [self.lengths[min(bisect_left(self.last_ns, ns), len(self.lengths) - 1)]
                for ns in moments]  # fmt: skip

    def missing_kinds(self) -> list[str]:
        """Return the kinds of promises that were never made; what hangs on them is not judged."""
        made = {_kind(what) for _, what, value in self.seen if value}
        return [kind for kind in KINDS if kind not in made]

    def promises_at(self, cut_ns: int) -> Promises:
        """Return what had been promised by then."""
        values: dict[str, int] = {}
        files = set()
        for ns, what, value in self.seen:
            if what.startswith("file ") and ns + NAME_KEPT_NS <= cut_ns:
                files.add(what.removeprefix("file "))
            if ns <= cut_ns:
                values[what] = value
        return Promises(
            event_row=values.get("event", 0),
            published=values.get("published", 0),
            labelled=_by_name(values, "labelled "),
            verified=frozenset(_by_name(values, "verified ")),
            files=frozenset(files),
        )


def read_notes(path: Path) -> Notes:
    """Read what the observer wrote."""
    notes = Notes()
    for line in path.read_text().splitlines():
        entry = json.loads(line)
        if "entries" in entry:
            notes.lengths.append(entry["entries"])
            notes.last_ns.append(entry["ns"])
        else:
            notes.seen.append((entry["ns"], entry["what"], entry["value"]))
    return notes


def _kind(what: str) -> str:
    name, space, path = what.partition(" ")
    return name + space + (Path(path).suffix if name == "file" else "")


def _by_name(values: dict[str, int], kind: str) -> dict[str, int]:
    return {
        what.removeprefix(kind): value for what, value in values.items() if what.startswith(kind)
    }
