"""Keeping one panel right: a simulated one behind the whole serial stack, with turned clocks."""

from pathlib import Path
from typing import Final

import pytest

from appliance.control_message import OverrideLightRequest
from appliance.light_record import LightRow
from appliance.outbox import Event
from appliance.panel_look import PanelLook
from appliance.panel_order import carry_out
from capture_hw.light_config import LightConfig
from capture_hw.light_setting import plan_of
from capture_hw.panel.program import program_of
from capture_hw.panel_config import PanelFault, PanelFaultKind
from tests.appliance.light_room import HOUR_S, SECOND_NS, STANDARD_TIME, Room

DEAD: Final = "its lamp, the driver or the sensor is dead"
OTHER_PLAN: Final = plan_of(LightConfig(white_percent=5), STANDARD_TIME)


def told(room: Room) -> tuple[list[Event], list[LightRow]]:
    """Return what is told of all that was looked at."""
    events: list[Event] = []
    rows: list[LightRow] = []
    for look in room.looks:
        news = room.teller.take(look)
        events += news.events
        rows += news.rows
    return events, rows


def moment(event: Event) -> str:
    seconds = event.time_utc_ns // SECOND_NS % 86_400
    return f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"


def reasons(looks: list[PanelLook]) -> list[str]:
    """Return the reasons in order, each once."""
    found = [look.detail.reason for look in looks]
    return [one for index, one in enumerate(found) if not index or found[index - 1] != one]


def test_a_day_has_one_event_at_the_start_and_one_at_each_change(tmp_path: Path) -> None:
    room = Room(tmp_path, at_h=0)
    with room.keeper() as keeper:
        room.watch(keeper, 24 * HOUR_S, every_s=300)
    events, rows = told(room)
    found = [(moment(e), e.zt_h, e.payload.phase, e.payload.white_commanded) for e in events]  # type: ignore[union-attr]
    assert [e.payload.cause for e in events] == ["start", "upload", "schedule", "schedule"]  # type: ignore[union-attr]
    assert found[0][1] == pytest.approx(18.0, abs=1e-3)
    assert [(one[0], one[2], one[3]) for one in found] == [
        ("00:00:00", "dark", 0),
        ("00:00:00", "dark", 0),
        ("06:00:00", "light", 60),
        ("18:00:00", "dark", 0),
    ]
    assert len(rows) == 2 + 287
    assert {look.detail.reason for look in room.looks} == {""}
    assert {(look.detail.ir_commanded, look.detail.ir_measured) for look in room.looks} == {
        (100, 100)
    }


def test_a_ramp_is_told_at_its_ends_and_once_a_minute(tmp_path: Path) -> None:
    lights = LightConfig(dawn_minutes=3)
    room = Room(tmp_path, at_h=5.99, lights=lights)
    with room.keeper() as keeper:
        room.watch(keeper, 300)
    events, _rows = told(room)
    assert reasons(room.looks) == [""]
    assert [(moment(e), e.payload.white_commanded) for e in events[2:]] == [  # type: ignore[union-attr]
        ("06:00:00", 0),
        ("06:01:00", 20),
        ("06:02:00", 40),
        ("06:03:00", 60),
    ]


def test_a_panel_that_runs_its_program_is_not_told_again(tmp_path: Path) -> None:
    room = Room(tmp_path, at_h=7)
    with room.keeper() as keeper:
        assert [one.cause for one in keeper.look().happenings] == ["upload"]
    with room.keeper() as keeper:
        look = keeper.look()
    assert look.happenings == ()
    assert (look.detail.white_measured, look.detail.reason) == (60, "")
    assert (look.detail.serial_number, look.detail.keeps_schedule) == ("SIM-north", True)


