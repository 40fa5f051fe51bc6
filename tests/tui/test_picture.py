"""Strips, colors and places."""

import pytest
from rich.color import Color, ColorSystem

from tests.tui.rack_state import NOW_NS, history, rack
from tui.ethogram_line import axis, ethogram_cells, shares
from tui.ink import LETTERS, Look, code_of
from tui.line import joined
from tui.picture import Connection, HistoryQuery, Picture
from tui.plan import plan

LIVE = Connection("live", NOW_NS, 1.0)


@pytest.mark.parametrize(
    ("color_system", "depth"),
    [
        ("truecolor", ColorSystem.TRUECOLOR),
        ("256", ColorSystem.EIGHT_BIT),
        ("standard", ColorSystem.STANDARD),
    ],
)
def test_behaviors_differ_in_every_depth_of_color(color_system: str, depth: ColorSystem) -> None:
    colors = Look.of_terminal(color_system).colors
    seen = {Color.parse(color).downgrade(depth) for color in colors}
    assert len(seen) == len(colors) == 9


def test_few_colors_bring_letters_and_each_behavior_has_its_own() -> None:
    assert not Look.of_terminal("truecolor").letters
    assert not Look.of_terminal("256").letters
    assert Look.of_terminal("standard").letters
    assert Look.of_terminal(None).letters
    assert len(set(LETTERS)) == 9


def test_a_strip_has_a_cell_for_each_bin() -> None:
    codes = (None, 0, 0, 6, 7, 8, None, 99)
    assert joined([ethogram_cells(codes, Look(letters=True))]) == "·DDZWx··"
    assert joined([ethogram_cells(codes, Look())]) == "·█████··"


def test_an_axis_names_whole_steps_back_from_now() -> None:
    assert joined([axis(6.0, 40)]) == "-6 h         -4 h          -2 h      now"
    assert joined([axis(1.0, 8)]).endswith("now")


def test_shares_are_of_the_labelled_time() -> None:
    assert shares((None, None, 6, 6, 6, 1)) == [(6, 0.75), (1, 0.25)]
    assert shares((None,)) == []


def test_a_history_of_another_width_stands_in_until_the_right_one_comes() -> None:
    query = HistoryQuery(6.0, 24)
    picture = Picture(LIVE, rack(), {query: history(6.0, 24)})
    exact = picture.codes(1, 6.0, 24)
    assert exact[:6] == (None, None, 3, 4, 5, 6)
    assert picture.codes(1, 6.0, 12) == exact[::2]
    assert picture.codes(1, 6.0, 48)[::2] == exact
    assert picture.codes(1, 3.0, 4) == (None,) * 4
    assert picture.codes(77, 6.0, 4) == (None,) * 4


def test_unknown_behaviors_have_no_code() -> None:
    assert code_of("rest") == 6
    assert code_of("[red]dance[/]") is None
    assert code_of(None) is None


@pytest.mark.parametrize("width", [80, 116, 200])
@pytest.mark.parametrize("height", [24, 30, 40, 60])
@pytest.mark.parametrize("alerts", [0, 3, 40])
def test_ten_cages_are_seen_at_once_from_80_by_24(width: int, height: int, alerts: int) -> None:
    found = plan(width, height, 10, 3, alerts)
    rows = 10 // found.columns * found.tile_height + found.has_table_head
    assert rows + found.alert_height + 3 + 3 <= height
    assert found.columns * found.tile_width <= width
    assert found.alert_height >= 1


def test_larger_terminals_give_larger_tiles() -> None:
    sizes = [plan(width, height, 10, 2, 0) for width, height in ((80, 24), (120, 40), (200, 60))]
    assert [(found.columns, found.tile_height) for found in sizes] == [(1, 1), (2, 6), (2, 10)]
