"""Which of our behaviors the behaviors of another ethogram are."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from inference.dataset.table_file import read_rows
from inference.error import DataSetError
from inference.ethogram import CODE_NAMES, SYNONYMS

BEHAVIOR_TABLE: Final = "behaviors.csv"
_HEADER: Final = ["name", "behavior"]
_SYNONYMS: Final = {name.replace(" ", ""): behavior for name, behavior in SYNONYMS.items()}
"""By their `_key`."""


@dataclass(frozen=True, slots=True)
class BehaviorMap:
    """Our codes of another ethogram's names: as told, else where the names are equal."""

    told: Mapping[str, int] = field(default_factory=dict)
    """Keys as `_key` makes them."""

    def code_of(self, name: str) -> int | None:
        """Return 0..8, None if nothing says which: spaces, hyphens and capitals do not matter."""
        key = _key(name)
        return self.told[key] if key in self.told else _code(name)

    def is_guess(self, name: str) -> bool:
        """Return whether a name is taken for one of ours by habit: another's may mean otherwise."""
        return _key(name) in _SYNONYMS and _key(name) not in self.told


def read_behavior_map(folder: Path, options: Iterable[str] = ()) -> BehaviorMap:
    """Return the map of a folder's `behaviors.csv` and of options `NAME=BEHAVIOR`, which win.

    Raises DataSetError, naming line or option.
    """
    path = folder / BEHAVIOR_TABLE
    told = _read_table(path) if path.exists() else {}
    for option in options:
        name, equals, behavior = option.rpartition("=")
        code = _code(behavior)
        if not equals or not name.strip() or code is None:
            raise DataSetError(
                f"`{option}` is not NAME=BEHAVIOR with a behavior of {', '.join(CODE_NAMES)}"
            )
        told[_key(name)] = code
    return BehaviorMap(told)


def _read_table(path: Path) -> dict[str, int]:
    table = [(line, [cell.strip() for cell in row]) for line, row in read_rows(path, ";")]
    if not table or [cell.lower() for cell in table[0][1]] != _HEADER:
        raise DataSetError(f"{path}: line 1 is not `{';'.join(_HEADER)}`")
    told: dict[str, int] = {}
    for line, row in table[1:]:
        if not any(row):
            continue
        code = _code(row[1]) if len(row) == len(_HEADER) else None
        if code is None:
            raise DataSetError(
                f"{path}: line {line} is not a name and a behavior of {', '.join(CODE_NAMES)}"
            )
        if told.setdefault(_key(row[0]), code) != code:
            raise DataSetError(f"{path}: line {line} gives `{row[0]}` another behavior")
    return told


def _code(name: str) -> int | None:
    key = _key(name)
    known = _SYNONYMS.get(key, key)
    return CODE_NAMES.index(known) if known in CODE_NAMES else None


def _key(name: str) -> str:
    return re.sub(r"[\s_-]+", "", name).lower()