def test_somebody_elses_program_is_replaced_at_once_and_said_for_a_minute(tmp_path: Path) -> None:
    room = Room(tmp_path, at_h=7)
    with room.keeper() as keeper:
        room.watch(keeper, 3)
        keeper.panel.upload(program_of(OTHER_PLAN, 50, 0))
        looks = room.watch(keeper, 70)
    assert looks[0].detail.white_commanded == 60
    assert [one.cause for one in looks[0].happenings] == ["upload"]
    assert reasons(looks) == [
        "panel north: another program was on it and ours was uploaded again",
        "",
    ]


def test_a_quarrel_about_the_program_does_not_wear_the_memory_out(tmp_path: Path) -> None:
    room = Room(tmp_path, at_h=7)
    uploads = 0
    with room.keeper() as keeper:
        room.watch(keeper, 3)
        for _ in range(120):
            keeper.panel.upload(program_of(OTHER_PLAN, 50, 0))
            look = keeper.look()
            uploads += sum(one.cause == "upload" for one in look.happenings)
            room.wait(10)
    assert uploads == 8  # after 0, 10, 20, 40, 80, 160, 320 and 640 s
    assert look.detail.reason == (
        "panel north: it runs another program, and ours is uploaded again within 10 min"
    )


@pytest.mark.parametrize(
    ("kind", "at_h", "reason"),
    [
        (
            "white-dark",
            7,
            f"panel north: white is measured at 0 % where 60 % is commanded: {DEAD}",
        ),
        (
            "ir-dark",
            7,
            f"panel north: infrared is measured at 0 % where 100 % is commanded: {DEAD}",
        ),
        (
            "white-on",
            3,
            "panel north: white light is on in the dark: measured at 100 % where 0 % is commanded",
        ),
        ("white-on", 7, "panel north: white is measured at 100 % where 60 % is commanded"),
    ],
)
def test_a_broken_lamp_is_told_within_a_second_and_taken_back(
    tmp_path: Path, kind: PanelFaultKind, at_h: float, reason: str
) -> None:
    room = Room(tmp_path, at_h, faults=(PanelFault(kind=kind, after_s=5, for_s=5),))
    with room.keeper() as keeper:
        room.watch(keeper, 15)
    assert [look.detail.reason for look in room.looks] == [""] * 5 + [reason] * 5 + [""] * 5


def test_a_silent_panel_is_shown_as_it_should_be_with_nothing_measured(tmp_path: Path) -> None:
    room = Room(tmp_path, at_h=7, faults=(PanelFault(kind="silent", after_s=1, for_s=10),))
    with room.keeper() as keeper:
        room.watch(keeper, 2)
        unseen = room.looks[1].detail
        room.wait(10)
        seen = keeper.look().detail
    assert (unseen.phase, unseen.white_scheduled) == ("light", 60)
    assert (unseen.white_commanded, unseen.ir_commanded, unseen.ir_measured) == (None, None, None)
    assert unseen.reason.startswith("panel north: ")
    assert (seen.white_measured, seen.reason, seen.serial_number) == (60, "", "SIM-north")


def test_a_restart_is_told_and_an_override_lost_by_it_is_not_given_again(tmp_path: Path) -> None:
    room = Room(tmp_path, at_h=3)
    request = OverrideLightRequest(
        panel="north", white_percent=10, minutes=30, reason="cage change", author="Zoë"
    )
    with room.keeper() as keeper:
        room.watch(keeper, 2)
        carry_out(keeper, request, STANDARD_TIME)
        assert keeper.look().detail.white_measured == 10
        room.power_cycle()
        looks = [keeper.look()]
        while looks[-1].detail.ir_commanded is None:
            looks.append(keeper.look())
        room.wait(61)
        after = keeper.look().detail
    back = looks[-1]
    causes = [(one.cause, one.author, one.text) for one in back.happenings]
    restarted = "it was started again (power), and an override ended with its restart"
    assert causes == [
        ("reboot", "", restarted),
        ("override-end", "Zoë", "the override ended with the panel's restart"),
    ]
    assert back.detail.reason == f"panel north: {restarted}"
    assert (back.detail.white_commanded, back.detail.override, back.detail.resets) == (0, None, 1)
    assert after.reason == ""


