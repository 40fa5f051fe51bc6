"""What can happen to a panel, its line and its host; each can be drawn by chance and shrunk."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from appliance.panel_keeper import PanelKeeper
from capture_hw.panel.line import Line, encode
from tests.firmware.emulated_panel import Reset, Torn
from tests.firmware.light_world import LightWorld

_PRESSED_S: Final = 0.001


class LightFault(Protocol):
    """Something that happens at one moment."""

    def strike(self, world: LightWorld) -> None:
        """Let it happen; its own end is planned, too. May raise HostDied."""


@dataclass(frozen=True, slots=True)
class HostDies:
    for_s: float

    def strike(self, world: LightWorld) -> None:
        world.host_dies(self.for_s)


@dataclass(frozen=True, slots=True)
class NewPlan:
    number: int

    def strike(self, world: LightWorld) -> None:
        world.host_wants(world.programs[self.number % len(world.programs)])


@dataclass(frozen=True, slots=True)
class HostClockSteps:
    """And steps back after a while."""

    by_s: float
    for_s: float

    def strike(self, world: LightWorld) -> None:
        world.needs_patience = True
        world.host_ahead_s = self.by_s

        def back() -> None:
            world.host_ahead_s = 0.0

        world.later(self.for_s, back)


@dataclass(frozen=True, slots=True)
class Unplugged:
    for_s: float

    def strike(self, world: LightWorld) -> None:
        world.is_plugged = False

        def plug() -> None:
            world.is_plugged = True

        world.later(self.for_s, plug)


@dataclass(frozen=True, slots=True)
class BadLine:
    """Bytes are lost, doubled and changed, both ways."""

    chance: float
    for_s: float

    def strike(self, world: LightWorld) -> None:
        world.noise = self.chance

        def good() -> None:
            world.noise = 0.0

        world.later(self.for_s, good)


@dataclass(frozen=True, slots=True)
class SlowLine:
    delay_s: float
    for_s: float

    def strike(self, world: LightWorld) -> None:
        world.delay_s = self.delay_s

        def fast() -> None:
            world.delay_s = 0.0

        world.later(self.for_s, fast)


@dataclass(frozen=True, slots=True)
class Garbage:
    data: bytes
    to_host: bool

    def strike(self, world: LightWorld) -> None:
        if self.to_host:
            world.say_to_host(self.data)
        else:
            world.feed(self.data)


@dataclass(frozen=True, slots=True)
class DamagedOrder:
    """A line that means something, with one character changed."""

    text: str
    place: int

    def strike(self, world: LightWorld) -> None:
        raw = bytearray(encode(Line(">", 77, tuple(self.text.split()))))
        raw[self.place % (len(raw) - 1)] ^= 1
        world.feed(b"\n" + bytes(raw))


@dataclass(frozen=True, slots=True)
class Restart:
    """By its pin for a moment, by a supply that is too low for a while; RAM stays.

    What is on the line is lost meanwhile.
    """

    cause: Reset
    low_s: float = 0.05

    def strike(self, world: LightWorld) -> None:
        if not world.oracle.is_powered:
            return
        is_brown_out = self.cause == Reset.BROWNOUT
        world.panel.reset(self.cause, self.low_s if is_brown_out else _PRESSED_S)
        world.oracle.reset(loses_time=is_brown_out)
        world.happened_s = world.now_s


@dataclass(frozen=True, slots=True)
class Hang:
    """The program stands still, but not before it has switched its watchdog on."""

    keeps_interrupts: bool

    def strike(self, world: LightWorld) -> None:
        if not world.oracle.is_starting:
            world.hang(keeps_interrupts=self.keeps_interrupts)


@dataclass(frozen=True, slots=True)
class PowerCut:
    for_s: float

    def strike(self, world: LightWorld) -> None:
        if world.oracle.is_powered:
            world.power_off(self.for_s)


@dataclass(frozen=True, slots=True)
class CutInCommit:
    """The host gets another plan, and power goes at one of the bytes that are written then."""

    number: int
    write: int
    torn: Torn

    def strike(self, world: LightWorld) -> None:
        world.panel.cut_at_write(self.write, self.torn)
        world.later(6.0, lambda: world.panel.cut_at_write(0, self.torn))
        world.host_wants(world.programs[self.number % len(world.programs)])


@dataclass(frozen=True, slots=True)
class ForeignProgram:
    """A second host uploads its own; a wrong CRC is to be refused."""

    crc_off: int = 0

    def strike(self, world: LightWorld) -> None:
        world.needs_patience = True
        program = world.foreign
        pieces = [f"begin {program.ir_permille}"]
        for era in program.eras:
            own = era.photoperiod
            head = f"{era.from_utc_s} {own.zero_utc_s} {own.cycle_s} {len(own.spans)}"
            pieces.append(f"stage-era {head}")
            pieces += [
                f"stage-span {one.start_s} {one.from_permille} {one.to_permille}"
                for one in own.spans
            ]
        world.second_master(*pieces, f"commit {program.crc ^ self.crc_off:04X}")


@dataclass(frozen=True, slots=True)
class ForeignOrder:
    """A second host orders what is to be refused, or changes nothing."""

    text: str

    def strike(self, world: LightWorld) -> None:
        world.second_master(self.text)


@dataclass(frozen=True, slots=True)
class ForeignTime:
    by_s: int

    def strike(self, world: LightWorld) -> None:
        world.needs_patience = True
        world.second_master(f"time {round(world.utc_s) + self.by_s} 0 0")


@dataclass(frozen=True, slots=True)
class ForeignOverride:
    level: int
    for_ms: int

    def strike(self, world: LightWorld) -> None:
        world.second_master(f"override white {self.level} {self.for_ms}")


@dataclass(frozen=True, slots=True)
class BoardClock:
    """The clock on the board is there, gone, stopped, or its bus is held."""

    state: str
    drift_ppm: float

    def strike(self, world: LightWorld) -> None:
        world.rtc_drift_ppm = abs(self.drift_ppm)
        world.is_rtc_readable = self.state == "there"
        world.panel.set_rtc(
            is_present=self.state != "absent",
            is_stopped=self.state == "stopped",
            is_stuck=self.state == "stuck",
            drift_ppm=self.drift_ppm,
        )


@dataclass(frozen=True, slots=True)
class Crystal:
    ppm: float

    def strike(self, world: LightWorld) -> None:
        world.oracle.clock.crystal(self.ppm)
        world.panel.set_crystal(self.ppm)


@dataclass(frozen=True, slots=True)
class Ordered:
    """A person orders something; `what` is override, end, dim or trim."""

    what: str
    value: int
    for_s: int

    def strike(self, world: LightWorld) -> None:
        acts: dict[str, Callable[[PanelKeeper], None]] = {
            "override": lambda keeper: keeper.panel.override_white(self.value, self.for_s),
            "end": lambda keeper: keeper.panel.end_override(),
            "dim": lambda keeper: keeper.panel.dim_infrared(250 + self.value * 3 // 4, 1.5),
            "trim": lambda keeper: keeper.panel.trim_clock(self.value - 500),
        }
        world.order(acts[self.what])
