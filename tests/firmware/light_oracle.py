"""Watches the pins of an emulated panel: every light must be explained, whatever has happened."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import floor
from typing import Final

from capture_hw.panel.line import Line, decode
from capture_hw.panel.program import PanelProgram
from capture_hw.photoperiod import SECOND_NS
from tests.firmware.clock_ledger import ClockLedger
from tests.firmware.emulated_panel import EmulatedPanel, LightChange
from tests.firmware.kept_state import KeptClock, kept_clock, kept_image
from tests.firmware.order_ledger import OrderLedger

_BYTE_S: Final = 1504 / 16e6
_NEAR_S: Final = 0.02
"""Light follows the clock within a tick of 8 ms, and the clock is seen between two samples."""
_START_S: Final = 0.05
"""From a reset until the firmware has the lamps; the pins' resistors rule until then."""
_RECENT_S: Final = 0.05
"""From a program's last byte in EEPROM until it is read back and runs."""
_FULL: Final = 1000
_FLOOR: Final = 250
_MOST_LINE: Final = 96


class WrongLight(AssertionError):
    """Light, a clock or a program that nothing explains."""


@dataclass(slots=True)
class Tally:
    """What was looked at."""

    traces: int = 0
    faults: int = 0
    samples: int = 0
    changes: int = 0
    simulated_s: float = 0.0
    reconciled: int = 0
    patient: int = 0
    """Traces whose end needed the ten minutes' patience with a stepped clock or a quarrel."""
    slowest_s: float = 0.0
    """The longest reconciliation of the others."""


