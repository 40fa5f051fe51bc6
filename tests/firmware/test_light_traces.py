"""Random traces of everything that can happen, against the real firmware and the host's own code.

What is demanded is in `light_oracle`, `order_ledger`, `clock_ledger` and `light_trace`.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.firmware.emulated_panel import EmulatedPanel, Reset, on_the_bench
from tests.firmware.firmware_build import SOURCE, BuiltFirmware
from tests.firmware.host import DAY, NIGHT, NOON_S, Host
from tests.firmware.kept_state import clock_address
from tests.firmware.light_fault import (
    BoardClock,
    Crystal,
    ForeignProgram,
    ForeignTime,
    Garbage,
    Hang,
    LightFault,
    PowerCut,
    Restart,
)
from tests.firmware.light_oracle import Tally, WrongLight
from tests.firmware.light_trace import Trace, run_trace, traces
from tests.firmware.light_world import LightWorld
from tests.firmware.mutant import MUTANTS, Mutant, built_mutant

_PARTS = 4
_TRACES_A_PART = 250
_TRACES_A_MUTANT = 150
_MONTH_S = 30 * 86_400
_FASTER = 1800


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Iterator[Tally]:
    """Count, and say what was counted at the end; `pytest -s` shows it."""
    tally = Tally()
    yield tally
    counted = ", ".join(f"{one.name} {getattr(tally, one.name):.10g}" for one in fields(tally))
    print(f"\n{request.node.name}: {counted}")


def _run_traces(
    built: BuiltFirmware, tally: Tally, count: int, number: int, *, shrinks: bool, waits: bool
) -> None:
    """Run traces of one seed; a failure names the smallest trace that fails."""
    phases = (Phase.generate, Phase.shrink) if shrinks else (Phase.generate,)

    @seed(number)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=phases,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(trace=traces())
    def run(trace: Trace) -> None:
        run_trace(built, trace, tally, waits_it_out=waits)

    run()


def test_whatever_happens_light_is_explained_and_the_keeper_reconciles(
    firmware: BuiltFirmware, tally: Tally
) -> None:
    _run_traces(firmware, tally, 18, 2, shrinks=True, waits=False)
    assert tally.traces == 18
    assert tally.changes > 150


def test_a_clock_on_the_board_that_stands_still_is_never_believed(
    host: Host, panel: EmulatedPanel
) -> None:
    """Found by a trace: without time of its own the panel took what the dead clock showed."""
    host.commit(DAY)
    panel.set_rtc(is_stopped=True)
    panel.set_rtc_time(NOON_S - 3600)
    panel.power_cut()
    panel.take_changes()
    panel.run(20)
    assert host.ask("clock") == "clock - 0 0 none -"
    assert {change.white for change in panel.take_changes()} <= {0}


@pytest.mark.campaign
@pytest.mark.parametrize("part", range(_PARTS))
def test_a_thousand_traces(firmware: BuiltFirmware, tally: Tally, part: int) -> None:
    _run_traces(firmware, tally, _TRACES_A_PART, 100 + part, shrinks=True, waits=part == 0)
    assert tally.slowest_s <= 5.0


@pytest.mark.campaign
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_broken_firmware_is_found(
    firmware: BuiltFirmware, tmp_path: Path, tally: Tally, mutant: Mutant
) -> None:
    broken = built_mutant(tmp_path, SOURCE, mutant, firmware.rig)
    with pytest.raises(WrongLight, match=r"\w") as found:
        _run_traces(broken, tally, _TRACES_A_MUTANT, 7, shrinks=False, waits=False)
    print(f"\n{mutant.name}: trace {tally.traces + 1}: {found.value}")


@pytest.mark.campaign
@pytest.mark.parametrize("board_clock", ["there", "absent"])
@pytest.mark.parametrize("number", range(2))
def test_a_month_without_a_host_is_lit_as_committed_whatever_happens(
    build: Callable[..., BuiltFirmware],
    tmp_path: Path,
    tally: Tally,
    board_clock: str,
    number: int,
) -> None:
    built = build(acceleration=_FASTER)
    rng = random.Random(number)
    with on_the_bench(built, seed=number + 1) as panel:
        world = LightWorld(panel, tmp_path, clock_address(built.elf), (NIGHT,), DAY, NOON_S, tally)
        BoardClock(board_clock, 2.0).strike(world)
        world.run(0.1)
        ForeignProgram().strike(world)
        world.run(3)
        ForeignTime(0).strike(world)
        world.run(1)
        for day in range(29):
            world.later((day + rng.random()) * 86_400 / _FASTER, _month_fault(rng, world))
        tally.faults += 29
        world.run(_MONTH_S / _FASTER)
        assert world.oracle.program == DAY
        tally.simulated_s += world.now_s * _FASTER
    assert tally.changes > 55


def _month_fault(rng: random.Random, world: LightWorld) -> Callable[[], None]:
    """Return something that neither needs a host afterwards nor ends the month's days."""
    faults: list[LightFault] = [
        Restart(rng.choice(list(Reset)) if world.is_rtc_readable else Reset.EXTERNAL),
        Hang(keeps_interrupts=rng.random() < 0.5),
        Garbage(rng.randbytes(3000), to_host=False),
        Crystal(rng.uniform(-5000, 5000)),
    ]
    if world.is_rtc_readable:
        faults.append(PowerCut(rng.uniform(0.1, 3)))
    fault = rng.choice(faults)
    return lambda: fault.strike(world)
