"""Keeping a panel's clock where this machine's is not synchronized, or where answers are lost."""

from pathlib import Path

import pytest

from appliance.panel_look import PanelLook
from tests.appliance.light_room import HOUR_S, Room

DAY_S = 24 * HOUR_S
WAITING = (
    "panel north: it does not know the time, so it gives no white light; "
    "it waits up to 10 min for this machine's to be synchronized (NTP)"
)
UNSURE = "panel north: its clock was set from a machine whose time is not synchronized"


def done(looks: list[PanelLook], cause: str) -> list[str]:
    return [one.text for look in looks for one in look.happenings if one.cause == cause]


def worst_off_s(looks: list[PanelLook]) -> float:
    return max(abs(look.detail.clock_off_s or 0.0) for look in looks)


def test_a_month_without_synchronization_stays_within_two_seconds(tmp_path: Path) -> None:
    room = Room(tmp_path, at_h=7, has_rtc=False, quartz_ppm=5000)
    room.is_synchronized = False
    with room.keeper() as keeper:
        room.watch(keeper, 20 * 60, every_s=2)
        room.watch(keeper, 30 * DAY_S, every_s=1200)
    assert worst_off_s(room.looks) < 2


def test_a_step_without_synchronization_is_left_out_while_drift_is_set(tmp_path: Path) -> None:
    room = Room(tmp_path, at_h=7, quartz_ppm=300)
    with room.keeper() as keeper:
        room.watch(keeper, 2)
        room.is_synchronized = False
        room.step_host_clock(HOUR_S)
        looks = room.watch(keeper, 4 * HOUR_S, every_s=30)
    off_s = [look.detail.clock_off_s for look in looks]
    assert done(looks, "clock") == ["the clock was set: it was off by +1.0 s"] * 4
    assert {round(one or 0.0, -1) for one in off_s} == {-3600.0}
    assert max(abs((one or 0.0) + HOUR_S) for one in off_s) < 1.1


def test_a_panel_without_time_waits_in_the_dark_for_a_synchronized_machine(tmp_path: Path) -> None:
    room = Room(tmp_path, at_h=3, has_rtc=False)
    room.is_synchronized = False
    room.step_host_clock(6 * HOUR_S)  # it believes in an hour of light
    with room.keeper() as keeper:
        waiting = room.watch(keeper, 590, every_s=10)
        room.step_host_clock(-6 * HOUR_S)
        room.is_synchronized = True
        look = keeper.look()
    assert {one.detail.white_commanded for one in waiting} == {0}
    assert {one.detail.reason for one in waiting} == {WAITING}
    assert done([look], "clock") == ["the clock was set: the panel did not know the time"]
    assert (look.detail.clock_off_s, look.detail.reason) == (0.0, "")


def test_a_time_that_nobody_has_confirmed_is_a_reason_until_it_is_put_right(
    tmp_path: Path,
) -> None:
    room = Room(tmp_path, at_h=3, has_rtc=False)
    room.is_synchronized = False
    room.step_host_clock(6 * HOUR_S)
    with room.keeper() as keeper:
        looks = room.watch(keeper, 2 * HOUR_S, every_s=10)
        room.step_host_clock(-6 * HOUR_S)
        stepped = keeper.look()
        room.is_synchronized = True
        followed = keeper.look()
        room.wait(1)
        after = keeper.look()
    assert [look.detail.reason for look in looks] == [WAITING] * 60 + [UNSURE] * 660
    assert stepped.detail.reason.endswith("its clock differs from this machine's by +360 min")
    assert done([followed], "clock") == ["the clock was set: it was off by +21600.0 s"]
    assert (followed.detail.phase, after.detail.reason) == ("dark", "")


@pytest.mark.parametrize("was_synchronized", [True, False])
def test_a_panel_that_loses_the_time_later_gets_it_at_once(
    tmp_path: Path, was_synchronized: bool
) -> None:
    """Also from a machine that was stepped: what counts is the time before."""
    room = Room(tmp_path, at_h=7, has_rtc=False)
    room.is_synchronized = was_synchronized
    with room.keeper() as keeper:
        room.watch(keeper, 700, every_s=10)
        room.is_synchronized = False
        room.step_host_clock(HOUR_S)
        keeper.look()
        room.memory.unlink()
        room.power_cycle()
        looks = [keeper.look()]
        while looks[-1].detail.clock_off_s is None:
            room.wait(1)
            looks.append(keeper.look())
    assert done(looks, "clock") == ["the clock was set: the panel did not know the time"]
    assert looks[-1].detail.clock_off_s == -HOUR_S


@pytest.mark.parametrize("is_heard", [True, False])
def test_a_trim_whose_answer_is_lost_ends_no_discipline(tmp_path: Path, is_heard: bool) -> None:
    room = Room(tmp_path, at_h=0, has_rtc=False, quartz_ppm=5000)
    with room.keeper() as keeper:
        unanswered_s = room.deafen("trim", times=3, is_heard=is_heard)
        looks = room.watch(keeper, HOUR_S, every_s=5)
        trim_ppm = keeper.panel.sense().trim_ppm
        room.watch(keeper, HOUR_S, every_s=60)
    assert len(unanswered_s) == 3
    assert -4978 <= trim_ppm <= -4972  # 1 / 1.005 - 1
    said = "its clock cannot be trimmed: no valid answer to 'trim'"
    assert f"the clock was set: it was off by +1.0 s; {said}" in done(looks, "clock")
    assert f"panel north: {said}" in {look.detail.reason for look in looks}
    assert room.looks[-1].detail.reason == ""
    assert not any("was set" in text for text in done(room.looks[-60:], "clock"))


def test_a_clock_that_cannot_be_set_is_said_beside_what_is_seen(tmp_path: Path) -> None:
    room = Room(tmp_path, at_h=7, has_rtc=False)
    with room.keeper() as keeper:
        room.deafen("time", times=3)
        looks = room.watch(keeper, 3)
    assert looks[0].detail.ir_measured == 100
    assert looks[0].detail.reason == (
        "panel north: it does not know the time, so it gives no white light; "
        "its clock cannot be set: no valid answer to 'time'"
    )
    assert (looks[2].detail.white_commanded, looks[2].detail.reason) == (60, "")
