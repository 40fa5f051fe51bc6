"""How long after the instant of its schedule light changes on the pins of the real firmware."""

import random
import re
import tempfile
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final

from capture_hw.light_plan import Era
from capture_hw.panel.exchange import Exchange
from capture_hw.panel.line import Line, encode
from capture_hw.panel.port import SerialPort
from capture_hw.panel.program import MOST_SPANS, PanelProgram
from capture_hw.photoperiod import SECOND_NS, LightSpan, Photoperiod
from tests.bench.lit_rack import Benched, LitRack, lit_for
from tests.bench.process_meter import usage_of
from tests.bench.spread import Spread
from tests.firmware.emulated_panel import EmulatedPanel, LightChange, on_the_bench
from tests.firmware.firmware_build import BuiltFirmware
from tests.firmware.host import NOON_S, Host

LIMIT_MS: Final = 12.0
"""By the panel's own clock: a tick of 8 ms and what its loop does in it."""
CLOCK_LIMIT_MS: Final = 1000.0
"""Of the difference to UTC: the worker sets a clock that is off by more."""
_TRIM_PPM: Final = 237
"""A clock whose seconds are no whole number of ticks: so every part of a tick has its turn."""
_READINGS: Final = 300
_STEP_S: Final = 0.0001
_RAMP_S: Final = 600
_FULL: Final = 1000
_BETWEEN_S: Final = 0.5


def print_by_own_clock(built: BuiltFirmware, changes: int) -> bool:
    """Print the delay by the panel's own clock, in simulated time; return whether it is small."""
    program = _restless_program()
    with on_the_bench(built) as panel:
        host = Host(panel)
        panel.run(0.05)
        host.ask(f"trim {_TRIM_PPM}")
        host.commit(program)
        host.set_time(NOON_S)
        zero_s = _own_zero_s(panel)
        panel.take_changes()
        seen: list[LightChange] = []
        while len(seen) < changes:
            panel.run(10)
            seen += panel.take_changes()
    late = Spread.of([_late_s(program, zero_s, one) * 1000 for one in seen])
    print(f"\nlight after the instant by the panel's own clock: {late.text('ms')}")
    print(f"  the earliest {late.least:.1f} ms")
    return late.least > -1 and late.largest <= LIMIT_MS


def _restless_program() -> PanelProgram:
    """Return as many spans as a panel holds, one to five seconds each, all different."""
    chance = random.Random(3)
    lengths = [chance.randint(1, 5) for _ in range(MOST_SPANS)]
    starts = [sum(lengths[:index]) for index in range(MOST_SPANS)]
    spans = tuple(LightSpan(start, 25 * index, 25 * index) for index, start in enumerate(starts))
    return PanelProgram(1000, (Era(0, Photoperiod(0, sum(lengths), spans)),))


def _own_zero_s(panel: EmulatedPanel) -> float:
    """Return what the panel's clock said at its bench's time 0, were it not for its ticks.

    A clock that ticks is right just after a tick and late before the next: so the reading that is
    farthest ahead is the one that counts.
    """
    return max(_reading_s(panel, number) for number in range(_READINGS))


def _reading_s(panel: EmulatedPanel, number: int) -> float:
    panel.feed(encode(Line(">", number % 256, ("clock",))))
    answer = b""
    while not answer:
        panel.run(_STEP_S)
        answer = panel.take()
    at_s = panel.monotonic()
    while not answer.endswith(b"\n"):
        panel.run(_STEP_S)
        answer += panel.take()
    found = re.search(rb" clock (\d+) (\d+) ", answer)
    assert found is not None, answer
    return int(found[1]) + int(found[2]) / 1000 - _own_s(at_s)


def _own_s(true_s: float) -> float:
    return true_s * (1 + _TRIM_PPM / 1e6)


def _late_s(program: PanelProgram, zero_s: float, change: LightChange) -> float:
    """Return how long after the nearest second, at which that very change is due, it came."""
    own_s = zero_s + _own_s(change.at_s)
    due_s = round(own_s)
    before, after = (program.plan.white_permille(s * SECOND_NS) for s in (due_s - 1, due_s))
    assert before != after == change.white, f"{change} at {own_s:.4f}"
    return own_s - due_s


