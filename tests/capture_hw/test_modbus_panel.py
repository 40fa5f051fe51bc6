"""A dimmer on Modbus RTU: pymodbus's own serial server on a pseudo-terminal."""

import logging
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError
from pymodbus.constants import ExcCodes
from pymodbus.framer import FramerRTU

from capture_hw.error import PanelLost, PanelRefused, PanelSilent
from capture_hw.light_plan import Era
from capture_hw.panel.modbus_panel import ModbusPanel
from capture_hw.panel.opening import open_panel
from capture_hw.panel.panel import Panel
from capture_hw.panel.program import PanelProgram
from capture_hw.panel.quartz import Quartz
from capture_hw.panel.state import LampState
from capture_hw.panel_config import ModbusPanelConfig
from capture_hw.photoperiod import LightSpan, Photoperiod
from tests.capture_hw.modbus_dimmer import IR, IR_SENSOR, UNIT, WHITE, WHITE_SENSOR, Dimmer

SECOND_NS = 1_000_000_000
MIDNIGHT_S = 1_767_225_600
"""2026-01-01 00:00 UTC."""
DAY = PanelProgram(
    800,
    (
        Era(
            0,
            Photoperiod(
                25_200,  # lights on at 07:00 UTC
                86_400,
                (LightSpan(0, 0, 600), LightSpan(1_800, 600, 600), LightSpan(43_200, 0, 0)),
            ),
        ),
    ),
)


class TurnedQuartz:
    """Time that stands until a test turns it."""

    def __init__(self, hour: float) -> None:
        self.reading_ns = 5 * SECOND_NS
        self.run = "first"
        self._first_offset_ns = round((MIDNIGHT_S + hour * 3600) * SECOND_NS) - self.reading_ns

    def turn(self, seconds: float) -> None:
        self.reading_ns += round(seconds * SECOND_NS)

    def quartz(self, *, has_rtc: bool = True) -> Quartz:
        return Quartz(lambda: self.reading_ns, self.run, self._first_offset_ns, has_rtc)


class Bench:
    """A dimmer, and panels made of it."""

    def __init__(self, folder: Path) -> None:
        self.link = folder / "port"
        self.memory = folder / "memory" / "white.json"
        self.time = TurnedQuartz(12)
        self._closers: list[Callable[[], None]] = []

    def dimmer(self, full: int = 65_535) -> Dimmer:
        dimmer = Dimmer(self.link, full)
        self._closers.append(dimmer.close)
        return dimmer

    def config(self, **changes: object) -> ModbusPanelConfig:
        words: dict[str, object] = {
            "name": "left",
            "driver": "modbus",
            "port": str(self.link),
            "parity": "none",
            "unit": UNIT,
            "white_register": WHITE,
            "ir_register": IR,
            "white_sensor_register": WHITE_SENSOR,
            "ir_sensor_register": IR_SENSOR,
        }
        return ModbusPanelConfig.model_validate(words | changes)

    def panel(self, *, has_rtc: bool = True, **changes: object) -> ModbusPanel:
        config = self.config(**changes)
        panel = ModbusPanel(config, self.memory, self.time.quartz(has_rtc=has_rtc))
        self._closers.append(panel.close)
        return panel

    def close(self) -> None:
        for close in reversed(self._closers):
            close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.close()


def test_levels_follow_the_program_at_every_instant(bench: Bench) -> None:
    dimmer, panel = bench.dimmer(), bench.panel()
    panel.upload(DAY)
    seen = []
    for seconds in (0, 7 * 3600 - 1, 1, 11 * 3600 + 59 * 60 + 59, 1, 900, 900, 3600):
        bench.time.turn(seconds)
        state = panel.read_state()
        seen.append((state.phase, dimmer.levels[WHITE], dimmer.levels[IR]))

    assert seen == [
        ("light", 600, 800),  # 12:00
        ("light", 600, 800),  # 18:59:59
        ("dark", 0, 800),  # 19:00:00
        ("dark", 0, 800),  # 06:59:59
        ("light", 0, 800),  # 07:00:00
        ("light", 300, 800),  # 07:15
        ("light", 600, 800),  # 07:30
        ("light", 600, 800),
    ]


