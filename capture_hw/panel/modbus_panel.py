"""A dimmer on Modbus RTU as a light panel: the host runs the program and gives each level.

It keeps no schedule. When the host dies, light stays as it was, white light in the dark as well.
"""

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from capture_hw.error import PanelRefused, PanelSilent
from capture_hw.panel.modbus_clock import ModbusClock
from capture_hw.panel.modbus_connection import ModbusConnection
from capture_hw.panel.modbus_count import ModbusCount
from capture_hw.panel.modbus_lamp import ModbusLamps
from capture_hw.panel.modbus_light import IR_FLOOR_PERMILLE, ModbusLight
from capture_hw.panel.modbus_memory import Kept, keep, recall
from capture_hw.panel.port_search import only_port
from capture_hw.panel.program import PanelProgram
from capture_hw.panel.quartz import Quartz, machine_quartz
from capture_hw.panel.state import (
    Lamp,
    LampState,
    LineCount,
    PanelIdentity,
    PanelState,
    SensorReading,
)
from capture_hw.panel_config import ModbusPanelConfig
from capture_hw.photoperiod import SECOND_NS

LONGEST_WHITE_S: Final = 3600
LONGEST_DIMMED_S: Final = 2.0
_FULL: Final = 1000
_CALL_S: Final = 1.7
_SENSE_FULL: Final = 1023
"""What a sensor reads at full light; a device gives its readings on the scale of its levels."""
_MOST_TRIM_PPM: Final = 20_000
_COUNTS: Final = 65_536
_log: Final = logging.getLogger(__name__)


