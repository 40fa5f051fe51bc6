"""A panel with the real firmware, its cable and its host, and all that happens to the three."""

import heapq
import random
from collections.abc import Callable
from datetime import timedelta, timezone
from itertools import count
from math import inf
from pathlib import Path
from typing import Final

from appliance.light_clock import LightClock
from appliance.override_book import OverrideBook
from appliance.override_watch import OverrideWatch
from appliance.panel_keeper import PanelKeeper
from appliance.panel_look import PanelLook
from capture_hw.error import PanelLost, PanelRefused, PanelSilent
from capture_hw.panel.line import Line, encode
from capture_hw.panel.port_opening import PanelOpener
from capture_hw.panel.program import PanelProgram
from capture_hw.panel.reconnection import ReconnectingPanel
from capture_hw.photoperiod import SECOND_NS
from tests.firmware.clock_ledger import ClockLedger
from tests.firmware.emulated_panel import EmulatedPanel
from tests.firmware.kept_state import KeptClock, kept_clock
from tests.firmware.light_oracle import LightOracle, Tally

SAMPLE_S: Final = 0.02
LOOK_S: Final = 1.0
_STEP_S: Final = 0.002
_CUT_S: Final = 0.5
_RIGHT_S: Final = 1.1
"""The keeper leaves a clock alone that is off by up to a second."""
_STANDARD_TIME: Final = timezone(timedelta(hours=1))


class HostDied(Exception):
    """The host's process ends here, whatever it was doing."""