def test_a_state_says_what_registers_and_sensors_hold(bench: Bench) -> None:
    dimmer, panel = bench.dimmer(), bench.panel()
    panel.upload(DAY)
    dimmer.dead_lamps.add(WHITE)

    state = panel.read_state()

    assert state.white == LampState(600, 0)
    assert state.ir == LampState(800, 800)
    assert state.program_crc == DAY.crc
    assert state.utc_ns == (MIDNIGHT_S + 12 * 3600) * SECOND_NS
    assert state.next_change_utc_s == MIDNIGHT_S + 19 * 3600


def test_without_sensors_nothing_is_measured(bench: Bench) -> None:
    bench.dimmer()
    panel = bench.panel(white_sensor_register=None, ir_sensor_register=None)

    state = panel.read_state()

    assert (state.white.measured, state.ir.measured) == (None, None)


def test_a_device_that_clamps_is_shown_as_it_is(bench: Bench) -> None:
    bench.dimmer(full=500)
    panel = bench.panel()
    panel.upload(DAY)

    state = panel.read_state()

    assert (state.white.commanded, state.ir.commanded) == (500, 500)


@pytest.mark.parametrize(
    ("full_scale", "white", "ir"), [(100, 60, 26), (255, 153, 65), (10_000, 6_000, 2_510)]
)
def test_any_scale_gives_the_level_asked_for_and_never_less_infrared_than_the_floor(
    bench: Bench, full_scale: int, white: int, ir: int
) -> None:
    dimmer = bench.dimmer()
    panel = bench.panel(full_scale=full_scale)
    panel.upload(PanelProgram(251, DAY.eras))

    state = panel.read_state()

    assert dimmer.levels == {WHITE: white, IR: ir}
    assert (state.white.commanded, state.ir.commanded) == (600, 251)


def test_registers_that_hold_the_right_level_are_not_written_again(bench: Bench) -> None:
    dimmer, panel = bench.dimmer(), bench.panel()
    panel.upload(DAY)

    for _ in range(5):
        panel.read_state()

    assert dimmer.writes == [(WHITE, 600), (IR, 800)]


def test_a_level_that_somebody_changed_is_put_right(bench: Bench) -> None:
    dimmer, panel = bench.dimmer(), bench.panel()
    panel.upload(DAY)
    panel.read_state()
    dimmer.levels.update({WHITE: 1000, IR: 0})

    panel.read_state()

    assert dimmer.levels == {WHITE: 600, IR: 800}


def test_without_a_program_there_is_infrared_light_only(bench: Bench) -> None:
    dimmer, panel = bench.dimmer(), bench.panel()
    dimmer.levels[WHITE] = 700

    state = panel.read_state()

    assert dimmer.levels == {WHITE: 0, IR: 1000}
    assert (state.program_crc, panel.read_program()) == (None, None)


def test_without_the_time_there_is_no_white_light(bench: Bench) -> None:
    dimmer, panel = bench.dimmer(), bench.panel(has_rtc=False)
    panel.upload(DAY)

    without = panel.read_state()
    levels = dict(dimmer.levels)
    panel.set_time((MIDNIGHT_S + 9 * 3600) * SECOND_NS, 60)
    with_time = panel.read_state()

    assert (without.utc_ns, without.clock, levels[WHITE]) == (None, "none", 0)
    assert (with_time.clock, dimmer.levels[WHITE]) == ("host", 600)


def test_a_restarted_host_goes_on_with_program_and_clock(bench: Bench) -> None:
    bench.dimmer()
    first = bench.panel()
    first.upload(DAY)
    first.set_time((MIDNIGHT_S + 6 * 3600) * SECOND_NS, 0)
    first.trim_clock(1000)
    first.close()
    bench.time.turn(1000)

    state = bench.panel().read_state()

    assert state.program_crc == DAY.crc
    assert state.utc_ns == (MIDNIGHT_S + 6 * 3600 + 1001) * SECOND_NS


