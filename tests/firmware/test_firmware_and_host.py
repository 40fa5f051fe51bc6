"""The host's own code talks to the real firmware: nothing between them is made up."""

from contextlib import suppress

import pytest

from capture_hw.error import PanelRefused, PanelSilent
from capture_hw.panel.exchange import Exchange
from capture_hw.panel.serial_panel import SerialPanel
from tests.firmware.emulated_panel import EmulatedPanel, SteppedPort
from tests.firmware.host import DAY, NIGHT, NOON_S
from tests.firmware.lossy_port import LossyPort

SECOND_NS = 1_000_000_000


def _serial_panel(panel: EmulatedPanel, chance: float = 0, seed: int = 0) -> SerialPanel:
    port = SteppedPort(panel)
    exchange = Exchange(LossyPort(port, seed, chance) if chance else port, "a", 17, panel.monotonic)
    return SerialPanel(exchange, "emulated")


def test_the_host_reads_what_the_panel_is_and_does(panel: EmulatedPanel) -> None:
    host = _serial_panel(panel)
    identity = host.identify()
    assert (identity.serial_number, identity.resets, identity.reset_cause) == (
        "EP-0042",
        1,
        "power",
    )
    assert (identity.ir_floor_permille, identity.longest_override_s) == (250, 3600)
    host.upload(DAY)
    host.set_time((NOON_S - 3600) * SECOND_NS, 60)
    host.calibrate(800, 800)
    panel.run(1)
    state = host.read_state()
    assert (state.white.commanded, state.white.measured) == (600, 600)
    assert (state.ir.commanded, state.ir.measured) == (900, 900)
    assert (state.phase, state.clock, state.program_crc) == ("light", "host", DAY.crc)
    assert state.next_change_utc_s == NOON_S
    assert (state.bad_lines, host.line_count.foreign_commands) == (0, 0)
    assert host.read_program() == DAY


def test_a_program_that_the_panel_refuses_is_refused_by_name(panel: EmulatedPanel) -> None:
    host = _serial_panel(panel)
    with pytest.raises(PanelRefused, match="panel a: refuses 'override'"):
        host.override_white(500, 7200)


@pytest.mark.parametrize("seed", range(3))
def test_over_a_bad_line_a_program_is_the_old_or_the_new_one_never_a_mixture(
    panel: EmulatedPanel, seed: int
) -> None:
    clean = _serial_panel(panel)
    clean.upload(DAY)
    clean.set_time((NOON_S - 3600) * SECOND_NS, 60)
    host = _serial_panel(panel, 0.002, seed)
    for program in (NIGHT, DAY) * 3:
        before = clean.read_program()
        with suppress(PanelRefused, PanelSilent):
            host.upload(program)
        panel.run(2)
        panel.take()
        assert clean.read_program() in {before, program}
