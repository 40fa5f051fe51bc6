"""What every light panel does, whatever it is made of: overrides, power cuts, repeats."""

import pytest

from capture_hw.error import PanelRefused
from tests.capture_hw.panel_rig import PanelRig
from tests.capture_hw.panel_trial import (
    ALWAYS_LIGHT,
    DAYLIGHT,
    HOUR_S,
    NOON_S,
    SETTLED_S,
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


def test_an_override_ends_by_itself(rig: PanelRig) -> None:
    rig.panel.upload(DAYLIGHT)
    state_at(rig, NOON_S + 12 * HOUR_S)
    rig.panel.override_white(250, 10)
    state = settled(rig)
    assert (state.phase, state.white.commanded, state.white.measured) == ("dark", 250, is_seen(250))
    (override,) = state.overrides
    assert (override.lamp, override.permille) == ("white", 250)
    assert 9 < override.remaining_s <= 10
    rig.wait(8)
    assert rig.panel.read_state().white.commanded == 250
    rig.wait(2)
    state = rig.panel.read_state()
    assert (state.white.commanded, state.overrides) == (0, ())


def test_setting_the_clock_does_not_prolong_an_override(rig: PanelRig) -> None:
    rig.panel.upload(DAYLIGHT)
    rig.panel.override_white(100, 10)
    rig.wait(5)
    state = state_at(rig, NOON_S - 5 * HOUR_S)
    assert state.white.commanded == 100
    rig.wait(5)
    assert rig.panel.read_state().white.commanded == 600


def test_an_override_is_ended_and_replaced_at_any_time(rig: PanelRig) -> None:
    rig.panel.upload(DAYLIGHT)
    state_at(rig, NOON_S)
    rig.panel.override_white(0, 600)
    rig.panel.override_white(50, 30)
    (override,) = rig.panel.read_state().overrides
    assert (override.permille, override.remaining_s <= 30) == (50, True)
    for _ in range(2):
        rig.panel.end_override()
        state = rig.panel.read_state()
        assert (state.white.commanded, state.overrides) == (600, ())


@pytest.mark.parametrize(("permille", "for_s"), [(1001, 60), (500, 3601), (500, 0)])
def test_an_override_beyond_its_limits_is_refused(rig: PanelRig, permille: int, for_s: int) -> None:
    rig.panel.upload(DAYLIGHT)
    state_at(rig, NOON_S)
    with pytest.raises(PanelRefused, match="panel north"):
        rig.panel.override_white(permille, for_s)
    assert rig.panel.read_state().white.commanded == 600


def test_infrared_light_is_dimmed_for_a_moment_and_white_light_stays(rig: PanelRig) -> None:
    rig.panel.upload(DAYLIGHT)
    state_at(rig, NOON_S)
    rig.panel.dim_infrared(300, 1.2)
    state = settled(rig)
    assert (state.ir.commanded, state.ir.measured) == (300, is_seen(300))
    assert (state.white.commanded, state.white.measured) == (600, is_seen(600))
    rig.wait(1.3)
    assert rig.panel.read_state().ir.commanded == 900


@pytest.mark.parametrize(("permille", "for_s"), [(249, 1.0), (300, 2.1)])
def test_infrared_light_is_never_dimmed_deep_or_long(
    rig: PanelRig, permille: int, for_s: float
) -> None:
    rig.panel.upload(DAYLIGHT)
    with pytest.raises(PanelRefused, match="panel north"):
        rig.panel.dim_infrared(permille, for_s)
    assert rig.panel.read_state().ir.commanded == 900


def test_program_trim_and_calibration_survive_a_power_cut_and_overrides_do_not(
    rig: PanelRig,
) -> None:
    rig.panel.upload(TWO_ERAS)
    rig.panel.trim_clock(-1234)
    rig.panel.calibrate(700, None)
    rig.panel.override_white(500, 600)
    before = rig.panel.identify()
    rig.cut_power()
    assert rig.panel.read_program() == TWO_ERAS
    sensors = rig.panel.sense()
    assert (sensors.trim_ppm, sensors.white_full) == (-1234, 700)
    state = rig.panel.read_state()
    assert state.overrides == ()
    after = rig.panel.identify()
    assert after.resets == before.resets + 1
    assert after.serial_number == before.serial_number


def test_a_panel_that_lost_the_time_gives_no_white_light_until_it_is_told(rig: PanelRig) -> None:
    rig.panel.upload(ALWAYS_LIGHT)
    if not rig.has_clock:
        assert rig.panel.read_state().white.commanded == 0
    assert state_at(rig, NOON_S).white.commanded == 600
    rig.cut_power()
    state = rig.panel.read_state()
    if rig.has_clock:
        assert (state.clock, state.phase, state.white.commanded) == ("rtc", "light", 600)
        return
    assert (state.utc_ns, state.clock) == (None, "none")
    assert (state.phase, state.white.commanded, state.ir.commanded) == ("dark", 0, 900)
    assert state_at(rig, NOON_S).white.commanded == 600


def test_calibration_changes_what_is_measured(rig: PanelRig) -> None:
    rig.panel.upload(DAYLIGHT)
    state_at(rig, NOON_S)
    rig.wait(SETTLED_S)
    sensors = rig.panel.sense()
    assert sensors.white_raw is not None
    assert sensors.ir_raw is not None
    rig.panel.calibrate(1023, 1023)
    state = settled(rig)
    assert state.white.measured == is_seen(sensors.white_raw * 1000 // 1023)
    rig.panel.calibrate(sensors.white_raw * 10 // 6, sensors.ir_raw * 10 // 9)
    state = settled(rig)
    assert (state.white.measured, state.ir.measured) == (is_seen(600), is_seen(900))


def test_repeating_each_verb_is_harmless(rig: PanelRig) -> None:
    for _ in range(2):
        rig.panel.identify()
        rig.panel.upload(TWO_ERAS)
        rig.panel.trim_clock(7)
        rig.panel.calibrate(None, None)
        rig.panel.override_white(100, 60)
        rig.panel.dim_infrared(400, 0.5)
        rig.panel.end_override()
        state = state_at(rig, NOON_S)
        assert (state.white.commanded, state.ir.commanded) == (600, 800)
        assert rig.panel.read_program() == TWO_ERAS
    assert state.bad_lines == 0
    rig.panel.close()
    rig.panel.close()