class ModbusPanel:
    """A `Panel` that needs this process alive: levels change when `read_state` is called.

    The program and the clock are in `memory`, so that a later object goes on with them at once.
    Overrides are not: they end with this object. Dimmed infrared light is ended by a thread of its
    own, to the tenth of a second. Registers are written only when they hold something else, since
    dimmers may keep them in a memory that wears.
    """

    def __init__(
        self,
        config: ModbusPanelConfig,
        memory: Path,
        quartz: Quartz | None = None,
        find_port: Callable[[str], str] = only_port,
    ) -> None:
        """Open nothing yet; `find_port` returns where the configured port is now, or raises."""
        self.name: Final = config.name
        self.keeps_schedule: Final = False
        self._config = config
        self._memory = memory
        self._quartz = quartz or machine_quartz()
        self._started_ns = self._heard_ns = self._quartz.read()
        kept = recall(memory)
        self._light = ModbusLight(kept.program)
        self._clock = _clock_of(kept.clock, self._quartz)
        self._count = ModbusCount()
        self._connection = ModbusConnection(config, find_port, self._count)
        self._lamps = ModbusLamps(config)
        self._one_at_a_time = threading.Lock()
        self._brightening: threading.Timer | None = None

    @property
    def port(self) -> str:
        """Where its line is, such as `/dev/ttyUSB0`; empty while it is not open."""
        return self._connection.port

    @property
    def line_count(self) -> LineCount:
        """What happened on its line so far; asks nothing."""
        return LineCount(self._count.sent, self._count.faults, self._count.openings)

    def identify(self) -> PanelIdentity:
        """Return what can be said of a device that does not say who it is; it must answer."""
        with self._one_at_a_time, self._connection.use() as line:
            line.read_holding(self._config.ir_register, time.monotonic() + _CALL_S)
        return PanelIdentity(
            model="Modbus-dimmer",
            firmware="-",
            serial_number=f"unit-{self._config.unit}",
            protocol=0,
            up_s=self._up_s(),
            reset_cause="power",
            resets=0,
            ir_floor_permille=IR_FLOOR_PERMILLE,
            longest_override_s=LONGEST_WHITE_S,
            has_rtc=False,
        )

    def read_state(self) -> PanelState:
        """Give the light that is due now, and return what the registers say then."""
        with self._one_at_a_time, self._connection.use() as line:
            until_s = time.monotonic() + _CALL_S
            reading_ns = self._quartz.read()
            utc_ns = self._utc_ns(reading_ns)
            silent_s = (reading_ns - self._heard_ns) / SECOND_NS
            white_due = self._light.white_permille(utc_ns, reading_ns)
            ir_due = self._light.ir_permille(reading_ns)
            white, ir = self._lamps.give(line, white_due, ir_due, until_s)
            white_measured, ir_measured = self._lamps.measured(line, until_s)
            self._heard_ns = self._quartz.read()
        program = self._light.program
        return PanelState(
            utc_ns=utc_ns,
            clock="none" if utc_ns is None else "host",
            phase=self._light.phase(utc_ns),
            white=LampState(white, white_measured),
            ir=LampState(ir, ir_measured),
            program_crc=None if program is None else program.crc,
            overrides=self._light.running(reading_ns),
            next_change_utc_s=self._light.next_change_utc_s(utc_ns),
            host_silent_s=silent_s,
            up_s=self._up_s(),
            resets=0,
            commands=self._count.answered % _COUNTS,
            bad_lines=0,
        )

    def set_time(self, utc_ns: int, offset_min: int) -> None:  # noqa: ARG002 (it has no display)
        """Set the clock that the host keeps for it; the offset is not needed."""
        trim_ppm = 0 if self._clock is None else self._clock.trim_ppm
        clock = ModbusClock(self._quartz.run, self._quartz.read(), utc_ns, trim_ppm)
        keep(self._memory, Kept(self._light.program, clock), self.name)
        self._clock = clock

    def read_program(self) -> PanelProgram | None:
        """Return what the host runs for it."""
        return self._light.program

    def upload(self, program: PanelProgram) -> None:
        """Keep a program and run it, from the next `read_state` on."""
        if not program.eras:
            raise PanelRefused(f"panel {self.name}: the program has no era")
        self._check(program.ir_permille, IR_FLOOR_PERMILLE, "infrared light")
        for era in program.eras:
            for span in era.photoperiod.spans:
                self._check(max(span.from_permille, span.to_permille), 0, "white light")
        keep(self._memory, Kept(program, self._clock), self.name)
        self._light.program = program

    def override_white(self, permille: int, for_s: int) -> None:
        """Give that much white light for a time; ends by itself only while this process lives."""
        self._check(permille, 0, "white light")
        self._override("white", permille, for_s, LONGEST_WHITE_S)

    def end_override(self) -> None:
        """End all overrides now; none is no error."""
        with self._one_at_a_time:
            self._light.end_overrides()
            self._give_now()

    def dim_infrared(self, permille: int, for_s: float) -> None:
        """Dim infrared light for a moment, after which a thread of this process ends it."""
        self._check(permille, IR_FLOOR_PERMILLE, "infrared light")
        self._override("ir", permille, for_s, LONGEST_DIMMED_S)
        self._stop_timer()
        self._brightening = threading.Timer(for_s, self._brighten)
        self._brightening.daemon = True
        self._brightening.start()

    def trim_clock(self, ppm: int) -> None:
        """Let the clock that the host keeps for it run faster, also after a restart."""
        if abs(ppm) > _MOST_TRIM_PPM:
            raise PanelRefused(f"panel {self.name}: {ppm} ppm is more than {_MOST_TRIM_PPM}")
        if self._clock is None:
            raise PanelRefused(
                f"panel {self.name}: its clock was never set, so it cannot be trimmed"
            )
        clock = self._clock.trimmed(self._quartz.read(), ppm)
        keep(self._memory, Kept(self._light.program, clock), self.name)
        self._clock = clock

    def sense(self) -> SensorReading:
        """Return what the sensor registers hold, on a scale of 1023; they come calibrated."""
        with self._one_at_a_time, self._connection.use() as line:
            until_s = time.monotonic() + _CALL_S
            white, ir = self._lamps.measured(line, until_s, _SENSE_FULL)
        return SensorReading(
            white_raw=white,
            ir_raw=ir,
            white_full=None if white is None else _SENSE_FULL,
            ir_full=None if ir is None else _SENSE_FULL,
            trim_ppm=0 if self._clock is None else self._clock.trim_ppm,
        )

    def calibrate(self, white_full: int | None, ir_full: int | None) -> None:
        """Refuse: what a device measures on its own scale is calibrated in the device."""
        if white_full is not None or ir_full is not None:
            raise PanelRefused(
                f"panel {self.name}: the sensors of a Modbus dimmer are calibrated in the device"
            )

    def close(self) -> None:
        """End overrides, leave light as the program has it, close the line. Safe to call twice."""
        self._stop_timer()
        with self._one_at_a_time:
            if self._light.running(self._quartz.read()):
                self._light.end_overrides()
                try:
                    self._give_now()
                except (PanelSilent, PanelRefused) as error:
                    _log.warning("%s; its override may go on until it answers again", error)
            self._connection.close()

    def _override(self, lamp: Lamp, permille: int, for_s: float, longest_s: float) -> None:
        if not 0 < for_s <= longest_s:
            raise PanelRefused(
                f"panel {self.name}: {for_s} s of other light is not up to {longest_s:.0f} s"
            )
        with self._one_at_a_time:
            until_ns = self._quartz.read() + round(for_s * SECOND_NS)
            self._light.override(lamp, permille, until_ns)
            try:
                self._give_now()
            except (PanelSilent, PanelRefused):
                # Who asked hears that it failed; it must not come later.
                self._light.end_override(lamp)
                raise

    def _brighten(self) -> None:
        """End dimmed light in time; if the device does not hear it, the next look tries again."""
        with self._one_at_a_time:
            try:
                self._give_now()
            except (PanelSilent, PanelRefused) as error:
                _log.warning("%s; its infrared light is still dimmed", error)

    def _give_now(self) -> None:
        """Give the light that is due now; the caller holds the lock."""
        with self._connection.use() as line:
            reading_ns = self._quartz.read()
            white = self._light.white_permille(self._utc_ns(reading_ns), reading_ns)
            ir = self._light.ir_permille(reading_ns)
            self._lamps.give(line, white, ir, time.monotonic() + _CALL_S)

    def _utc_ns(self, reading_ns: int) -> int | None:
        return None if self._clock is None else self._clock.utc_at(reading_ns)

    def _stop_timer(self) -> None:
        if self._brightening is not None:
            self._brightening.cancel()
            self._brightening.join()
            self._brightening = None

    def _check(self, permille: int, least: int, light: str) -> None:
        if not least <= permille <= _FULL:
            raise PanelRefused(
                f"panel {self.name}: {light} of {permille} per mille is not {least} to {_FULL}"
            )

    def _up_s(self) -> float:
        return (self._quartz.read() - self._started_ns) / SECOND_NS


def _clock_of(kept: ModbusClock | None, quartz: Quartz) -> ModbusClock | None:
    """Return the clock as it was set in this run of the quartz, or else as the quartz has it."""
    if kept is not None and kept.run == quartz.run:
        return kept
    if not quartz.has_rtc:
        return None
    now_ns = quartz.read()
    return ModbusClock(quartz.run, now_ns, now_ns + quartz.first_offset_ns)
