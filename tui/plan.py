"""Where everything goes on a screen of a given size."""

from dataclasses import dataclass
from typing import Final

_TWO_COLUMNS: Final = 116
"""Cells from which two tiles fit side by side."""
_FIXED: Final = 3
"""Header, key of the behaviors, keys of the program."""
_TILE_HEIGHTS: Final = (12, 11, 10, 9, 8, 7, 6, 5, 3, 2, 1)
_SHOWN_CAGES: Final = 10
"""A full rack is seen at once; more cages scroll."""
_LEAST_ALERTS: Final = 4
"""Rows of the alerts that a larger tile does not take: a title and three alerts."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Sizes in cells."""

    columns: int
    tile_width: int
    tile_height: int
    alert_height: int

    @property
    def has_table_head(self) -> bool:
        """Whether cages are rows of a table that needs its columns named."""
        return self.tile_height == 1

    def place(self, index: int) -> tuple[int, int]:
        """Return column and row (in tiles) of a cage; the first column is filled first."""
        return index % self.columns, index // self.columns


def plan(width: int, height: int, cages: int, rack_height: int, alerts: int) -> Plan:
    """Return the largest tiles with which ten cages, or all if they are fewer, are seen at once."""
    columns = 2 if width >= _TWO_COLUMNS and cages > 1 else 1
    rows = -(-min(max(cages, 1), _SHOWN_CAGES) // columns)
    room = height - _FIXED - rack_height
    least = min(1 + alerts, _LEAST_ALERTS)
    tile = next((one for one in _TILE_HEIGHTS if _board(rows, one) <= room - least), 1)
    spare = room - _board(rows, tile)
    return Plan(columns, width // columns, tile, max(min(1 + alerts, spare), 1))


def _board(rows: int, tile: int) -> int:
    return rows * tile + (1 if tile == 1 else 0)
