"""What every light panel does, whatever it is made of: who it is, the time, its program."""

from dataclasses import replace

import pytest

from capture_hw.error import PanelRefused
from capture_hw.light_plan import Era
from capture_hw.panel.program import PanelProgram
from capture_hw.photoperiod import LightSpan, Photoperiod
from tests.capture_hw.panel_rig import SECOND_NS, PanelRig
from tests.capture_hw.panel_trial import (
    DAY_S,
    DAYLIGHT,
    HOUR_S,
    NOON_S,
    RAMPS,
    SIX_TO_SIX,
    TWO_ERAS,
    build,
    firmware,
    firmware_folder,
    is_seen,
    rig,
    settled,
    state_at,
)

__all__ = ["build", "firmware", "firmware_folder", "rig"]


def test_it_says_who_it_is(rig: PanelRig) -> None:
    identity = rig.panel.identify()
    assert rig.panel.name == "north"
    assert identity.protocol == 1
    assert identity.model
    assert identity.serial_number
    assert identity.reset_cause == "power"
    assert (identity.ir_floor_permille, identity.longest_override_s) == (250, 3600)
    assert identity.has_rtc is rig.has_clock
    assert rig.panel.port


def test_a_new_panel_gives_infrared_light_and_no_white_light(rig: PanelRig) -> None:
    state = rig.panel.read_state()
    assert (state.phase, state.program_crc, state.overrides) == ("dark", None, ())
    assert (state.white.commanded, state.white.measured) == (0, 0)
    assert state.ir.commanded >= 250
    assert state.next_change_utc_s is None
    assert rig.panel.read_program() is None


def test_its_clock_goes_on_as_it_was_set(rig: PanelRig) -> None:
    rig.panel.set_time(NOON_S * SECOND_NS, -120)
    rig.wait(10)
    state = rig.panel.read_state()
    assert state.utc_ns is not None
    assert abs(state.utc_ns - (NOON_S + 10) * SECOND_NS) < SECOND_NS / 10
    assert state.clock in ({"host", "rtc"} if rig.has_clock else {"host"})


@pytest.mark.parametrize("program", [DAYLIGHT, TWO_ERAS])
def test_a_program_comes_back_as_it_was_given(rig: PanelRig, program: PanelProgram) -> None:
    rig.panel.upload(program)
    assert rig.panel.read_program() == program
    assert rig.panel.read_state().program_crc == program.crc


def test_a_later_program_takes_the_place_of_the_first(rig: PanelRig) -> None:
    rig.panel.upload(TWO_ERAS)
    rig.panel.upload(DAYLIGHT)
    assert rig.panel.read_program() == DAYLIGHT
    assert state_at(rig, RAMPS.from_utc_s + 5).white.commanded == 600


def test_another_program_of_the_same_crc_takes_the_place_of_the_first(rig: PanelRig) -> None:
    photoperiod = Photoperiod(6 * HOUR_S, DAY_S, (LightSpan(0, 533, 533), LightSpan(8940, 0, 0)))
    twin = PanelProgram(900, (Era(0, photoperiod),))
    assert twin.crc == DAYLIGHT.crc
    for program in (DAYLIGHT, twin):
        rig.panel.upload(program)
        assert rig.panel.read_program() == program
    assert state_at(rig, NOON_S - 6 * HOUR_S).white.commanded == 533


def test_light_changes_in_the_second_that_the_program_says(rig: PanelRig) -> None:
    rig.panel.upload(DAYLIGHT)
    day_s = NOON_S - 12 * HOUR_S
    seen = []
    for utc_s in (6 * HOUR_S - 1, 6 * HOUR_S, 18 * HOUR_S - 1, 18 * HOUR_S):
        rig.panel.set_time((day_s + utc_s) * SECOND_NS, 60)
        state = settled(rig)
        seen.append((state.phase, state.white.commanded, state.white.measured))
        assert (state.ir.commanded, state.ir.measured) == (900, is_seen(900))
    dark, light = ("dark", 0, 0), ("light", 600, is_seen(600))
    assert seen == [dark, light, light, dark]


def test_light_changes_by_itself_while_nobody_asks(rig: PanelRig) -> None:
    rig.panel.upload(DAYLIGHT)
    before = state_at(rig, NOON_S + 6 * HOUR_S - 6)
    assert (before.phase, before.next_change_utc_s) == ("light", NOON_S + 6 * HOUR_S)
    rig.wait(6)
    after = rig.panel.read_state()
    assert (after.phase, after.white.commanded) == ("dark", 0)
    assert after.next_change_utc_s == NOON_S + 18 * HOUR_S
    assert 6 <= after.host_silent_s < 7


def test_ramps_and_eras_have_the_level_of_their_second(rig: PanelRig) -> None:
    rig.panel.upload(TWO_ERAS)
    begin_s = RAMPS.from_utc_s
    zero_s = begin_s + (1000 - begin_s) % (23 * HOUR_S)
    expected = {
        begin_s - 1: 600,
        zero_s: 0,
        zero_s + 1: 0,
        zero_s + 2: 1,
        zero_s + 1799: 999,
        zero_s + 1800: 1000,
        zero_s + 8 * HOUR_S: 1000,
        zero_s + 8 * HOUR_S + 7: 999,
        zero_s + 9 * HOUR_S - 1: 1,
        zero_s + 9 * HOUR_S: 0,
        zero_s + 23 * HOUR_S + 900: 500,
    }
    assert {utc_s: state_at(rig, utc_s).white.commanded for utc_s in expected} == expected
    assert state_at(rig, zero_s).phase == "light"


@pytest.mark.parametrize(
    "wrong",
    [
        replace(DAYLIGHT, ir_permille=249),
        replace(DAYLIGHT, ir_permille=1001),
        PanelProgram(900, ()),
        PanelProgram(900, (Era(0, Photoperiod(0, DAY_S, (LightSpan(0, 1001, 1001),))),)),
        PanelProgram(900, (SIX_TO_SIX, SIX_TO_SIX)),
        PanelProgram(900, (Era(0, Photoperiod(0, DAY_S, (LightSpan(5, 600, 600),))),)),
        PanelProgram(900, (Era(0, Photoperiod(60, 60, (LightSpan(0, 600, 600),))),)),
        PanelProgram(900, (Era(0, Photoperiod(0, 60, (LightSpan(0, 6, 6), LightSpan(60, 0, 0)))),)),
    ],
)
def test_a_program_that_is_wrong_is_refused_and_the_old_one_runs_on(
    rig: PanelRig, wrong: PanelProgram
) -> None:
    rig.panel.upload(DAYLIGHT)
    with pytest.raises(PanelRefused, match="panel north"):
        rig.panel.upload(wrong)
    assert rig.panel.read_program() == DAYLIGHT
    assert state_at(rig, NOON_S).white.commanded == 600