def test_a_rebooted_host_goes_on_with_its_own_time(bench: Bench) -> None:
    bench.dimmer()
    bench.panel().set_time(MIDNIGHT_S * SECOND_NS, 0)
    bench.time.run = "second"

    state = bench.panel().read_state()

    assert state.utc_ns == (MIDNIGHT_S + 12 * 3600) * SECOND_NS


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda text: text[:40], "it is damaged"),
        (lambda text: text.replace("600", "900"), "its program is damaged"),
        (lambda text: text.replace("600", "99999"), "its program is damaged"),
    ],
)
def test_a_damaged_memory_is_said_and_holds_no_program(
    bench: Bench,
    caplog: pytest.LogCaptureFixture,
    damage: Callable[[str], str],
    reason: str,
) -> None:
    bench.panel().upload(DAY)
    bench.memory.write_text(damage(bench.memory.read_text()))

    with caplog.at_level(logging.WARNING):
        program = bench.panel().read_program()

    assert program is None
    assert f"{bench.memory}: " in caplog.text
    assert reason in caplog.text


def test_a_program_that_cannot_be_kept_is_not_run(bench: Bench) -> None:
    panel = bench.panel()
    bench.memory.parent.write_text("a file where a folder should be")

    with pytest.raises(PanelRefused, match=r"^panel left: .*white.json cannot be written: "):
        panel.upload(DAY)

    assert panel.read_program() is None


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        (PanelProgram(249, DAY.eras), "infrared light of 249 per mille is not 250 to 1000"),
        (PanelProgram(800, ()), "the program has no era"),
        (
            PanelProgram(800, (Era(0, Photoperiod(0, 86_400, (LightSpan(0, 0, 1001),))),)),
            "white light of 1001 per mille is not 0 to 1000",
        ),
    ],
)
def test_a_program_that_no_panel_may_run_is_refused(
    bench: Bench, program: PanelProgram, reason: str
) -> None:
    with pytest.raises(PanelRefused, match=f"^panel left: {reason}$"):
        bench.panel().upload(program)


def test_an_override_ends_by_itself_and_by_order(bench: Bench) -> None:
    dimmer, panel = bench.dimmer(), bench.panel()
    panel.upload(DAY)
    panel.override_white(900, 60)
    given = dimmer.levels[WHITE]
    bench.time.turn(59)
    state = panel.read_state()
    bench.time.turn(1)
    panel.read_state()
    ended = dimmer.levels[WHITE]
    panel.override_white(900, 60)
    panel.end_override()

    assert (given, ended, dimmer.levels[WHITE]) == (900, 600, 600)
    assert [(one.lamp, one.permille, one.remaining_s) for one in state.overrides] == [
        ("white", 900, 1.0)
    ]
    assert state.phase == "light"


def test_setting_the_clock_does_not_prolong_an_override(bench: Bench) -> None:
    dimmer, panel = bench.dimmer(), bench.panel()
    panel.upload(DAY)
    panel.override_white(900, 60)
    panel.set_time((MIDNIGHT_S + 8 * 3600) * SECOND_NS, 0)
    bench.time.turn(60)

    panel.read_state()

    assert dimmer.levels[WHITE] == 600


def test_closing_ends_overrides_and_leaves_the_light_of_the_program(bench: Bench) -> None:
    dimmer, panel = bench.dimmer(), bench.panel()
    panel.upload(DAY)
    panel.override_white(900, 60)

    panel.close()
    panel.close()

    assert dimmer.levels == {WHITE: 600, IR: 800}


