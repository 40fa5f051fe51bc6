"""A clock on the board that lies, or whose bus is damaged: it may not bring the day's light."""

import pytest

from tests.firmware.emulated_panel import EmulatedPanel, Reset
from tests.firmware.host import DAY, NOON_S, Host

LIT_S = NOON_S - 3600
DARK_S = NOON_S + 3600
HOUR, TENS_OF_HOURS = 2, 4
"""A bit by which 13 h becomes 3 h, when it is light. Source: DS3231 data sheet, register map."""
SIGNATURE = 8


def _follow_the_board(host: Host, panel: EmulatedPanel, utc_s: int) -> None:
    panel.set_rtc()
    host.commit(DAY)
    host.set_time(utc_s)
    panel.run(20)
    assert host.words("clock")[3] == "rtc"
    panel.take_changes()


def _assert_dark(panel: EmulatedPanel) -> None:
    assert {one.white for one in panel.take_changes()} <= {0}
    assert panel.white == 0


@pytest.mark.parametrize(("sound", "reads"), [(0, 1), (1, 1), (3, 1), (2, 40), (0, 200)])
def test_damaged_readings_give_no_light(
    host: Host, panel: EmulatedPanel, sound: int, reads: int
) -> None:
    _follow_the_board(host, panel, DARK_S)
    panel.damage_rtc(HOUR, TENS_OF_HOURS, sound=sound, reads=reads)
    panel.run(40)
    _assert_dark(panel)
    assert host.now_s() == pytest.approx(panel.rtc_s, abs=0.2)
    assert host.words("limits")[4] == "rtc"


def test_a_damaged_reading_gives_no_light_to_a_panel_without_time(
    host: Host, panel: EmulatedPanel
) -> None:
    _follow_the_board(host, panel, DARK_S)
    panel.damage_rtc(HOUR, TENS_OF_HOURS, sound=1, reads=1)
    panel.power_cut()
    panel.run(5)
    _assert_dark(panel)
    assert host.now_s() == pytest.approx(panel.rtc_s, abs=0.2)


def test_what_was_damaged_while_it_was_written_is_written_again(
    host: Host, panel: EmulatedPanel
) -> None:
    _follow_the_board(host, panel, DARK_S)
    panel.damage_rtc(HOUR, TENS_OF_HOURS, writes=2)
    host.set_time(DARK_S)
    began_s = panel.monotonic()
    panel.run(60)
    _assert_dark(panel)
    assert panel.rtc_s - DARK_S == pytest.approx(panel.monotonic() - began_s, abs=0.2)
    assert host.now_s() == pytest.approx(panel.rtc_s, abs=0.2)


def test_a_clock_on_the_board_that_is_far_off_is_followed_when_it_was_seen_twice(
    host: Host, panel: EmulatedPanel
) -> None:
    _follow_the_board(host, panel, DARK_S)
    panel.set_rtc_time(panel.rtc_s + 1800)
    panel.run(20)
    assert host.now_s() == pytest.approx(panel.rtc_s, abs=0.2)


@pytest.mark.parametrize("utc_s", [946_684_800, LIT_S], ids=["2000", "a plausible time"])
def test_a_clock_that_this_panel_never_set_is_not_believed(
    host: Host, panel: EmulatedPanel, utc_s: int
) -> None:
    host.commit(DAY)
    panel.set_rtc()
    panel.set_rtc_time(utc_s)
    panel.power_cut()
    panel.run(20)
    _assert_dark(panel)
    assert host.ask("clock") == "clock - 0 0 none -"
    assert host.words("limits")[4] == "-"


def test_a_clock_that_another_panel_set_is_not_believed(host: Host, panel: EmulatedPanel) -> None:
    _follow_the_board(host, panel, LIT_S)
    panel.damage_rtc(SIGNATURE, 0, reads=100_000)
    panel.power_cut()
    panel.take_changes()
    panel.run(20)
    _assert_dark(panel)
    assert host.ask("clock") == "clock - 0 0 none -"


def test_a_reset_does_not_forget_that_the_board_has_not_the_hosts_time_yet(
    host: Host, panel: EmulatedPanel
) -> None:
    _follow_the_board(host, panel, LIT_S)
    panel.set_rtc(is_stuck=True)
    panel.run(20)
    host.set_time(DARK_S)
    began_s = panel.monotonic()
    panel.run(5)
    panel.take_changes()
    panel.reset(Reset.EXTERNAL)
    panel.run(1)
    panel.set_rtc()
    panel.run(40)
    _assert_dark(panel)
    assert panel.rtc_s - DARK_S == pytest.approx(panel.monotonic() - began_s, abs=0.2)
    assert host.now_s() == pytest.approx(panel.rtc_s, abs=0.2)


def test_one_failed_reading_at_the_start_costs_a_second_of_darkness(
    host: Host, panel: EmulatedPanel
) -> None:
    _follow_the_board(host, panel, LIT_S)
    panel.power_cut()
    panel.set_rtc(is_stuck=True)
    panel.run(0.06)
    panel.set_rtc()
    panel.run(2.5)
    assert panel.white == 600


def test_a_bus_whose_data_line_is_held_is_freed(host: Host, panel: EmulatedPanel) -> None:
    """A DS3231 that was cut off while it sent a byte waits for nine clocks."""
    panel.hold_bus()
    _follow_the_board(host, panel, LIT_S)
    assert host.words("limits")[4] == "rtc"
