"""An order about light whose answer is lost: what is said, what is done, whose light it is."""

from pathlib import Path
from typing import Final

import pytest

from appliance.control_message import EndOverrideRequest, OverrideLightRequest
from appliance.panel_keeper import PanelKeeper
from appliance.panel_look import Happening
from appliance.panel_order import carry_out
from capture_hw.error import PanelRefused, PanelSilent
from capture_hw.panel.reconnection import ReconnectingPanel
from tests.appliance.light_room import STANDARD_TIME, Room

ORDER: Final = OverrideLightRequest(
    panel="north", white_percent=60, minutes=30, reason="cage change", author="Zoë"
)


def lose_answers(monkeypatch: pytest.MonkeyPatch, *verbs: str) -> None:
    """Let a panel do what it is told while the answers to these verbs do not arrive."""
    for verb in verbs:
        done = getattr(ReconnectingPanel, verb)

        def lost(panel: ReconnectingPanel, *words: object, done: object = done) -> None:
            assert callable(done)
            done(panel, *words)
            raise PanelSilent("panel north: no valid answer")

        monkeypatch.setattr(ReconnectingPanel, verb, lost)


def lose_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a panel take an override, answer nothing and hear nothing for a moment."""
    lose_answers(monkeypatch, "override_white")

    def unheard(panel: ReconnectingPanel) -> None:
        raise PanelSilent(f"panel {panel.name}: no valid answer")

    monkeypatch.setattr(ReconnectingPanel, "end_override", unheard)


def refused(keeper: PanelKeeper, error: type[Exception] = PanelSilent) -> str:
    with pytest.raises(error) as refusal:
        carry_out(keeper, ORDER, STANDARD_TIME)
    return str(refusal.value)


@pytest.mark.parametrize("verb", ["override_white", "read_state"])
def test_an_order_that_is_not_confirmed_is_withdrawn_and_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    room = Room(tmp_path, at_h=3)
    with room.keeper() as keeper:
        room.watch(keeper, 2)
        with monkeypatch.context() as broken:
            lose_answers(broken, verb)
            said = refused(keeper)
        look = keeper.look()
    assert said == (
        "panel north: no valid answer; 60 % white light was withdrawn and the panel is on its "
        "schedule"
    )
    assert (look.detail.white_commanded, look.detail.override) == (0, None)
    text = "60 % white light was ordered, not confirmed and withdrawn at once"
    assert look.happenings == (Happening("override-end", text, "Zoë"),)


def test_an_order_that_can_neither_be_confirmed_nor_withdrawn_keeps_its_author(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Room(tmp_path, at_h=3)
    with room.keeper() as keeper:
        room.watch(keeper, 2)
        with monkeypatch.context() as broken:
            lose_order(broken)
            said = refused(keeper)
        look = keeper.look()
        assert room.book_path.exists()
    assert said == (
        "panel north: no valid answer; 60 % white light may run for 30 min, for it could not be "
        "withdrawn"
    )
    assert look.detail.white_commanded == 60
    assert look.detail.override is not None
    assert look.detail.override.author == "Zoë"
    assert look.happenings == (Happening("override", "cage change", "Zoë"),)


def test_an_order_that_the_panel_refuses_leaves_anothers_override(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Room(tmp_path, at_h=3)
    with room.keeper() as keeper:
        room.watch(keeper, 2)
        carry_out(keeper, ORDER, STANDARD_TIME)

        def refuse(panel: ReconnectingPanel, *_words: object) -> None:
            raise PanelRefused(f"panel {panel.name}: refuses 'override'")

        with monkeypatch.context() as broken:
            broken.setattr(ReconnectingPanel, "override_white", refuse)
            assert refused(keeper, PanelRefused) == "panel north: refuses 'override'"
        look = keeper.look()
    assert look.detail.override is not None
    assert (look.detail.override.author, look.detail.white_commanded) == ("Zoë", 60)


def test_an_end_whose_answer_is_lost_is_told_with_who_ordered_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Room(tmp_path, at_h=3)
    with room.keeper() as keeper:
        room.watch(keeper, 2)
        carry_out(keeper, ORDER, STANDARD_TIME)
        with monkeypatch.context() as broken:
            lose_answers(broken, "end_override")
            with pytest.raises(PanelSilent):
                carry_out(keeper, EndOverrideRequest(panel="north", author="Ada"), STANDARD_TIME)
        look = keeper.look()
    assert look.happenings == (Happening("override-end", "a person ended the override", "Ada"),)
