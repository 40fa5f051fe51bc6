"""What time it is by a simulated panel."""

from typing import Final

from capture_hw.panel.quartz import Quartz
from capture_hw.panel.simulated_memory import PanelMemory
from capture_hw.panel.state import ClockSource

_MILLION: Final = 1_000_000
_SECOND_NS: Final = 1_000_000_000
_END_NS: Final = 2**32 * _SECOND_NS
"""Seconds have 32 bits. Source: docs/panel-protocol.md, "Commands"."""


class SimulatedClock:
    """A quartz, and a real-time clock if the panel has one.

    With it, the time is known at once, goes on over a power cut as it was set, and needs no trim.
    Without it, nobody knows the time before it is set, and the trim counts.
    """

    def __init__(self, quartz: Quartz, memory: PanelMemory) -> None:
        self._quartz: Final = quartz
        self._started_ns: Final = quartz.read()
        self._trim_ppm = memory.trim_ppm
        self._set_at_ns = self._started_ns
        """By the quartz."""
        self._set_to_ns: int | None = None
        self.offset_min = 0
        self.has_rtc: Final = quartz.has_rtc
        if self.has_rtc:
            is_same_run = memory.quartz_run == quartz.run
            offset_ns = memory.offset_ns if is_same_run else quartz.first_offset_ns
            self._set_to_ns = self._started_ns + offset_ns
            self.offset_min = memory.offset_min

    @property
    def source(self) -> ClockSource:
        """Return where the time comes from."""
        if self._set_to_ns is None:
            return "none"
        return "rtc" if self.has_rtc else "host"

    def utc_ns(self) -> int | None:
        """Return the time; None if it is not known."""
        if self._set_to_ns is None:
            return None
        passed_ns = self._quartz.read() - self._set_at_ns
        if not self.has_rtc:
            passed_ns += passed_ns * self._trim_ppm // _MILLION
        return (self._set_to_ns + passed_ns) % _END_NS

    def up_ns(self) -> int:
        """Return how long ago the panel was started."""
        return self._quartz.read() - self._started_ns

    def set(self, utc_ns: int, offset_min: int) -> None:
        """Set the time."""
        self._set_at_ns, self._set_to_ns = self._quartz.read(), utc_ns
        self.offset_min = offset_min

    def trim(self, ppm: int) -> None:
        """Let time pass faster from now on; it does not jump."""
        utc_ns = self.utc_ns()
        if utc_ns is not None:
            self.set(utc_ns, self.offset_min)
        self._trim_ppm = ppm

    def kept_in(self, memory: PanelMemory, utc_ns: int, offset_min: int) -> PanelMemory:
        """Return a memory in which the real-time clock is set, if there is one."""
        if not self.has_rtc:
            return memory
        return memory.model_copy(
            update={
                "quartz_run": self._quartz.run,
                "offset_ns": utc_ns - self._quartz.read(),
                "offset_min": offset_min,
            }
        )
