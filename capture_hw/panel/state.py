"""What a light panel says of itself."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from capture_hw.photoperiod import Phase

ResetCause: TypeAlias = Literal["power", "external", "brownout", "watchdog"]
ClockSource: TypeAlias = Literal["none", "host", "rtc"]
Lamp: TypeAlias = Literal["white", "ir"]


@dataclass(frozen=True, slots=True)
class PanelIdentity:
    """Which panel answers, and what it can do."""

    model: str
    firmware: str
    serial_number: str
    protocol: int
    up_s: float
    reset_cause: ResetCause
    """Of the last start."""
    resets: int
    """Starts since the panel left the factory, modulo 65,536."""
    ir_floor_permille: int
    longest_override_s: int
    has_rtc: bool


@dataclass(frozen=True, slots=True)
class LampState:
    """One lamp; levels in per mille of full light."""

    commanded: int
    measured: int | None
    """None without a sensor."""


@dataclass(frozen=True, slots=True)
class RunningOverride:
    """Light that somebody asked for; the panel ends it by itself."""

    lamp: Lamp
    permille: int
    remaining_s: float


@dataclass(frozen=True, slots=True)
class PanelState:
    """A panel at one moment."""

    utc_ns: int | None
    """By the panel's own clock; None if it does not know the time: then white light is off."""
    clock: ClockSource
    """What the clock was set from."""
    phase: Phase
    """By the program; an override does not change it."""
    white: LampState
    ir: LampState
    program_crc: int | None
    """Of the committed program; None if there is none."""
    overrides: tuple[RunningOverride, ...]
    next_change_utc_s: int | None
    """Of the phase; None if there is none within a cycle of the era, or the time is unknown."""
    host_silent_s: float
    """Since the last command before this one."""
    up_s: float
    resets: int
    commands: int
    """Valid commands since the start, modulo 65,536: more than were sent means two masters."""
    bad_lines: int
    """Lines since the start that could not be understood, modulo 65,536."""
    lost_bytes: int = 0
    """Bytes since the start that came too fast for it, modulo 65,536."""


@dataclass(frozen=True, slots=True)
class SensorReading:
    """What the light sensors read now, raw: 0 to 1023; None without a sensor."""

    white_raw: int | None
    ir_raw: int | None
    white_full: int | None
    """What the sensor reads at full light, as calibrated; None if it never was."""
    ir_full: int | None
    trim_ppm: int
    """By how much the clock runs faster, as `trim_clock` set it."""


@dataclass(frozen=True, slots=True)
class LineCount:
    """What the host did and saw on a panel's line, since the `Panel` was made."""

    sent: int
    """Commands, repeats included."""
    faults: int
    """Lines heard that were damaged, late or somebody else's."""
    openings: int
    foreign_commands: int = 0
    """Commands that the panel understood and this `Panel` did not send: a second master.

    Exact, so nobody need compare `PanelState.commands` with `sent`.
    """
    resets_by_opening: int = 0
    """How often opening the port has reset the controller: a matter of its wiring."""

    def plus(self, other: "LineCount") -> "LineCount":
        """Return both together."""
        return LineCount(
            self.sent + other.sent,
            self.faults + other.faults,
            self.openings + other.openings,
            self.foreign_commands + other.foreign_commands,
            self.resets_by_opening + other.resets_by_opening,
        )