def test_a_restart_whose_cause_is_not_heard_is_told_with_what_is_seen(tmp_path: Path) -> None:
    room = Room(tmp_path, at_h=7)
    with room.keeper() as keeper:
        room.watch(keeper, 2)
        room.reset()
        room.deafen("identify", times=3)
        looks = room.watch(keeper, 2)
    assert [look.detail.white_measured for look in looks] == [60, 60]
    assert {look.detail.reason for look in looks} == {
        "panel north: it was started again (it has not said why)"
    }


def test_a_panel_without_time_gets_it_at_once(tmp_path: Path) -> None:
    room = Room(tmp_path, at_h=7, has_rtc=False)
    with room.keeper() as keeper:
        look = keeper.look()
    assert [one.cause for one in look.happenings] == ["clock", "upload"]
    assert (look.detail.white_commanded, look.detail.reason) == (60, "")


@pytest.mark.parametrize("step_s", [-HOUR_S, HOUR_S])
def test_a_passing_step_of_the_clock_moves_no_light(tmp_path: Path, step_s: int) -> None:
    room = Room(tmp_path, at_h=6.5)
    with room.keeper() as keeper:
        room.watch(keeper, 1)
        room.step_host_clock(step_s)
        looks = room.watch(keeper, 500, every_s=10)
        room.step_host_clock(-step_s)
        room.watch(keeper, 6)
    assert {look.detail.white_measured for look in looks} == {60}
    minutes = -step_s // 60
    assert reasons(room.looks) == [
        "",
        f"panel north: its clock differs from this machine's by {minutes:+d} min",
        "",
    ]
    events, _rows = told(room)
    causes = [event.payload.cause for event in events]  # type: ignore[union-attr]
    assert causes == ["start", "upload", "reason", "reason"]


def test_a_lasting_step_of_a_synchronized_clock_is_followed_after_ten_minutes(
    tmp_path: Path,
) -> None:
    room = Room(tmp_path, at_h=5.5)
    with room.keeper() as keeper:
        room.watch(keeper, 1)
        room.step_host_clock(HOUR_S)
        looks = room.watch(keeper, 620, every_s=10)
    assert [look.detail.phase for look in looks] == ["dark"] * 60 + ["light"] * 2


def test_an_unsynchronized_clock_is_never_followed(tmp_path: Path) -> None:
    room = Room(tmp_path, at_h=5.5)
    with room.keeper() as keeper:
        room.watch(keeper, 1)
        room.is_synchronized = False
        room.step_host_clock(HOUR_S)
        looks = room.watch(keeper, 1000, every_s=10)
    assert {look.detail.phase for look in looks} == {"dark"}
    assert {one.cause for look in looks for one in look.happenings} == set()


def test_a_drifting_panel_is_set_and_trimmed_and_then_keeps_time(tmp_path: Path) -> None:
    room = Room(tmp_path, at_h=7, has_rtc=False, quartz_ppm=300)
    with room.keeper() as keeper:
        room.watch(keeper, 8 * HOUR_S, every_s=60)
        trim_ppm = keeper.panel.sense().trim_ppm
    assert -305 <= trim_ppm <= -295
    done = [one.text for look in room.looks[1:] for one in look.happenings]
    assert len(done) <= 2
    assert done[0].startswith("the clock was set: it was off by +1.0 s; the clock was trimmed to -")
    assert max(abs(look.detail.clock_off_s or 0) for look in room.looks) < 1.1


def test_a_clock_that_does_not_keep_time_is_a_reason(tmp_path: Path) -> None:
    room = Room(tmp_path, at_h=7, quartz_ppm=20_000)
    with room.keeper() as keeper:
        looks = room.watch(keeper, 400, every_s=5)
    assert reasons(looks) == [
        "",
        "panel north: its clock does not keep time: it was set more than 6 times an hour",
    ]
