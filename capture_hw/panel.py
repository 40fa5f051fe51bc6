"""What a light panel says of itself."""

from dataclasses import dataclass

from capture_hw.photoperiod import Phase


@dataclass(frozen=True, slots=True)
class PanelIdentity:
    """Which panel answers, and since when it runs."""

    model: str
    firmware: str
    serial_number: str
    protocol: int
    up_s: float
    reset_cause: str
    """Of the last start, such as "power"."""


@dataclass(frozen=True, slots=True)
class PanelState:
    """A panel at one moment; levels in percent."""

    utc_ns: int | None
    """By the panel's own clock; None if it was never set."""
    phase: Phase
    white_commanded: int
    ir_commanded: int
    white_measured: int
    ir_measured: int
    schedule_crc: int | None
    """Of the committed schedule; None if there is none."""
    host_silent_s: float
    """Since the last command of a host."""
