"""The time that the real firmware keeps, with and without a real-time clock."""

import pytest

from tests.firmware.emulated_panel import EmulatedPanel, Reset
from tests.firmware.host import DAY, NOON_S, Host

LIT_S = NOON_S - 3600


def _error_s(host: Host, panel: EmulatedPanel, began_s: float) -> float:
    """Return how far the panel's clock is ahead of LIT_S and what has passed since."""
    return host.now_s() - LIT_S - (panel.monotonic() - began_s)


def test_the_trim_mends_a_wrong_crystal(host: Host, panel: EmulatedPanel) -> None:
    panel.set_crystal(-5000)
    host.set_time(LIT_S)
    began_s = panel.monotonic()
    panel.run(100)
    assert _error_s(host, panel, began_s) == pytest.approx(-0.5, abs=0.02)
    assert host.ask("trim 5025") == "trim 5025"
    host.set_time(LIT_S)
    began_s = panel.monotonic()
    panel.run(200)
    assert _error_s(host, panel, began_s) == pytest.approx(0.0, abs=0.02)


@pytest.mark.parametrize("ppm", [20_000, -20_000])
def test_the_largest_trim_is_exact(host: Host, panel: EmulatedPanel, ppm: int) -> None:
    host.ask(f"trim {ppm}")
    host.set_time(LIT_S)
    began_s = panel.monotonic()
    panel.run(50)
    assert _error_s(host, panel, began_s) == pytest.approx(50 * ppm / 1e6, abs=0.02)


def test_time_comes_from_the_clock_on_the_board_after_a_power_cut(
    host: Host, panel: EmulatedPanel
) -> None:
    panel.set_rtc()
    panel.set_rtc_time(1_000_000_000, has_lost_time=True)
    host.commit(DAY)
    assert host.ask("clock") == "clock - 0 0 none -"
    host.set_time(LIT_S, 250)
    began_s = panel.monotonic()
    panel.run(2.5)
    assert host.ask("limits") == "limits 250 3600 8 40 rtc"
    assert panel.rtc_s - LIT_S - (panel.monotonic() - began_s) == pytest.approx(0.25, abs=0.03)
    panel.power_cut(60)
    panel.take_changes()
    panel.run(1.1)
    assert {change.white for change in panel.take_changes()} == {0, 600}
    panel.run(2)
    assert host.words("clock")[3] == "rtc"
    assert _error_s(host, panel, began_s) == pytest.approx(0.25, abs=0.03)


def test_the_panel_is_kept_to_the_clock_on_the_board(host: Host, panel: EmulatedPanel) -> None:
    panel.set_rtc()
    panel.set_crystal(8000)
    host.set_time(LIT_S)
    began_s = panel.monotonic()
    panel.run(100)
    assert host.words("clock")[3] == "rtc"
    assert abs(_error_s(host, panel, began_s)) < 0.16


@pytest.mark.parametrize("how", ["absent", "stuck", "lost"])
def test_without_a_clock_that_knows_the_time_it_is_dark(
    host: Host, panel: EmulatedPanel, how: str
) -> None:
    panel.set_rtc(is_present=how != "absent", is_stuck=how == "stuck")
    panel.set_rtc_time(LIT_S, has_lost_time=how == "lost")
    host.commit(DAY)
    panel.power_cut()
    panel.run(20)
    assert host.ask("clock") == "clock - 0 0 none -"
    assert host.words("limits")[4] == "-"
    assert panel.white == 0


def test_a_bus_that_is_held_stops_neither_light_nor_line(host: Host, panel: EmulatedPanel) -> None:
    panel.set_rtc(is_stuck=True)
    host.commit(DAY)
    host.set_time(NOON_S - 2)
    began_s = panel.monotonic()
    panel.take_changes()
    panel.run(3)
    (change,) = panel.take_changes()
    assert change.at_s - began_s == pytest.approx(2.0, abs=0.02)
    panel.run(40)
    assert host.words("uptime")[1:] == ["1", "power"]
    assert int(host.words("counters")[4]) < 10_000
    panel.set_rtc(is_stuck=False)
    panel.run(3)
    assert host.words("limits")[4] == "rtc"


def test_a_clock_on_the_board_that_stands_still_is_not_followed(
    host: Host, panel: EmulatedPanel
) -> None:
    panel.set_rtc()
    host.set_time(LIT_S)
    began_s = panel.monotonic()
    panel.run(30)
    panel.set_rtc(is_stopped=True)
    panel.run(60)
    assert abs(_error_s(host, panel, began_s)) < 0.05


@pytest.mark.parametrize(
    "utc_s",
    [1_704_067_200, 1_709_164_799, 1_709_251_199, 2_147_483_647, 3_981_311_999, 4_102_444_700],
    ids=["2024", "2024-02-28", "2024-02-29", "2038", "2096-02-28", "2099"],
)
def test_dates_go_to_the_board_and_back(host: Host, panel: EmulatedPanel, utc_s: int) -> None:
    panel.set_rtc()
    host.set_time(utc_s)
    panel.run(2.2)
    assert panel.rtc_s == pytest.approx(utc_s + 2.2, abs=0.1)
    panel.power_cut(3)
    panel.run(2)
    assert host.now_s() == pytest.approx(panel.rtc_s, abs=0.05)


@pytest.mark.parametrize("utc_s", [1_700_000_000, 4_200_000_000])
def test_years_that_the_board_does_not_keep_stay_the_hosts(
    host: Host, panel: EmulatedPanel, utc_s: int
) -> None:
    panel.set_rtc()
    host.set_time(utc_s)
    panel.run(40)
    assert host.words("clock")[3] == "host"
    assert host.now_s() == pytest.approx(utc_s + 40, abs=0.1)


def test_the_clock_survives_a_reset_in_2105(host: Host, panel: EmulatedPanel) -> None:
    host.set_time(4_270_000_000, 500)
    panel.reset(Reset.EXTERNAL)
    panel.run(1)
    assert host.now_s() == pytest.approx(4_270_000_001.5, abs=0.1)
    assert host.words("clock")[2] == "60"
