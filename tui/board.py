"""All cages side by side."""

from typing import Final

from rich.segment import Segment

from tui.cage_box import box_strip_width, cage_box
from tui.cage_row import cage_row, row_strip_width, table_head
from tui.cage_view import CageView
from tui.line import Line
from tui.picture import Picture
from tui.plan import Plan

_BOX_FROM: Final = 5
"""Rows of a tile from which it is a box."""


def strip_width(plan: Plan) -> int:
    """Return the cells of each cage's strip."""
    if plan.tile_height >= _BOX_FROM:
        return box_strip_width(plan.tile_width)
    return row_strip_width(plan.tile_width, plan.tile_height)


def board_head(plan: Plan) -> list[Line]:
    """Return the line that names the columns, if cages are rows of a table."""
    if not plan.has_table_head:
        return []
    head = table_head(plan.tile_width)
    return [tuple(part for _ in range(plan.columns) for part in head)]


def board_lines(
    views: list[CageView], picture: Picture, plan: Plan, hours: float, selected: int
) -> list[Line]:
    """Return the lines of all cages; `selected` is a place in `views`."""
    tiles = [
        _tile(view, picture, plan, hours, selected=place == selected)
        for place, view in enumerate(views)
    ]
    empty: list[Line] = [(Segment(" " * plan.tile_width),)] * plan.tile_height
    lines: list[Line] = []
    for start in range(0, len(tiles), plan.columns):
        row = tiles[start : start + plan.columns]
        row += [empty] * (plan.columns - len(row))
        lines += [tuple(part for line in side for part in line) for side in zip(*row, strict=True)]
    return lines


def _tile(
    view: CageView, picture: Picture, plan: Plan, hours: float, *, selected: bool
) -> list[Line]:
    codes = picture.codes(view.cage.cage, hours, strip_width(plan))
    if plan.tile_height >= _BOX_FROM:
        return cage_box(view, plan.tile_width, plan.tile_height, codes, hours, selected=selected)
    return cage_row(view, plan.tile_width, plan.tile_height, codes, selected=selected)
