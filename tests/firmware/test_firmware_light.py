"""The light on the pins of the real firmware against the plan, second by second."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from capture_hw.light_plan import Era
from capture_hw.panel.program import PanelProgram
from capture_hw.photoperiod import LightSpan, Photoperiod
from tests.firmware.emulated_panel import EmulatedPanel, on_the_bench
from tests.firmware.firmware_build import BuiltFirmware
from tests.firmware.host import DAY, NOON_S, Host
from tests.firmware.made_program import moments_of, programs

SECOND_NS = 1_000_000_000
DAWN = PanelProgram(
    1000,
    (
        Era(
            0,
            Photoperiod(
                0, 86_400, (LightSpan(0, 0, 600), LightSpan(1800, 600, 0), LightSpan(3600, 0, 0))
            ),
        ),
    ),
)


@pytest.fixture(scope="module")
def bench(firmware: BuiltFirmware) -> Iterator[Host]:
    """One panel for many programs."""
    with on_the_bench(firmware) as panel:
        panel.run(0.05)
        yield Host(panel)


def _compare(host: Host, program: PanelProgram, utc_s: int) -> None:
    host.set_time(utc_s)
    utc_ns, plan = utc_s * SECOND_NS, program.plan
    phase, white, _, ir, *_ = host.words("state")
    change_ns = plan.next_change_ns(utc_ns)
    change = "-" if change_ns is None or change_ns >= 2**32 * SECOND_NS else change_ns // SECOND_NS
    assert (phase, int(white), int(ir)) == (
        plan.phase(utc_ns),
        plan.white_permille(utc_ns),
        program.ir_permille,
    )
    assert (host.panel.white, host.panel.ir) == (int(white), int(ir))
    assert host.words("clock")[4] == str(change)


@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_the_pins_give_what_the_plan_says_at_every_moment(bench: Host, data: st.DataObject) -> None:
    program = data.draw(programs())
    bench.commit(program)
    for utc_s in data.draw(moments_of(program, 60)):
        _compare(bench, program, utc_s)


@pytest.mark.campaign
@settings(
    max_examples=1000,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_the_pins_give_what_a_thousand_plans_say(bench: Host, data: st.DataObject) -> None:
    program = data.draw(programs())
    bench.commit(program)
    for utc_s in data.draw(moments_of(program, 200)):
        _compare(bench, program, utc_s)


@pytest.mark.parametrize("level", [0, 1, 2, 250, 499, 500, 999, 1000])
def test_a_level_is_on_the_pin_what_it_says(host: Host, panel: EmulatedPanel, level: int) -> None:
    for before in (500, 0, 1000):
        host.ask(f"override white {before} 60000")
        host.ask(f"override white {level} 60000")
        assert panel.white == level


@pytest.mark.parametrize(("level", "high_cycles"), [(0, 0), (1, 8), (333, 2728), (1000, 8192)])
def test_the_wave_itself_is_as_long_as_the_level(
    firmware: BuiltFirmware, level: int, high_cycles: int
) -> None:
    """The pin is sampled through eight periods of 8192 cycles, with the emulator's own timer."""
    with on_the_bench(firmware, has_wave=True) as panel:
        host = Host(panel)
        panel.run(0.02)
        host.ask(f"override white {level} 60000")
        panel.run(0.05)
        pinb, white = 0x23, 1 << 2
        high, began, before = 0, panel.cycle, panel.cycle
        while panel.cycle - began < 8 * 8192:
            is_high = bool(panel.memory[pinb] & white)
            panel.run(2e-6)
            high += (panel.cycle - before) * is_high
            before = panel.cycle
        assert high / (panel.cycle - began) * 8192 == pytest.approx(high_cycles, abs=82)


def test_light_changes_at_the_first_and_goes_on_to_the_last_second(
    host: Host, panel: EmulatedPanel
) -> None:
    host.commit(DAY)
    host.set_time(NOON_S - 2, 0)
    began_s = panel.monotonic()
    panel.take_changes()
    panel.run(4)
    (change,) = panel.take_changes()
    assert (change.white, change.ir) == (0, 900)
    assert change.at_s - began_s == pytest.approx(2.0, abs=0.02)
    host.set_time(NOON_S + 43_198, 0)
    began_s = panel.monotonic()
    panel.run(4)
    (change,) = panel.take_changes()
    assert (change.white, change.ir) == (600, 900)
    assert change.at_s - began_s == pytest.approx(2.0, abs=0.02)


def test_a_ramp_has_a_step_at_each_whole_second(host: Host, panel: EmulatedPanel) -> None:
    host.commit(DAWN)
    host.set_time(NOON_S - 43_200 - 1, 500)
    panel.take_changes()
    panel.run(21)
    levels = [change.white for change in panel.take_changes()]
    assert levels == [passed * 600 // 1800 for passed in range(3, 21, 3)]


def test_without_the_time_it_is_dark_and_infrared_is_on(host: Host, panel: EmulatedPanel) -> None:
    host.commit(DAY)
    host.set_time(NOON_S - 3600)
    assert (panel.white, panel.ir) == (600, 900)
    panel.power_cut()
    panel.take_changes()
    panel.run(10)
    assert {change.white for change in panel.take_changes()} <= {0}
    assert (panel.white, panel.ir) == (0, 900)
    assert host.ask("clock") == "clock - 0 0 none -"
    host.set_time(NOON_S - 3600)
    assert (panel.white, panel.ir) == (600, 900)


def test_infrared_is_on_from_before_the_first_instruction(firmware: BuiltFirmware) -> None:
    with on_the_bench(firmware, is_on=False) as panel:
        assert (panel.white, panel.ir) == (0, 0)
        panel.power_on()
        panel.run(1)
        assert [(one.white, one.ir) for one in panel.take_changes()] == [(0, 1000)]


def test_the_program_changes_without_a_gap(host: Host, panel: EmulatedPanel) -> None:
    host.commit(DAY)
    host.set_time(NOON_S - 3600)
    panel.take_changes()
    host.commit(PanelProgram(800, DAY.eras))
    assert [(one.white, one.ir) for one in panel.take_changes()] == [(600, 800)]


@pytest.mark.parametrize("utc_s", [2**31 - 1, 2**31, 4_102_444_799, 2**32 - 2])
def test_seconds_have_32_bits_without_sign(host: Host, utc_s: int) -> None:
    host.commit(DAY)
    _compare(host, DAY, utc_s)
    assert host.words("clock")[0] == str(utc_s)


def test_a_month_with_a_dead_host_is_lit_as_planned(
    build: Callable[..., BuiltFirmware],
) -> None:
    """30 days at 7200 times the speed: a tick is 57.6 s, and no change may be later than that."""
    built = build(acceleration=7200)
    resolution_s = 2 * 0.008
    with on_the_bench(built) as panel:
        host = Host(panel)
        panel.run(0.05)
        host.commit(DAY)
        host.set_time(NOON_S)
        panel.run(0.01)
        began_s = panel.monotonic()
        first_s = host.now_s()
        panel.take_changes()
        panel.run(30 * 86_400 / 7200)
        changes = [one for one in panel.take_changes() if one.at_s > began_s]
        assert [one.white for one in changes] == [600, 0] * 30
        assert {one.ir for one in changes} == {900}
        due_s = [(NOON_S + 43_200 * (index + 1) - first_s) / 7200 for index in range(60)]
        late_s = [one.at_s - began_s - due for one, due in zip(changes, due_s, strict=True)]
        assert min(late_s) > -0.02
        assert max(late_s) < resolution_s
        assert int(host.words("counters")[0]) >= 30 * 86_400 * 1000
