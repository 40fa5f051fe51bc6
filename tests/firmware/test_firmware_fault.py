"""Hangs, resets, floods: what the real firmware survives, and what light there is meanwhile."""

import random
from collections.abc import Callable

import pytest

from capture_hw.panel.line import Line, encode
from tests.firmware.emulated_panel import EmulatedPanel, Reset, on_the_bench
from tests.firmware.firmware_build import BuiltFirmware
from tests.firmware.host import DAY, NOON_S, Host

LIT_S = NOON_S - 3600
DARK_S = NOON_S + 3600


@pytest.mark.parametrize("keeps_interrupts", [True, False])
def test_a_hung_program_is_started_again_and_light_and_time_go_on(
    host: Host, panel: EmulatedPanel, keeps_interrupts: bool
) -> None:
    host.commit(DAY)
    host.set_time(LIT_S)
    panel.run(1)
    set_s = panel.monotonic() - host.now_s()
    panel.take_changes()
    panel.hang(keeps_interrupts=keeps_interrupts)
    panel.run(3)
    assert host.words("uptime")[1:] == ["2", "watchdog"]
    assert (panel.white, panel.ir) == (600, 900)
    assert panel.monotonic() - host.now_s() == pytest.approx(set_s, abs=0.1)
    assert all(one.ir >= 900 for one in panel.take_changes())


def test_a_hang_in_the_dark_gives_no_white_light(host: Host, panel: EmulatedPanel) -> None:
    host.commit(DAY)
    host.set_time(DARK_S)
    panel.take_changes()
    panel.hang()
    panel.run(3)
    assert panel.starts == 2
    assert {one.white for one in panel.take_changes()} <= {0}


def test_a_reset_keeps_time_and_program_and_ends_overrides(
    host: Host, panel: EmulatedPanel
) -> None:
    host.commit(DAY)
    host.set_time(DARK_S)
    host.ask("override white 400 60000")
    assert panel.white == 400
    panel.reset(Reset.EXTERNAL)
    panel.run(0.1)
    assert host.words("uptime")[1:] == ["2", "external"]
    assert host.words("state")[0] == "dark"
    assert host.words("state")[6] == "-"
    assert panel.white == 0
    assert host.now_s() == pytest.approx(DARK_S, abs=0.3)
    assert host.words("clock")[3] == "host"


@pytest.mark.parametrize("held_s", [0.05, 11 * 3600])
def test_a_brown_out_of_any_length_loses_the_time_and_ends_overrides(
    host: Host, panel: EmulatedPanel, held_s: float
) -> None:
    """It may last hours while RAM stays: light of the evening would come in the night."""
    host.commit(DAY)
    host.set_time(LIT_S)
    host.ask("override white 400 60000")
    assert panel.white == 400
    panel.reset(Reset.BROWNOUT, held_s)
    panel.run(0.1)
    assert host.words("uptime")[1:] == ["2", "brownout"]
    assert host.words("state")[6] == "-"
    assert (panel.white, panel.ir) == (0, 900)
    assert host.ask("clock") == "clock - 0 0 none -"


def test_after_a_brown_out_the_clock_on_the_board_gives_the_time(
    host: Host, panel: EmulatedPanel
) -> None:
    panel.set_rtc()
    host.commit(DAY)
    host.set_time(NOON_S - 60)
    panel.run(20)
    panel.take_changes()
    panel.reset(Reset.BROWNOUT, 11 * 3600)
    panel.run(5)
    assert host.words("clock")[3] == "rtc"
    assert host.now_s() == pytest.approx(panel.rtc_s, abs=0.1)
    assert {one.white for one in panel.take_changes()} == {0}


def test_a_power_cut_ends_overrides_and_loses_the_time(host: Host, panel: EmulatedPanel) -> None:
    panel.run(1.1)
    host.commit(DAY)
    host.set_time(DARK_S)
    host.ask("override white 400 60000")
    panel.power_cut()
    panel.run(5)
    assert panel.white == 0
    assert host.ask("clock") == "clock - 0 0 none -"
    assert host.words("uptime")[1:] == ["2", "power"]


