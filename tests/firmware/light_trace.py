"""Traces: everything that happens to one panel, drawn by chance, and what is demanded of it."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from hypothesis import strategies as st

from capture_hw.light_plan import Era
from capture_hw.panel.program import PanelProgram
from capture_hw.photoperiod import LightSpan, Photoperiod
from tests.firmware.emulated_panel import Reset, Torn, on_the_bench
from tests.firmware.firmware_build import BuiltFirmware
from tests.firmware.kept_state import clock_address
from tests.firmware.light_fault import (
    BadLine,
    BoardClock,
    Crystal,
    CutInCommit,
    DamagedOrder,
    ForeignOrder,
    ForeignOverride,
    ForeignProgram,
    ForeignTime,
    Garbage,
    Hang,
    HostClockSteps,
    HostDies,
    LightFault,
    NewPlan,
    Ordered,
    PowerCut,
    Restart,
    SlowLine,
    Unplugged,
)
from tests.firmware.light_oracle import Tally, WrongLight
from tests.firmware.light_world import LightWorld

_RECONCILED_S: Final = 5.0
_PATIENCE_S: Final = 660.0
"""Ten minutes that a stepped clock or a quarrel about the program is given, and some more."""
_DRIFT_S: Final = 60.0
_PAUSE_S: Final = 12.0
"""A clock that is off by less is set without a word, but not twice within 10 s."""
_LONGEST_OVERRIDE_S: Final = 8


@dataclass(frozen=True, slots=True)
class Trace:
    """What happens, and when."""

    seed: int
    utc_s: int
    crystal_ppm: float
    board_clock: BoardClock
    programs: tuple[PanelProgram, ...]
    foreign: PanelProgram
    steps: tuple[tuple[float, LightFault], ...]
    """Each with the seconds before it."""


def run_trace(
    built: BuiltFirmware, trace: Trace, tally: Tally, *, waits_it_out: bool = True
) -> None:
    """Run a trace to its quiet end. Raises WrongLight.

    `waits_it_out`: a keeper that waits on purpose is watched until it has acted.
    """
    with on_the_bench(built, seed=trace.seed + 1) as panel, TemporaryDirectory() as folder:
        panel.set_rtc_time(trace.utc_s, has_lost_time=trace.seed % 2 == 1)
        world = LightWorld(
            panel,
            Path(folder),
            clock_address(built.elf),
            trace.programs,
            trace.foreign,
            trace.utc_s,
            tally,
            crystal_ppm=trace.crystal_ppm,
            seed=trace.seed,
        )
        trace.board_clock.strike(world)
        world.host_runs(3)
        at_s = 0.0
        for gap_s, fault in trace.steps:
            at_s += gap_s
            world.later(at_s, lambda fault=fault: fault.strike(world))  # type: ignore[misc]
        while world.is_anything_planned:
            world.host_runs(0.5)
        _demand_reconciled(world, tally, waits_it_out=waits_it_out)
        tally.traces += 1
        tally.faults += len(trace.steps)
        tally.simulated_s += world.now_s


def _demand_reconciled(world: LightWorld, tally: Tally, *, waits_it_out: bool) -> None:
    """Demand the right program and time 5 s after the last trouble, and no override at last."""
    quiet_s = world.happened_s
    reason = ""
    while world.now_s < quiet_s + _RECONCILED_S:
        for look in world.host_runs(0.1):
            reason = look.detail.reason
        if world.is_right:
            break
    took_s = world.wrong_s - quiet_s
    if world.is_right and took_s <= _RECONCILED_S:
        tally.reconciled += 1
        tally.slowest_s = max(tally.slowest_s, took_s)
    else:
        tally.patient += 1
        is_over = _demand_patience(world, reason, waits_it_out=waits_it_out)
        if not is_over:
            return
    looks = world.host_runs(_LONGEST_OVERRIDE_S + 2)
    if world.oracle.white.may(world.now_s) or looks[-1].detail.override is not None:
        raise WrongLight(f"an override is left: {looks[-1].detail}")
    if not world.is_right:
        raise WrongLight(f"it was right and is not any more: {_wrongs(world)}")


def _demand_patience(world: LightWorld, reason: str, *, waits_it_out: bool) -> bool:
    """Accept that a keeper waits only where it should, and says so; return whether it acted."""
    is_drift = world.oracle.program == world.wanted and abs(world.off_s) <= _DRIFT_S
    if not world.needs_patience:
        raise WrongLight(
            f"not right {world.wrong_s - world.happened_s:.1f} s after the last trouble: "
            f"{_wrongs(world)}; it says {reason!r}"
        )
    if not reason and not is_drift:
        raise WrongLight(f"the keeper says nothing: {_wrongs(world)}")
    if not waits_it_out:
        return False
    until_s = world.now_s + (_PAUSE_S if is_drift else _PATIENCE_S)
    while not world.is_right and world.now_s < until_s:
        world.host_runs(2)
    if not world.is_right:
        raise WrongLight(f"still not right: {_wrongs(world)}; it said {reason!r}")
    return True


def _wrongs(world: LightWorld) -> str:
    clock = world.clock()
    program = world.oracle.program
    crc = "-" if program is None else f"{program.crc:04X}"
    return f"program {crc} of {world.wanted.crc:04X}, clock {clock.source} {world.off_s:+.3f} s"


_LEVEL = st.one_of(st.just(0), st.integers(0, 1000))
_SHORT_S = st.floats(0.2, 6.0).map(lambda seconds: round(seconds, 2))
_START_S = st.sampled_from([1_800_000_000, 2**31 - 15, 1_835_999_990, 4_000_000_000])
"""An ordinary day; 2038; a second before 2028-03-06; 2096."""


@st.composite
def _programs(draw: st.DrawFn, utc_s: int) -> PanelProgram:
    """Draw a program of which much happens within a minute."""
    later = draw(st.sets(st.integers(1, 50), max_size=3))
    eras = tuple(
        Era(0 if not after_s else utc_s + after_s, draw(_photoperiods()))
        for after_s in [0, *sorted(later)]
    )
    return PanelProgram(10 * draw(st.integers(25, 100)), eras)


@st.composite
def _photoperiods(draw: st.DrawFn) -> Photoperiod:
    cycle_s = draw(st.integers(2, 40))
    starts = {0} | draw(st.sets(st.integers(1, cycle_s - 1), max_size=3))
    spans = tuple(LightSpan(start, draw(_LEVEL), draw(_LEVEL)) for start in sorted(starts))
    if draw(st.booleans()):
        steady = (LightSpan(one.start_s, one.from_permille, one.from_permille) for one in spans)
        spans = tuple(steady)
    return Photoperiod(draw(st.integers(0, cycle_s - 1)), cycle_s, spans)


_BOARD_CLOCKS = st.builds(
    BoardClock, st.sampled_from(["absent", "there", "stopped", "stuck"]), st.floats(-50, 50)
)
_TEXTS = st.sampled_from(
    [
        "override white 700 5000",
        "override ir 300 2000",
        "override end",
        "time 1700000000 0 0",
        "trim 3000",
        "begin 500",
        "commit 1234",
    ]
)
_REFUSED = st.sampled_from(
    [
        "override ir 100 1500",
        "override ir 249 2000",
        "override white 900 3600001",
        "override white 1001 5000",
        "begin 900",
        "heartbeat",
    ]
)
_HOST = st.one_of(
    st.builds(HostDies, _SHORT_S),
    st.builds(NewPlan, st.integers(0, 2)),
    st.builds(HostClockSteps, st.sampled_from([-3600.0, 3600.0, -30.0, 5.0]), _SHORT_S),
    st.builds(
        Ordered,
        st.sampled_from(["end", "dim", "trim"]),
        st.integers(0, 1000),
        st.just(1),
    ),
    st.builds(
        Ordered, st.just("override"), st.integers(0, 1000), st.integers(1, _LONGEST_OVERRIDE_S)
    ),
)
_LINE = st.one_of(
    st.builds(Unplugged, _SHORT_S),
    st.builds(BadLine, st.sampled_from([0.001, 0.01, 0.1]), _SHORT_S),
    st.builds(SlowLine, st.sampled_from([0.02, 0.15, 0.4]), _SHORT_S),
    st.builds(Garbage, st.binary(min_size=1, max_size=300), st.booleans()),
    st.builds(Garbage, st.sampled_from([b">01 sta", b"\n<", b"*\n", b">" * 200]), st.booleans()),
    st.builds(DamagedOrder, _TEXTS, st.integers(0, 60)),
    st.builds(ForeignProgram, st.sampled_from([0, 0, 1])),
    st.builds(ForeignOrder, _REFUSED),
    st.builds(ForeignTime, st.sampled_from([-3600, -30, 30, 7200])),
    st.builds(ForeignOverride, st.integers(0, 1000), st.integers(1, 1000 * _LONGEST_OVERRIDE_S)),
)
_BOARD = st.one_of(
    st.builds(Restart, st.sampled_from(list(Reset)), _SHORT_S),
    st.builds(Restart, st.just(Reset.EXTERNAL)),
    st.builds(Hang, st.booleans()),
    st.builds(PowerCut, _SHORT_S),
    st.builds(CutInCommit, st.integers(0, 2), st.integers(1, 120), st.sampled_from(list(Torn))),
    _BOARD_CLOCKS,
    st.builds(Crystal, st.floats(-5000, 5000)),
)
_FAULTS = st.one_of(_HOST, _LINE, _BOARD)


@st.composite
def traces(draw: st.DrawFn, most_faults: int = 14) -> Trace:
    """Draw a trace of up to a minute."""
    utc_s = draw(_START_S)
    gaps = st.floats(0.0, 2.5).map(lambda seconds: round(seconds, 3))
    return Trace(
        seed=draw(st.integers(0, 2**16)),
        utc_s=utc_s,
        crystal_ppm=draw(st.floats(-5000, 5000)),
        board_clock=draw(_BOARD_CLOCKS),
        programs=(draw(_programs(utc_s)), draw(_programs(utc_s))),
        foreign=draw(_programs(utc_s)),
        steps=tuple(draw(st.lists(st.tuples(gaps, _FAULTS), min_size=5, max_size=most_faults))),
    )
