"""What people order of the light: over the worker's socket, and with clocks that a test turns."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.control_client import RequestRefused
from appliance.control_message import (
    CalibratePanelRequest,
    EndOverrideRequest,
    OverrideLightRequest,
)
from appliance.panel_keeper import PanelKeeper
from appliance.panel_look import Happening
from appliance.panel_order import carry_out
from appliance.rack_path import light_record, override_memory
from capture_hw.error import PanelRefused
from capture_hw.light_config import LightConfig
from tests.appliance.light_room import HOUR_S, STANDARD_TIME, Room
from tests.appliance.running_lights import NORTH, running_lights, wait_until

SILENT = """\
[[lights.panel]]
name = "south"
driver = "simulated"
faults = [{ kind = "silent", after_s = 0, for_s = 600 }]
"""
ORDER = OverrideLightRequest(
    panel="north", white_percent=37, minutes=30, reason="cage change", author="Zoë"
)


def order(keeper: PanelKeeper, request: OverrideLightRequest = ORDER) -> tuple[str, Happening]:
    text, happening = carry_out(keeper, request, STANDARD_TIME)
    assert happening is not None
    return text, happening


def test_an_override_is_confirmed_shown_recorded_and_ended(tmp_path: Path) -> None:
    with running_lights(tmp_path) as lights:
        done = lights.client.override_light("north", 37, 30, "cage change", "Zoë")
        shown = lights.wait_for(lambda panel: panel.override is not None)
        assert override_memory(lights.config, "north").exists()
        ended = lights.client.end_override("north", "Ada")
        after = lights.wait_for(lambda panel: panel.override is None)
        assert lights.client.end_override("north", "Ada") == "panel north: no override was running"
    assert done.startswith("panel north: 37 % white light until 20")
    assert done.endswith(", then by the schedule")
    assert shown.override is not None
    assert (shown.override.author, shown.override.reason) == ("Zoë", "cage change")
    assert shown.override.until_utc_ns - time.time_ns() == pytest.approx(1800e9, abs=20e9)
    assert (shown.white_commanded, shown.white_measured, shown.reason) == (37, 37, "")
    assert ended == "panel north: the override is over, light is by the schedule"
    assert after.white_commanded == after.white_scheduled
    assert not override_memory(lights.config, "north").exists()
    (record,) = light_record(lights.config).iterdir()
    rows = [line.split(";") for line in record.read_text().splitlines()[1:]]
    told = [(row[3], row[4], row[5]) for row in rows if row[3] not in ("upload", "minute", "clock")]
    assert told == [
        ("start", "", ""),
        ("override", "Zoë", "cage change"),
        ("override-end", "Ada", "a person ended the override"),
        ("stop", "", ""),
    ]


def test_what_cannot_be_done_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with running_lights(tmp_path) as lights:
        refused = []
        acts: tuple[Callable[[], str], ...] = (
            lambda: lights.client.override_light("north", 37, 61, "cage change", "Zoë"),
            lambda: lights.client.override_light("east", 37, 30, "cage change", "Zoë"),
            lambda: lights.client.dim_infrared("north", 5, 1.0),
            lambda: lights.client.note("a note", "Zoë"),
        )
        for act in acts:
            with pytest.raises(RequestRefused) as error:
                act()
            refused.append(str(error.value))
        assert lights.panel().override is None
    assert refused[0] == ("panel north: it gives other light for 60 min at most, not for 61 min")
    assert refused[1] == "panel east: not in the configuration"
    assert refused[2].startswith("panel north: ")
    assert refused[3] == "only orders about light are taken here; ask the rack's control socket"


def test_a_silent_panel_costs_the_others_nothing(tmp_path: Path) -> None:
    with running_lights(tmp_path, NORTH + SILENT) as lights:
        lights.wait_for(lambda panel: panel.reason != "", "south")
        before_s = time.monotonic()
        for _ in range(5):
            with pytest.raises(RequestRefused, match="panel south: "):
                lights.client.override_light("south", 37, 30, "cage change", "Zoë")
        assert time.monotonic() - before_s < 1.0
        took_s = []
        for _ in range(10):
            before_s = time.monotonic()
            lights.client.dim_infrared("north", 30, 0.2)
            took_s.append(time.monotonic() - before_s)
        assert lights.panel("north").reason == ""
        assert lights.panel("south").ir_commanded is None
    assert sorted(took_s)[5] < 0.2


def test_an_override_ends_by_itself_and_that_is_told_with_its_author(tmp_path: Path) -> None:
    room = Room(tmp_path, at_h=3)
    with room.keeper() as keeper:
        room.watch(keeper, 2)
        text, happening = order(keeper)
        running = keeper.look(happening)
        looks = room.watch(keeper, 1830, every_s=10)
    assert text == ("panel north: 37 % white light until 2026-09-21 04:30:02, then by the schedule")
    assert running.happenings == (Happening("override", "cage change", "Zoë"),)
    assert (running.detail.white_measured, running.detail.phase) == (37, "dark")
    ends = [(look.happenings, look.detail.white_commanded) for look in looks if look.happenings]
    assert ends == [((Happening("override-end", "the override ended by itself", "Zoë"),), 0)]
    assert {look.detail.reason for look in looks} == {""}
    assert looks[0].detail.override is not None
    assert {look.detail.override for look in looks[:179]} == {looks[0].detail.override}
    assert not room.book_path.exists()


def test_a_step_of_the_clock_neither_ends_nor_hides_an_override(tmp_path: Path) -> None:
    room = Room(tmp_path, at_h=3)
    with room.keeper() as keeper:
        room.watch(keeper, 2)
        order(keeper)
        room.step_host_clock(-2 * HOUR_S)
        look = keeper.look()
        room.wait(1801)
        after = keeper.look()
    assert look.happenings == ()
    assert look.detail.override is not None
    assert [one.text for one in after.happenings if one.cause == "override-end"] == [
        "the override ended by itself"
    ]


def test_a_restarted_worker_knows_whose_override_runs_and_that_it_ended(tmp_path: Path) -> None:
    room = Room(tmp_path, at_h=3)
    with room.keeper() as keeper:
        room.watch(keeper, 2)
        order(keeper)
        panel = keeper.panel
        assert json.loads(room.book_path.read_text())["author"] == "Zoë"
        second = room.keep(panel)  # type: ignore[arg-type]
        look = second.look()
        room.wait(1801)
        third = room.keep(panel)  # type: ignore[arg-type]
        last = third.look()
    assert look.detail.override is not None
    assert (look.detail.override.author, look.happenings) == ("Zoë", ())
    assert last.detail.override is None
    assert last.happenings == (Happening("override-end", "the override ended by itself", "Zoë"),)


def test_an_override_that_nobody_ordered_here_is_shown_without_author(tmp_path: Path) -> None:
    room = Room(tmp_path, at_h=3)
    with room.keeper() as keeper:
        room.watch(keeper, 2)
        keeper.panel.override_white(100, 60)
        looks = room.watch(keeper, 5)
        keeper.panel.end_override()
        after = keeper.look()
    assert looks[0].happenings == (
        Happening("override", "an override runs that nobody ordered here"),
    )
    assert [look.happenings for look in looks[1:]] == [()] * 4
    assert looks[0].detail.override is not None
    assert (looks[0].detail.override.author, looks[0].detail.override.white_percent) == ("", 10)
    assert after.happenings == (
        Happening("override-end", "the override ended early, and nobody here ended it"),
    )


def test_ending_an_override_is_told_once_with_who_did_it(tmp_path: Path) -> None:
    room = Room(tmp_path, at_h=3)
    with room.keeper() as keeper:
        room.watch(keeper, 2)
        keeper.look(order(keeper)[1])
        _text, happening = carry_out(
            keeper, EndOverrideRequest(panel="north", author="Ada"), STANDARD_TIME
        )
        look = keeper.look(*filter(None, [happening]))
    assert look.happenings == (Happening("override-end", "a person ended the override", "Ada"),)
    assert (look.detail.override, look.detail.white_commanded) == (None, 0)


def test_an_order_that_cannot_be_noted_is_given_all_the_same_and_said(tmp_path: Path) -> None:
    room = Room(tmp_path, at_h=3)
    (tmp_path / "override").write_text("not a folder")
    with room.keeper() as keeper:
        room.watch(keeper, 2)
        text, _happening = order(keeper)
        look = keeper.look()
    assert "after a restart of the worker its author is forgotten: panel north: " in text
    assert look.detail.override is not None
    assert look.detail.override.author == "Zoë"


def test_calibration_takes_steady_light_for_what_is_commanded(tmp_path: Path) -> None:
    room = Room(tmp_path, at_h=7)
    request = CalibratePanelRequest(panel="north", author="Zoë")
    with room.keeper() as keeper:
        room.watch(keeper, 2)
        before = keeper.panel.sense()
        keeper.panel.calibrate(750, 1000)
        wrong = keeper.look().detail
        text, _happening = carry_out(keeper, request, STANDARD_TIME)
        after = keeper.panel.sense()
        right = keeper.look().detail
    assert wrong.white_measured == 80
    assert (right.white_measured, right.ir_measured, right.reason) == (60, 100, "")
    assert after.ir_full == before.ir_raw
    assert text == (
        f"panel north: white reads {after.white_full} at full light, "
        f"infrared reads {after.ir_full} at full light"
    )


def test_calibration_leaves_a_lamp_that_is_off_and_refuses_light_that_changes(
    tmp_path: Path,
) -> None:
    lights = LightConfig(dawn_minutes=10)
    room = Room(tmp_path, at_h=3, lights=lights)
    request = CalibratePanelRequest(panel="north", author="Zoë")
    with room.keeper() as keeper:
        room.watch(keeper, 2)
        text, _happening = carry_out(keeper, request, STANDARD_TIME)
        room.wait(3 * HOUR_S + 300)
        keeper.look()
        room.wait(1)
        with pytest.raises(PanelRefused, match="panel north: its light changes just now"):
            carry_out(keeper, request, STANDARD_TIME)
    assert text.startswith("panel north: white is at 0 % and needs more than 20 %, infrared reads")


def test_a_record_that_cannot_be_written_does_not_stop_the_watch(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "lights"
    folder.parent.mkdir()
    folder.write_text("not a folder")
    with running_lights(tmp_path) as lights:
        wait_until(lambda: lights.detail().record_fault != "")
        said = lights.detail().record_fault
        lights.client.override_light("north", 37, 30, "cage change", "Zoë")
        lights.wait_for(lambda panel: panel.override is not None)
        folder.unlink()
        wait_until(lambda: lights.detail().record_fault == "")
    assert said == f"light record: {folder}: File exists"
    (record,) = folder.iterdir()
    causes = [line.split(";")[3] for line in record.read_text().splitlines()[1:]]
    assert [cause for cause in causes if cause not in ("upload", "minute", "clock")] == [
        "start",
        "override",
        "stop",
    ]
