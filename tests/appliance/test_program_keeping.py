"""A program that a panel does not take, or does not confirm."""

from pathlib import Path

import pytest

from appliance.panel_keeper import PanelKeeper
from capture_hw.panel import program_transfer
from capture_hw.panel_config import PanelFault
from tests.appliance.light_room import Room


@pytest.fixture(autouse=True)
def brief_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit that is not answered costs a test less than 4 s."""
    monkeypatch.setattr(program_transfer, "_COMMIT_S", 0.05)


def test_white_light_in_the_dark_is_told_while_no_program_is_taken(tmp_path: Path) -> None:
    fault = PanelFault(kind="white-on", after_s=0, for_s=9999)
    room = Room(tmp_path, at_h=3, faults=(fault,))
    with room.keeper() as keeper:
        room.deafen("commit")
        looks = room.watch(keeper, 3)
    assert [look.detail.white_measured for look in looks] == [100] * 3
    told = "panel north: white light is on in the dark: measured at 100 % where 0 % is commanded"
    assert [look.detail.reason for look in looks[1:]] == [told] * 2


def test_a_panel_that_confirms_no_commit_is_asked_ever_more_rarely(tmp_path: Path) -> None:
    room = Room(tmp_path, at_h=7)
    with room.keeper() as keeper:
        sent_s = room.deafen("commit")
        looks = room.watch(keeper, 20 * 60)
    assert sent_s == [0, 1, 11, 31, 71, 151, 311, 631]
    assert looks[2].detail.reason == (
        "panel north: it does not take its program: the upload is not confirmed; "
        "tried again within 10 s"
    )
    assert looks[-1].detail.reason.endswith("tried again within 10 min")


def test_a_single_commit_that_is_lost_costs_a_second(tmp_path: Path) -> None:
    room = Room(tmp_path, at_h=7)
    with room.keeper() as keeper:
        room.deafen("commit", times=1)
        looks = room.watch(keeper, 3)
    assert [look.detail.white_commanded for look in looks] == [0, 60, 60]
    assert [look.detail.reason == "" for look in looks] == [False, True, True]


def looks_after_forgetting(room: Room, keeper: PanelKeeper) -> int:
    """Let the panel lose its memory; return the uploads until it is seen again."""
    room.memory.unlink(missing_ok=True)
    room.power_cycle()
    looks = [keeper.look()]
    while looks[-1].detail.ir_commanded is None:
        looks.append(keeper.look())
    room.wait(4)
    return sum(one.cause == "upload" for look in looks for one in look.happenings)


def test_a_panel_that_forgets_what_it_has_confirmed_is_told_ever_more_rarely(
    tmp_path: Path,
) -> None:
    room = Room(tmp_path, at_h=7)
    with room.keeper() as keeper:
        room.watch(keeper, 1)
        uploads = [looks_after_forgetting(room, keeper) for _ in range(12)]
    assert 2 <= sum(uploads) <= 5