def test_infrared_light_is_dimmed_for_a_moment_without_anybody_asking(bench: Bench) -> None:
    dimmer, panel = bench.dimmer(), bench.panel()
    panel.upload(DAY)
    panel.read_state()
    panel.dim_infrared(300, 0.2)
    dimmed = dimmer.levels[IR]
    bench.time.turn(0.2)

    deadline_s = time.monotonic() + 2
    while dimmer.levels[IR] == dimmed and time.monotonic() < deadline_s:
        time.sleep(0.01)

    assert (dimmed, dimmer.levels[IR]) == (300, 800)


@pytest.mark.parametrize(
    ("ask", "reason"),
    [
        (lambda panel: panel.dim_infrared(249, 1), "infrared light of 249 per mille is not 250 to"),
        (lambda panel: panel.dim_infrared(300, 2.1), "2.1 s of other light is not up to 2 s"),
        (lambda panel: panel.override_white(1001, 1), "white light of 1001 per mille is not 0 to"),
        (lambda panel: panel.override_white(500, 3601), "3601 s of other light is not up to 3600"),
        (lambda panel: panel.override_white(500, 0), "0 s of other light"),
        (lambda panel: panel.trim_clock(20_001), "20001 ppm is more than 20000"),
        (lambda panel: panel.calibrate(900, None), "sensors of a Modbus dimmer are calibrated in"),
    ],
)
def test_what_a_panel_must_not_do_is_refused(
    bench: Bench, ask: Callable[[Panel], None], reason: str
) -> None:
    dimmer, panel = bench.dimmer(), bench.panel()

    with pytest.raises(PanelRefused, match=f"^panel left: .*{reason}"):
        ask(panel)

    assert dimmer.writes == []


def test_sensors_are_told_on_the_scale_of_a_panel(bench: Bench) -> None:
    bench.dimmer()
    panel = bench.panel()
    panel.upload(DAY)
    panel.read_state()

    reading = panel.sense()

    assert (reading.white_raw, reading.white_full) == (614, 1023)
    assert (reading.ir_raw, reading.ir_full) == (818, 1023)


def test_a_silent_device_is_silent_within_two_seconds_and_an_override_is_not_given_later(
    bench: Bench,
) -> None:
    dimmer, panel = bench.dimmer(), bench.panel()
    panel.upload(DAY)
    panel.read_state()
    dimmer.wire.mute = True
    began_s = time.monotonic()

    with pytest.raises(
        PanelSilent, match=rf"^panel left: unit 7 on {bench.link}: the device does not answer$"
    ):
        panel.override_white(900, 60)

    assert time.monotonic() - began_s < 2
    dimmer.wire.mute = False
    assert panel.read_state().overrides == ()
    assert dimmer.levels[WHITE] == 600


def test_another_unit_does_not_answer(bench: Bench) -> None:
    bench.dimmer()

    with pytest.raises(PanelSilent, match=r"unit 8 on .*does not answer"):
        bench.panel(unit=8).identify()


@pytest.mark.parametrize(
    ("code", "error", "words"),
    [
        (ExcCodes.ILLEGAL_FUNCTION, PanelRefused, "refuses .*: it does not know this function"),
        (ExcCodes.ILLEGAL_VALUE, PanelRefused, "refuses .*: it does not take this value"),
        (ExcCodes.DEVICE_FAILURE, PanelRefused, "refuses .*: it reports a failure of its own"),
        (ExcCodes.DEVICE_BUSY, PanelSilent, "puts off .*: it is busy"),
    ],
)
def test_an_exception_of_the_device_is_told_in_words(
    bench: Bench, code: ExcCodes, error: type[Exception], words: str
) -> None:
    dimmer, panel = bench.dimmer(), bench.panel()
    dimmer.refuses = code

    with pytest.raises(error, match=words):
        panel.read_state()


def test_a_register_that_is_not_there_is_named(bench: Bench) -> None:
    bench.dimmer()

    with pytest.raises(
        PanelRefused, match=r"refuses holding register 12: it has no such register$"
    ):
        bench.panel(white_register=12).read_state()


