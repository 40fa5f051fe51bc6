"""Turns of the search through the cages' folders."""

from appliance.search_turn import SearchTurns


def test_each_is_searched_once_a_second_and_never_two_in_one_turn() -> None:
    turns = SearchTurns(["01", "02", "03"])
    found = [turns.next_due(n / 10) for n in range(14)]
    assert found == ["01", "02", "03", *[None] * 7, "01", "02", "03", None]


def test_a_slow_loop_leaves_nobody_out() -> None:
    turns = SearchTurns(["01", "02", "03"])
    assert [turns.next_due(5.0 * n) for n in range(6)] == ["01", "02", "03", "01", "02", "03"]


def test_with_nothing_to_search_nothing_is_due() -> None:
    assert SearchTurns([]).next_due(0.0) is None
