"""What commissioning concludes from panels that blinked."""

import pytest

from appliance.commissioning import PanelTrial, panel_behind, panel_rows

LEFT = PanelTrial("left", is_seen=True, text="seen: 2.3 levels darker", depth=2.3)
RIGHT = PanelTrial("right", is_seen=True, text="seen: 41.0 levels darker", depth=41.0)
UNSEEN = PanelTrial("north", is_seen=False, text="not seen")
SILENT = PanelTrial("south", is_seen=None, text="does not answer", is_faulty=True)
IN_USE = PanelTrial("south", is_seen=None, text="in use; not blinked")


@pytest.mark.parametrize("trials", [(LEFT, RIGHT, UNSEEN), (UNSEEN, RIGHT, LEFT)])
def test_the_panel_that_darkens_most_is_behind_the_cage(trials: tuple[PanelTrial, ...]) -> None:
    assert panel_behind(trials, None) == "right"
    assert panel_behind(trials, "left") == "right"


def test_a_second_panel_that_is_seen_is_a_warning_with_both_depths() -> None:
    left, right = panel_rows([LEFT, RIGHT], "left")
    assert (right.verdict, right.text) == ("ok", RIGHT.text)
    assert left.verdict == "warning"
    assert left.text == (
        "seen: 2.3 levels darker; panel right makes it 41.0 levels darker and is taken"
    )


@pytest.mark.parametrize("untried", [SILENT, IN_USE])
@pytest.mark.parametrize("other", [UNSEEN, LEFT])
def test_a_configured_panel_that_cannot_be_blinked_stays(
    untried: PanelTrial, other: PanelTrial
) -> None:
    assert panel_behind([other, untried], "south") == "south"


def test_a_neighbor_seen_beside_a_silent_configured_panel_is_a_warning() -> None:
    left, south = panel_rows([LEFT, SILENT], "south")
    assert left.verdict == south.verdict == "warning"
    assert left.text == "seen: 2.3 levels darker; panel south could not be blinked and is kept"


@pytest.mark.parametrize(
    ("trials", "expected"),
    [
        ([UNSEEN, RIGHT], ["ok", "ok"]),
        ([SILENT, RIGHT], ["warning", "ok"]),
        ([UNSEEN, SILENT], ["failed", "failed"]),
        ([SILENT], ["failed"]),
        ([IN_USE], ["warning"]),
        ([UNSEEN], ["failed"]),
    ],
)
def test_it_is_a_failure_that_no_panel_is_seen(
    trials: list[PanelTrial], expected: list[str]
) -> None:
    assert [row.verdict for row in panel_rows(trials, None)] == expected


def test_a_configured_panel_that_blinks_unseen_is_not_behind_the_cage() -> None:
    assert panel_behind([UNSEEN, LEFT], "north") == "left"
    assert panel_behind([UNSEEN], "north") is None
    assert panel_behind([], None) is None