def test_overrides_end_by_themselves(host: Host, panel: EmulatedPanel) -> None:
    host.commit(DAY)
    host.set_time(DARK_S)
    panel.take_changes()
    host.ask("override white 250 1500")
    host.ask("override ir 250 2000")
    assert host.words("state")[6].startswith("white:250:1")
    assert ",ir:250:" in host.words("state")[6]
    panel.run(3)
    white, dimmed, white_end, ir_end = panel.take_changes()
    assert (white.white, dimmed.ir, white_end.white, ir_end.ir) == (250, 250, 0, 900)
    assert white_end.at_s - white.at_s == pytest.approx(1.5, abs=0.01)
    assert ir_end.at_s - dimmed.at_s == pytest.approx(2.0, abs=0.01)
    assert host.words("state")[6] == "-"


def test_the_clock_does_not_prolong_an_override(host: Host, panel: EmulatedPanel) -> None:
    host.commit(DAY)
    host.set_time(DARK_S)
    host.ask("override white 250 1000")
    host.set_time(DARK_S + 7000)
    panel.run(1.1)
    assert panel.white == 0


def test_an_override_can_be_ended_replaced_and_darken(host: Host, panel: EmulatedPanel) -> None:
    host.commit(DAY)
    host.set_time(LIT_S)
    host.ask("override white 0 60000")
    assert panel.white == 0
    assert host.words("state")[0] == "light"
    host.ask("override white 100 60000")
    assert panel.white == 100
    host.ask("override end")
    assert host.ask("override end") == "override end"
    assert panel.white == 600


def test_the_longest_override_ends_after_an_hour(build: Callable[..., BuiltFirmware]) -> None:
    with on_the_bench(build(acceleration=1800)) as panel:
        host = Host(panel)
        panel.run(0.05)
        assert host.ask("override white 700 3600000") == "override white 700 3600000"
        panel.run(3600 / 1800 - 0.05)
        assert panel.white == 700
        panel.run(0.06)
        assert panel.white == 0


@pytest.mark.parametrize("seed", range(3))
def test_a_flood_of_garbage_neither_delays_light_nor_is_it_answered(
    host: Host, panel: EmulatedPanel, seed: int
) -> None:
    host.commit(DAY)
    host.set_time(NOON_S - 1)
    began_s = panel.monotonic()
    panel.take_changes()
    garbage = random.Random(seed).randbytes(30_000)
    panel.feed(garbage)
    panel.run(2.7)
    (change,) = panel.take_changes()
    assert change.at_s - began_s == pytest.approx(1.0, abs=0.02)
    panel.run_until(lambda: panel.to_feed == 0, 3)
    panel.feed(b"\n")
    panel.run(0.05)
    assert panel.take() == b""
    _, commands, bad, lost, loop_us = map(int, host.words("counters"))
    assert commands < 30
    assert bad >= garbage.count(b"\n") - garbage.count(b"\n\n") - 3
    assert lost == 0
    assert loop_us < 20_000


def test_a_flood_of_commands_is_answered_one_by_one_and_light_follows(
    host: Host, panel: EmulatedPanel
) -> None:
    host.commit(DAY)
    host.set_time(NOON_S - 1)
    began_s = panel.monotonic()
    panel.take_changes()
    for number in range(200):
        panel.feed(encode(Line(">", number, ("identify",))))
    panel.run(3)
    (change,) = panel.take_changes()
    assert change.at_s - began_s == pytest.approx(1.0, abs=0.02)
    answers = panel.take().splitlines()
    assert len(answers) > 20
    assert all(b"identify etho-panel-328p 1.0 EP-0042 1" in answer for answer in answers)
    lost = int(host.words("counters")[3])
    assert lost > 0


def test_two_hosts_are_seen_in_the_count_of_commands(host: Host, panel: EmulatedPanel) -> None:
    before = int(host.words("counters")[1])
    panel.feed(encode(Line(">", 0xEE, ("state",))))
    panel.run(0.05)
    panel.take()
    assert int(host.words("counters")[1]) == before + 2


def test_uptime_goes_round_after_49_days(build: Callable[..., BuiltFirmware]) -> None:
    with on_the_bench(build(uptime_start_ms=2**32 - 3000)) as panel:
        host = Host(panel)
        panel.run(0.05)
        host.commit(DAY)
        host.set_time(DARK_S)
        host.ask("override white 250 4000")
        began_s = panel.monotonic()
        assert int(host.words("uptime")[0]) > 2**31
        panel.take_changes()
        panel.run(5)
        assert int(host.words("uptime")[0]) < 10_000
        (change,) = panel.take_changes()
        assert change.at_s - began_s == pytest.approx(4.0, abs=0.05)
        assert host.crc() == f"{DAY.crc:04X}"