def print_by_wall_clock(built: BuiltFirmware, starts: int, changes: int) -> bool:
    """Print the difference to this machine's UTC, kept by the lights worker, and the baseline's.

    Each start sets the panel's clock once, so what matters is how many there are.
    """
    ours_ms: list[float] = []
    theirs_ms: list[float] = []
    behind_s = 0.0
    for _ in range(starts):
        with (
            tempfile.TemporaryDirectory(prefix="ethoprofiler-bench-") as name,
            Benched(built, Path(name)) as panel,
        ):
            ours_ms += _kept_by_worker(Path(name), panel, changes)
            theirs_ms += _switched_by_command(panel, changes)
            behind_s = max(behind_s, panel.paced.behind_s)
    ours, theirs = Spread.of(ours_ms), Spread.of(theirs_ms)
    print(f"\nlight after this machine's UTC, {starts} starts of worker and panel")
    print(f"  panel by its program: {ours.text('ms')}, the earliest {ours.least:.1f} ms")
    print(f"  a host that switches by command at the instant: {theirs.text('ms')}")
    print(
        f"  ratio of medians {ours.median / theirs.median:.2f}, of p99 {ours.p99 / theirs.p99:.2f}"
        f"; emulator at most {behind_s * 1000:.1f} ms behind",
        flush=True,
    )
    return max(-ours.least, ours.largest) <= CLOCK_LIMIT_MS


def _kept_by_worker(folder: Path, panel: Benched, changes: int) -> Iterator[float]:
    """Yield how late each step of a dawn came, in ms: one a second for ten minutes."""
    lights = f"{lit_for(0)}\ndawn_minutes = {_RAMP_S // 60}\nwhite_percent = 100"
    dawn_s = _begin_of(lights)
    due_s = {_FULL * s // _RAMP_S: dawn_s + s for s in reversed(range(_RAMP_S))}
    with LitRack(folder, panel, lights) as rack:
        rack.await_well()
        time.sleep(2)
        panel.paced.call(lambda line: line.take_changes())
        before, began_s = usage_of(rack.worker_pid), time.monotonic()
        zero_s = _utc_zero_s(panel, changes)
        after, passed_s = usage_of(rack.worker_pid), time.monotonic() - began_s
        seen = panel.paced.call(lambda line: line.take_changes())
        detail = rack.await_well()
    for one in seen:
        yield (zero_s + one.at_s - due_s[one.white]) * 1000
    print(
        f"  worker {(after.cpu_s - before.cpu_s) / passed_s:.2%} of a core, "
        f"{after.memory / 1e6:.1f} MB; it says the clock is off by {detail.clock_off_s:+.3f} s",
        flush=True,
    )


def _begin_of(lights: str) -> int:
    found = re.search(r"lights_on = (\d+):(\d+):(\d+)", lights)
    assert found is not None
    hours, minutes, seconds = (int(one) for one in found.groups())
    now_s = time.time()
    into_day_s = hours * 3600 + minutes * 60 + seconds
    return int(now_s - (now_s - into_day_s) % 86_400)


def _utc_zero_s(panel: Benched, for_s: float) -> float:
    """Wait, and return which UTC the panel's bench had at its time 0.

    The panel is let run up to the moment of its turn, so the largest lead is without delay.
    """
    until_s = time.monotonic() + for_s
    lead_s = -1e18
    while time.monotonic() < until_s:
        lead_s = max(lead_s, panel.paced.call(lambda line: line.monotonic() - time.time()))
        time.sleep(0.05)
    return -lead_s


def _switched_by_command(panel: Benched, changes: int) -> Iterator[float]:
    """Yield how late light came by a host that sleeps until the instant and sends a command, ms."""
    zero_s = _utc_zero_s(panel, 2)
    exchange = Exchange(SerialPort(str(panel.paced.link)), "north", 0)
    try:
        exchange.confirm("override", "white", "0", "60000")
        panel.paced.call(lambda line: line.take_changes())
        first_s = time.time() + 1
        for number in range(changes):
            time.sleep(max(0.0, first_s + number * _BETWEEN_S - time.time()))
            exchange.confirm("override", "white", str(1 + number), "60000")
    finally:
        exchange.close()
    seen = panel.paced.call(lambda line: line.take_changes())
    assert all(one.white < other.white for one, other in pairwise(seen))
    for one in seen:
        yield (zero_s + one.at_s - first_s - (one.white - 1) * _BETWEEN_S) * 1000