class LightWorld:
    """Lets time pass; what was planned happens in between. One thread."""

    def __init__(
        self,
        panel: EmulatedPanel,
        folder: Path,
        address: int,
        programs: tuple[PanelProgram, ...],
        foreign: PanelProgram,
        utc_s: int,
        tally: Tally,
        *,
        crystal_ppm: float = 0.0,
        seed: int = 0,
    ) -> None:
        """`programs` are those that the host is told to keep, one after the other."""
        self.panel: Final = panel
        self.programs: Final = programs
        self.foreign: Final = foreign
        self.wanted = programs[0]
        self.is_plugged = True
        self.host_ahead_s = 0.0
        """By how much the host's clock is wrong."""
        self.noise = 0.0
        self.delay_s = 0.0
        self.rtc_drift_ppm = 0.0
        self.is_rtc_readable = False
        self.wrong_s = 0.0
        """When program or time were last seen not to be right."""
        self.happened_s = 0.0
        """When something last happened."""
        self.needs_patience = False
        self._address = address
        self._folder = folder
        self._utc_s = utc_s
        self._random = random.Random(seed)
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._is_host_dead = False
        self._keeper: PanelKeeper | None = None
        self._orders: list[Callable[[PanelKeeper], None]] = []
        self._heard: list[tuple[float, bytes]] = []
        panel.set_crystal(crystal_ppm)
        clock = ClockLedger(crystal_ppm, panel.built.acceleration)
        known = {program.image: program for program in (*programs, foreign)}
        self.oracle: Final = LightOracle(panel, address, known, clock, tally)
        self._sampled_s = panel.monotonic()

    @property
    def now_s(self) -> float:
        return self.panel.monotonic()

    @property
    def utc_s(self) -> float:
        """Return the true time."""
        return self._utc_s + self.now_s * self.panel.built.acceleration

    @property
    def is_anything_planned(self) -> bool:
        """Return whether something is still to happen."""
        return bool(self._later)

    @property
    def off_s(self) -> float:
        """Return by how much the panel's clock is ahead; infinite if it does not know the time."""
        clock = self.clock()
        return inf if clock.source == "none" else clock.utc_s - self.utc_s

    @property
    def is_right(self) -> bool:
        """Return whether the panel has the program that its host wants, and the time."""
        return self.oracle.program == self.wanted and abs(self.off_s) <= _RIGHT_S

    def clock(self) -> KeptClock:
        """Return what the panel takes for the time."""
        return kept_clock(self.panel, self._address)

    def later(self, after_s: float, act: Callable[[], None]) -> None:
        """Plan something; a `HostDied` that it raises ends what the host is doing."""
        heapq.heappush(self._later, (self.now_s + after_s, next(self._order), act))

    def run(self, seconds: float) -> None:
        """Let time pass, with all that was planned. Raises WrongLight, HostDied."""
        until_s = self.now_s + seconds
        while (now_s := self.now_s) < until_s - 1e-9:
            next_s = min(until_s, self._sampled_s + SAMPLE_S)
            if self._later:
                next_s = min(next_s, self._later[0][0])
            if next_s > now_s and not self.panel.run(next_s - now_s + 1e-6):
                self._cut()
            self._hear()
            if self.now_s >= self._sampled_s + SAMPLE_S:
                self.sample()
            while self._later and self._later[0][0] <= self.now_s:
                self.sample()
                _at_s, _order, act = heapq.heappop(self._later)
                self.happened_s = self.now_s
                act()

    def sample(self) -> None:
        if self.is_rtc_readable:
            self.oracle.clock.rtc_seen(self.now_s, self.panel.rtc_s, self.rtc_drift_ppm)
        self.oracle.sample()
        self._sampled_s = self.now_s
        if not self.is_right:
            self.wrong_s = self.now_s

    # The line.

    def feed(self, data: bytes) -> None:
        """Bytes reach the panel's end of the line."""
        self.panel.feed(data)
        self.oracle.fed(data)

    def garble(self, data: bytes) -> bytes:
        """Return bytes as a bad line passes them on."""
        if not self.noise:
            return data
        return b"".join(map(self._garbled, data))

    def say_to_host(self, data: bytes) -> None:
        """Bytes reach the host's end of the line that the panel has not sent."""
        self._heard.append((self.now_s, data))

    def take_heard(self) -> bytes:
        """Return what has reached the host's end."""
        due = [data for at_s, data in self._heard if at_s <= self.now_s]
        self._heard = [one for one in self._heard if one[0] > self.now_s]
        return b"".join(due)

    def send(self, data: bytes) -> None:
        """Bytes leave the host's end."""
        data = self.garble(data)
        if self.delay_s:
            self.later(self.delay_s, lambda: self.feed(data))
        else:
            self.feed(data)

    def second_master(self, *texts: str) -> None:
        """Another host on the same line says something, a line every 30 ms."""
        for place, text in enumerate(texts):
            raw = encode(Line(">", 200 + place % 50, tuple(text.split())))
            self.later(0.03 * place, lambda raw=raw: self.feed(raw))  # type: ignore[misc]

    # The board.

    def power_off(self, for_s: float) -> None:
        self.panel.power_off()
        self.oracle.power(is_on=False)
        self.later(for_s, self.power_on)

    def power_on(self) -> None:
        if not self.oracle.is_powered:
            self.panel.power_on()
            self.oracle.power(is_on=True)

    def hang(self, *, keeps_interrupts: bool) -> None:
        if self.oracle.is_powered:
            self.panel.hang(keeps_interrupts=keeps_interrupts)
            self.oracle.hung()

    def _cut(self) -> None:
        """The supply has gone at a write to EEPROM."""
        self.oracle.power(is_on=False)
        self.later(_CUT_S, self.power_on)

    # The host.

    def host_runs(self, seconds: float) -> list[PanelLook]:
        """Let time pass with a host that looks once a second, as long as it lives."""
        until_s = self.now_s + seconds
        looks: list[PanelLook] = []
        while self.now_s < until_s:
            began_s = self.now_s
            try:
                if not self._is_host_dead:
                    looks.append(self._look())
                self.run(max(_STEP_S, began_s + LOOK_S - self.now_s))
            except HostDied:
                self._keeper = None
        return looks

    def host_dies(self, for_s: float) -> None:
        self._is_host_dead = True
        self.later(for_s, self.host_starts)
        raise HostDied

    def host_starts(self) -> None:
        self._is_host_dead = False

    def host_wants(self, program: PanelProgram) -> None:
        """The host is started again with another configuration."""
        self.wanted = program
        raise HostDied

    def order(self, act: Callable[[PanelKeeper], None]) -> None:
        """Somebody orders something of the host, which does it at its next look."""
        self._orders.append(act)

    def _look(self) -> PanelLook:
        if self._keeper is None:
            self._keeper = self._new_keeper()
        orders, self._orders = self._orders, []
        for order in orders:
            try:
                order(self._keeper)
            except (PanelSilent, PanelRefused):
                continue  # whoever ordered is told so
        return self._keeper.look()

    def _new_keeper(self) -> PanelKeeper:
        opener = PanelOpener("a", None, self._paths, self._open_port, self.panel.monotonic)
        clock = LightClock(
            lambda: round((self.utc_s + self.host_ahead_s) * SECOND_NS),
            self.panel.monotonic,
            lambda: True,
        )
        return PanelKeeper(
            ReconnectingPanel("a", opener, self.panel.monotonic),
            self.wanted.plan,
            self.wanted.ir_permille // 10,
            clock,
            _STANDARD_TIME,
            OverrideWatch("a", OverrideBook(self._folder / "override.json")),
        )

    def _paths(self) -> list[str]:
        if not self.is_plugged:
            raise PanelLost("no adapter is plugged in")
        return ["emulated"]

    def _open_port(self, _path: str) -> "TracePort":
        return TracePort(self)

    def _hear(self) -> None:
        data = self.panel.take()
        if data:
            self.oracle.heard(data)
            if self.is_plugged:
                self._heard.append((self.now_s + self.delay_s, self.garble(data)))

    def _garbled(self, byte: int) -> bytes:
        if self._random.random() >= self.noise:
            return bytes([byte])
        return self._random.choice([b"", bytes([byte, byte]), self._random.randbytes(1)])


class TracePort:
    """The host's `PanelPort`; gone for good once the cable was out."""

    def __init__(self, world: LightWorld) -> None:
        self._world: Final = world
        self._is_lost = False
        world.take_heard()

    def read(self, timeout_s: float) -> bytes:
        """Return what has come, as soon as anything has; nothing after the time-out."""
        until_s = self._world.now_s + max(0.0, timeout_s)
        self._demand_plugged()
        while not (received := self._world.take_heard()) and self._world.now_s < until_s:
            self._world.run(_STEP_S)
            self._demand_plugged()
        return received

    def write(self, data: bytes) -> None:
        """Send all of it."""
        self._demand_plugged()
        self._world.send(data)

    def close(self) -> None:
        """Let go of the line."""

    def _demand_plugged(self) -> None:
        self._is_lost |= not self._world.is_plugged
        if self._is_lost:
            raise PanelLost("the cable is out")
