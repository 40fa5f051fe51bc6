"""The one face of a light panel, whatever it is made of."""

from typing import Protocol

from capture_hw.panel.program import PanelProgram
from capture_hw.panel.state import LineCount, PanelIdentity, PanelState, SensorReading


class Panel(Protocol):
    """A light panel. One thread at a time; a call ends within two seconds unless it says otherwise.

    Each may raise PanelSilent (no valid answer; the light goes on as scheduled, ask again) or
    PanelRefused (it answered no; a person should look at it). All are safe to repeat.
    """

    @property
    def name(self) -> str:
        """By the configuration."""

    @property
    def keeps_schedule(self) -> bool:
        """Whether light goes on by itself when the host is dead."""

    @property
    def port(self) -> str:
        """Where its line is, such as `/dev/ttyUSB0`; empty while it is not open."""

    @property
    def line_count(self) -> LineCount:
        """What happened on its line so far; asks nothing."""

    def identify(self) -> PanelIdentity:
        """Return which panel this is."""

    def read_state(self) -> PanelState:
        """Return levels, phase, time; ask once a second, it is the heartbeat as well."""

    def set_time(self, utc_ns: int, offset_min: int) -> None:
        """Set the panel's clock; the offset is for people who read its display."""

    def read_program(self) -> PanelProgram | None:
        """Return what it runs, read back from it; None if it runs none. Up to 5 s."""

    def upload(self, program: PanelProgram) -> None:
        """Stage, compare by CRC, commit: from now on, and after every power cut. Up to 10 s.

        If it fails, the panel goes on with the program that it had, or runs all of the new one.
        """

    def override_white(self, permille: int, for_s: int) -> None:
        """Give that much white light for a time, after which the panel ends it by itself."""

    def end_override(self) -> None:
        """End all overrides now; none is no error."""

    def dim_infrared(self, permille: int, for_s: float) -> None:
        """Dim infrared light for a moment, up to 2 s, not below the panel's floor."""

    def trim_clock(self, ppm: int) -> None:
        """Let the panel's clock run faster by so many parts per million, also after a power cut."""

    def sense(self) -> SensorReading:
        """Return what the sensors read, raw, and what calibration and trim are kept."""

    def calibrate(self, white_full: int | None, ir_full: int | None) -> None:
        """Set what the sensors read (0 to 1023) at full light; None leaves one as it is."""

    def close(self) -> None:
        """Let go of the line; light goes on. Safe to call twice."""