def test_noise_on_the_line_is_counted_and_costs_nothing(bench: Bench) -> None:
    dimmer, panel = bench.dimmer(), bench.panel()
    panel.upload(DAY)
    dimmer.wire.noise = bytes([0, 255, UNIT, 3, UNIT, 6, UNIT])
    dimmer.wire.flipped_answers = 1

    state = panel.read_state()

    assert (state.white.commanded, state.ir.commanded) == (600, 800)
    assert panel.line_count.faults == 1


def test_answers_to_other_questions_are_passed_over(bench: Bench) -> None:
    dimmer, panel = bench.dimmer(), bench.panel()
    panel.upload(DAY)
    foreign = bytes([UNIT, 3, 4, 0, 9, 0, 9]), bytes([UNIT, 4, 4, 0, 9, 0, 9])
    dimmer.wire.noise = b"".join(
        frame + FramerRTU.compute_CRC(frame).to_bytes(2, "big") for frame in foreign
    )

    state = panel.read_state()

    assert (state.white, state.ir) == (LampState(600, 600), LampState(800, 800))


def test_a_line_that_echoes_is_understood(bench: Bench) -> None:
    dimmer, panel = bench.dimmer(), bench.panel()
    dimmer.wire.echo = True
    panel.upload(DAY)

    state = panel.read_state()

    assert (state.white, state.ir) == (LampState(600, 600), LampState(800, 800))


def test_an_echo_alone_is_no_answer(bench: Bench) -> None:
    dimmer, panel = bench.dimmer(), bench.panel()
    dimmer.wire.echo = dimmer.wire.mute = True

    with pytest.raises(PanelSilent):
        panel.read_state()


def test_a_line_that_is_unplugged_is_opened_again_where_it_comes_back(bench: Bench) -> None:
    dimmer, panel = bench.dimmer(), bench.panel()
    panel.upload(DAY)
    panel.read_state()
    dimmer.wire.unplug()
    with pytest.raises(PanelLost, match=rf"^panel left: {bench.link}: "):
        panel.read_state()
    port_without = panel.port
    with pytest.raises(PanelLost):
        panel.read_state()
    dimmer.levels[WHITE] = 0
    dimmer.wire.plug()

    deadline_s = time.monotonic() + 5
    while dimmer.levels[WHITE] != 600:
        assert time.monotonic() < deadline_s
        time.sleep(0.01)
        try:
            panel.read_state()
        except PanelLost:
            continue

    assert (port_without, panel.port) == ("", str(bench.link))
    assert panel.line_count.openings == 2


def test_a_port_that_hangs_is_opened_again_after_three_silent_calls(bench: Bench) -> None:
    dimmer, panel = bench.dimmer(), bench.panel()
    panel.read_state()
    dimmer.wire.mute = True
    for _ in range(3):
        with pytest.raises(PanelSilent):
            panel.read_state()
    dimmer.wire.mute = False

    panel.read_state()

    assert panel.line_count.openings == 2


def test_without_pymodbus_the_sentence_says_what_to_install(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.dimmer()
    panel = bench.panel()
    monkeypatch.delitem(sys.modules, "capture_hw.panel.modbus_line", raising=False)
    monkeypatch.setitem(sys.modules, "pymodbus", None)
    monkeypatch.setitem(sys.modules, "pymodbus.constants", None)

    with pytest.raises(
        PanelRefused,
        match=r'^panel left: driver "modbus" needs pymodbus, which is not installed: '
        r'pip install "ethoprofiler\[modbus\]"$',
    ):
        panel.identify()


def test_one_register_cannot_be_both_lamps(bench: Bench) -> None:
    with pytest.raises(ValidationError, match=r"`white_register` and `ir_register` are the same"):
        bench.panel(white_register=IR)


def test_the_factory_makes_this_panel(bench: Bench) -> None:
    panel = open_panel(bench.config(), bench.memory)

    assert isinstance(panel, ModbusPanel)
    assert not panel.keeps_schedule
