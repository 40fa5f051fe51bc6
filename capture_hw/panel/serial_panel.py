"""A `Panel` whose controller speaks the panel protocol.

Source: docs/panel-protocol.md, "Commands".
"""

from contextlib import AbstractContextManager
from typing import Final

from capture_hw.error import PanelRefused, PanelSilent
from capture_hw.panel import answer
from capture_hw.panel.exchange import Exchange
from capture_hw.panel.master_watch import MasterWatch
from capture_hw.panel.program import PanelProgram
from capture_hw.panel.program_transfer import read_program, upload
from capture_hw.panel.state import LineCount, PanelIdentity, PanelState, SensorReading

PROTOCOL: Final = 1
CALL_S: Final = 1.8
"""Every call ends within two seconds but those about programs."""
_MS_PER_S: Final = 1000
_NS_PER_S: Final = 1_000_000_000
_NS_PER_MS: Final = 1_000_000
_SET_TIME_TRIES: Final = 3


class SerialPanel:
    """A panel on an open line. One thread at a time."""

    keeps_schedule: Final = True

    def __init__(self, exchange: Exchange, port: str) -> None:
        self.name: Final = exchange.panel
        self.port: Final = port
        self._exchange: Final = exchange
        self._masters = MasterWatch()

    def within(self, seconds: float) -> AbstractContextManager[None]:
        """Let every call in the block end after so long, all together."""
        return self._exchange.within(seconds)

    @property
    def line_count(self) -> LineCount:
        """What happened on its line so far; asks nothing."""
        return LineCount(
            sent=self._exchange.sent,
            faults=self._exchange.faults.total,
            openings=1,
            foreign_commands=self._masters.foreign,
        )

    def identify(self) -> PanelIdentity:
        """Return which panel this is. Raises PanelRefused for another version of the protocol."""
        with self._exchange.within(CALL_S):
            names = self._exchange.ask(answer.names, "identify")
            if names.protocol != PROTOCOL:
                raise PanelRefused(
                    f"panel {self.name}: speaks version {names.protocol} of the panel protocol, "
                    f"not {PROTOCOL}"
                )
            limits = self._exchange.ask(answer.limits, "limits")
            uptime = self._exchange.ask(answer.uptime, "uptime")
        return PanelIdentity(
            model=names.model,
            firmware=names.firmware,
            serial_number=names.serial_number,
            protocol=names.protocol,
            up_s=uptime.up_s,
            reset_cause=uptime.cause,
            resets=uptime.resets,
            ir_floor_permille=limits.ir_floor_permille,
            longest_override_s=limits.longest_override_s,
            has_rtc=limits.has_rtc,
        )

    def read_state(self) -> PanelState:
        """Return levels, phase, time; the clock is asked about the middle of the call."""
        with self._exchange.within(CALL_S):
            # First, because every later answer would say that it was asked a moment ago.
            silent_s = self._exchange.ask(answer.counters, "counters").host_silent_s
            light = self._exchange.ask(answer.light, "state")
            clock = self._exchange.ask(answer.clock, "clock")
            uptime = self._exchange.ask(answer.uptime, "uptime")
            counters = self._exchange.ask(answer.counters, "counters")
            self._masters.see(uptime.resets, counters.commands, self._exchange.sent)
        return PanelState(
            utc_ns=clock.utc_ns,
            clock=clock.source,
            phase=light.phase,
            white=light.white,
            ir=light.ir,
            program_crc=light.program_crc,
            overrides=light.overrides,
            next_change_utc_s=clock.next_change_utc_s,
            host_silent_s=silent_s,
            up_s=uptime.up_s,
            resets=uptime.resets,
            commands=counters.commands,
            bad_lines=counters.bad_lines,
            lost_bytes=counters.lost_bytes,
        )

    def set_time(self, utc_ns: int, offset_min: int) -> None:
        """Set the panel's clock to a moment that counts from the call; a repeat sends a later one.

        `utc_ns` is now.
        """
        called_s = self._exchange.monotonic()
        with self._exchange.within(CALL_S):
            for left in reversed(range(_SET_TIME_TRIES)):
                passed_s = self._exchange.monotonic() - called_s
                seconds, ns = divmod(utc_ns + round(passed_s * _NS_PER_S), _NS_PER_S)
                moment = str(seconds), str(ns // _NS_PER_MS), str(offset_min)
                try:
                    self._exchange.confirm("time", *moment, tries=1)
                except PanelSilent:
                    if not left:
                        raise
                else:
                    return

    def read_program(self) -> PanelProgram | None:
        """Return what it runs, read back from it; None if it runs none. Up to 5 s."""
        return read_program(self._exchange)

    def upload(self, program: PanelProgram) -> None:
        """Stage, compare by CRC, commit: from now on, and after every power cut. Up to 10 s."""
        upload(self._exchange, program)

    def override_white(self, permille: int, for_s: int) -> None:
        """Give that much white light for a time, after which the panel ends it by itself."""
        self._tell("override", "white", str(permille), str(for_s * _MS_PER_S))

    def end_override(self) -> None:
        """End all overrides now; none is no error."""
        self._tell("override", "end")

    def dim_infrared(self, permille: int, for_s: float) -> None:
        """Dim infrared light for a moment, up to 2 s, not below the panel's floor."""
        self._tell("override", "ir", str(permille), str(round(for_s * _MS_PER_S)))

    def trim_clock(self, ppm: int) -> None:
        """Let the panel's clock run faster by so many parts per million, also after a power cut."""
        self._tell("trim", str(ppm))

    def sense(self) -> SensorReading:
        """Return what the sensors read, raw, and what calibration and trim are kept."""
        with self._exchange.within(CALL_S):
            return self._exchange.ask(answer.sensors, "sense")

    def calibrate(self, white_full: int | None, ir_full: int | None) -> None:
        """Set what the sensors read (1 to 1023) at full light; None leaves one as it is."""
        self._tell(
            "calibrate", *("-" if raw is None else str(raw) for raw in (white_full, ir_full))
        )

    def close(self) -> None:
        """Let go of the line; light goes on. Safe to call twice."""
        self._exchange.close()

    def _tell(self, verb: str, *arguments: str) -> None:
        with self._exchange.within(CALL_S):
            self._exchange.confirm(verb, *arguments)