class LightOracle:
    """Compares at every change of the pins, and at every sample between them.

    Raises WrongLight. Tell it everything that reaches the panel, and every fault.
    """

    def __init__(
        self,
        panel: EmulatedPanel,
        address: int,
        programs: Mapping[bytes, PanelProgram],
        clock: ClockLedger,
        tally: Tally,
    ) -> None:
        self.clock: Final = clock
        self.white: Final = OrderLedger("white")
        self.ir: Final = OrderLedger("ir")
        self.program: PanelProgram | None = None
        self._panel = panel
        self._address = address
        self._programs = programs
        self._tally = tally
        self._to_panel = self._from_panel = b""
        self._committed: set[int] = set()
        """CRCs that a whole `commit` has named."""
        self._recent: tuple[float, PanelProgram | None] = (-1.0, None)
        self._writes = -1
        self._starts = 0
        self._started_s = -1.0
        self._is_power = False
        self.is_powered = True
        self._last_s = panel.monotonic()
        self._last_clock = KeptClock("none", 0.0)
        panel.take_changes()
        self._see_program(0.0)

    def fed(self, data: bytes) -> None:
        """Note bytes that were just put on the line to the panel.

        Lenient: a line counts as whole even behind garbage that a reset may have swallowed.
        """
        now_s = self._panel.monotonic()
        arrives_s = now_s + (self._panel.to_feed + 2) * _BYTE_S
        *chunks, self._to_panel = (self._to_panel + data).split(b"\n")
        self._to_panel = self._to_panel[-_MOST_LINE:]
        for chunk in chunks:
            for line in _lines_in(chunk.removesuffix(b"\r"), ">"):
                for ledger in (self.white, self.ir, self.clock):
                    ledger.fed(line, now_s, arrives_s)
                if line.words[0] == "commit" and len(line.words) == 2:
                    self._committed.add(int(line.words[1], 16))

    def heard(self, data: bytes) -> None:
        """Note bytes that the panel has just sent."""
        now_s = self._panel.monotonic()
        *chunks, self._from_panel = (self._from_panel + data).split(b"\n")
        self._from_panel = self._from_panel[-_MOST_LINE:]
        for chunk in chunks:
            for line in _lines_in(chunk, "<"):
                for ledger in (self.white, self.ir, self.clock):
                    ledger.answered(line, now_s)

    def power(self, *, is_on: bool) -> None:
        """Note that the supply was switched."""
        self.is_powered = is_on
        self._is_power |= is_on
        self.reset()
        if not is_on:
            self._panel.take_changes()

    def reset(self, *, loses_time: bool = False) -> None:
        """Note that the controller was reset just now; its program has not begun yet."""
        self._is_power |= loses_time
        self._started_s = self._panel.monotonic()
        self.clock.reset(self._panel.monotonic())

    @property
    def is_starting(self) -> bool:
        """Whether the program has begun so lately that its watchdog may not run yet."""
        return self._panel.monotonic() - self._started_s <= _START_S

    def hung(self) -> None:
        """Note that the program was made to stand still."""
        self.white.hung(self._panel.monotonic())
        self.ir.hung(self._panel.monotonic())
        self.clock.hung()

    def sample(self) -> None:
        """Compare all that the pins gave since the last sample."""
        now_s = self._panel.monotonic()
        self._tally.samples += 1
        self._see_start(now_s)
        clock = kept_clock(self._panel, self._address)
        self._see_program(now_s)
        changes = self._panel.take_changes()
        self._tally.changes += len(changes)
        for change in [*changes, LightChange(now_s, self._panel.white, self._panel.ir)]:
            self._check(change, clock, now_s)
        if self.is_powered and now_s - self._started_s > _START_S:
            fault = self.clock.fault(clock, now_s)
            self._demand(not fault, now_s, fault)
        self._last_s, self._last_clock = now_s, clock

    def _see_start(self, now_s: float) -> None:
        starts = self._panel.starts
        if starts == self._starts:
            return
        self._starts, self._started_s = starts, now_s
        self.white.started(now_s)
        self.ir.started(now_s)
        self.clock.started(is_power=self._is_power)
        self._is_power = False

    def _see_program(self, now_s: float) -> None:
        writes = self._panel.eeprom_writes
        if writes == self._writes:
            return
        self._writes = writes
        image = kept_image(self._panel.eeprom)
        before = self.program
        if image is None:
            self._demand(before is None, now_s, "no program is left in EEPROM")
            return
        self._demand(image in self._programs, now_s, "EEPROM holds a program that nobody made")
        program = self._programs[image]
        if program is before:
            return
        crc = program.crc
        self._demand(crc in self._committed, now_s, f"nobody has committed program {crc:04X}")
        self._recent = now_s, before
        self.program = program

    def _check(self, change: LightChange, clock: KeptClock, now_s: float) -> None:
        at_s = change.at_s
        if not self.is_powered:
            self._demand((change.white, change.ir) == (0, 0), at_s, "light without a supply")
            return
        is_starting = at_s - self._started_s <= _START_S or self._started_s > self._last_s
        programs = [self.program]
        if at_s - self._recent[0] <= _RECENT_S:
            programs.append(self._recent[1])
        self._check_ir(change, programs, is_starting=is_starting)
        must = self.white.must(self._last_s, now_s)
        due = {must} if must is not None else self._white_due(at_s, clock, now_s, programs)
        if is_starting:
            due |= {0}
        self._demand(
            change.white in due,
            at_s,
            f"white is {change.white} where {sorted(due)} is due, its clock "
            f"{clock.source} {clock.utc_s:.3f}",
        )

    def _check_ir(
        self, change: LightChange, programs: list[PanelProgram | None], *, is_starting: bool
    ) -> None:
        due = {_FULL if one is None else one.ir_permille for one in programs}
        due |= self.ir.may(change.at_s)
        if is_starting:
            due |= {_FULL}
        is_right = change.ir in due and change.ir >= _FLOOR
        self._demand(is_right, change.at_s, f"infrared is {change.ir} where {sorted(due)} is due")

    def _white_due(
        self,
        at_s: float,
        clock: KeptClock,
        now_s: float,
        programs: list[PanelProgram | None],
    ) -> set[int]:
        """Return what the program gives by the panel's own clock, seen before and after."""
        due = self.white.may(at_s)
        faster = self._panel.built.acceleration
        # Between two samples it may also have been told a time that lasted for a tick.
        told = self.clock.told_between(self._last_s, now_s)
        readings = [(self._last_clock, at_s - self._last_s), (clock, at_s - now_s)]
        readings += [(KeptClock("host", utc_s), 0.0) for utc_s in told]
        for reading, passed_s in readings:
            for program in programs:
                if program is None or reading.source == "none":
                    due.add(0)
                    continue
                for near_s in (-_NEAR_S, _NEAR_S):
                    utc_s = floor(reading.utc_s + (passed_s + near_s) * faster)
                    due.add(program.plan.white_permille(utc_s * SECOND_NS))
        return due

    def _demand(self, is_right: bool, at_s: float, fault: str) -> None:
        if not is_right:
            raise WrongLight(f"at {at_s:.4f} s: {fault}")


def _lines_in(chunk: bytes, way: str) -> list[Line]:
    """Return the whole lines that end with a chunk, wherever they begin."""
    found = []
    for begins in range(max(0, len(chunk) - _MOST_LINE), len(chunk)):
        if chunk[begins : begins + 1] == way.encode():
            line = decode(chunk[begins:])
            if isinstance(line, Line):
                found.append(line)
    return found
