"""A light panel that exists in memory and in one file."""

import time
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from capture_hw.error import PanelRefused, PanelSilent
from capture_hw.light_config import PanelConfig, PanelFaultKind
from capture_hw.panel import PanelIdentity, PanelState
from capture_hw.panel_clock import Quartz, machine_quartz
from capture_hw.panel_light import DimmedWindow, dim
from capture_hw.panel_schedule import PanelSchedule
from disk.durable_file import write_durably

PROTOCOL: Final = 1
_FACTORY_IR: Final = 100
"""Percent, before a schedule was ever committed: the cameras should see something."""
_FULL: Final = 100
LONGEST_DIMMED_S: Final = 2.0
"""A host that dies meanwhile must not cost pictures."""
_NS_PER_S: Final = 1e9


class SimulatedPanel:
    """A panel that runs its committed schedule by itself, whether or not anybody talks to it.

    Light is a function of schedule and clock, so nothing has to run for it. A later object on the
    same file is the same panel after a power cut: it goes on with what was committed. Calls answer
    at once and raise PanelSilent while the fault "silent" lasts. One thread at a time.
    """

    def __init__(self, config: PanelConfig, memory: Path, quartz: Quartz | None = None) -> None:
        """Switch the panel on; nothing is written.

        `memory` is its EEPROM: what is missing or unreadable there was never committed. Its clock
        has a battery: within one run of the quartz it goes on as it was set.
        """
        self.name: Final = config.name
        self._faults = config.faults
        self._memory = memory
        self._quartz = quartz or machine_quartz()
        self._started_ns = self._heard_ns = self._quartz.read()
        kept = _recall(memory)
        self._schedule = kept.schedule
        is_same_run = kept.quartz_run == self._quartz.run
        self._offset_ns = kept.offset_ns if is_same_run else self._quartz.first_offset_ns
        self._staged: PanelSchedule | None = None
        self._light_file = config.light_file
        self._dimmed: tuple[int, int] | None = None
        """Percent of infrared light, and until when by the quartz."""

    def identify(self) -> PanelIdentity:
        """Return which panel this is."""
        self._hear()
        return PanelIdentity(
            model="EthoProfiler simulated panel",
            firmware="1.0",
            serial_number=f"SIM-{self.name}",
            protocol=PROTOCOL,
            up_s=self._up_s(),
            reset_cause="power",
        )

    def heartbeat(self) -> None:
        """Tell the panel that a host is there; light does not depend on it."""
        self._hear()

    def set_time(self, utc_ns: int) -> None:
        """Set the panel's clock. Raises PanelRefused if it cannot be kept."""
        self._hear()
        offset_ns = utc_ns - self._quartz.read()
        self._remember(self._schedule, offset_ns)
        self._offset_ns = offset_ns

    def stage_schedule(self, schedule: PanelSchedule) -> int:
        """Lay a schedule aside without running it; return the CRC of what arrived."""
        self._hear()
        self._staged = schedule
        return schedule.crc

    def commit_schedule(self, crc: int) -> None:
        """Run the staged schedule from now on, and after every power cut.

        Raises PanelRefused if nothing with this CRC is staged, or if it cannot be kept; the panel
        then goes on with the schedule it had.
        """
        self._hear()
        if self._staged is None or self._staged.crc != crc:
            raise PanelRefused(f"panel {self.name}: no schedule with CRC {crc:04x} is staged")
        self._remember(self._staged, self._offset_ns)
        self._schedule, self._staged = self._staged, None

    def committed_schedule(self) -> PanelSchedule | None:
        """Return what the panel runs."""
        self._hear()
        return self._schedule

    def dim_infrared(self, percent: int, for_s: float) -> None:
        """Dim the infrared light for a moment, after which the panel ends it by itself.

        Raises ValueError for more than `LONGEST_DIMMED_S`, PanelRefused.
        """
        self._hear()
        if not 0 < for_s <= LONGEST_DIMMED_S:
            raise ValueError(f"{for_s} s of dimmed light, not up to {LONGEST_DIMMED_S} s")
        for_ns = round(for_s * _NS_PER_S)
        self._dimmed = percent, self._quartz.read() + for_ns
        if self._light_file is not None:
            now_ns = time.monotonic_ns()
            window = DimmedWindow(percent=percent, from_ns=now_ns, until_ns=now_ns + for_ns)
            try:
                dim(self._light_file, window)
            except OSError as error:
                raise PanelRefused(
                    f"panel {self.name}: {self._light_file} cannot be written: {error.strerror}"
                ) from error

    def read_state(self) -> PanelState:
        """Return commanded and measured levels, phase and time."""
        silent_s = (self._quartz.read() - self._heard_ns) / _NS_PER_S
        self._hear()
        utc_ns = self._utc_ns()
        schedule = self._schedule
        white = schedule.white_at(utc_ns) if schedule else 0
        infrared = self._infrared()
        return PanelState(
            utc_ns=utc_ns,
            phase=schedule.phase(utc_ns) if schedule else "dark",
            white_commanded=white,
            ir_commanded=infrared,
            white_measured=self._emitted_white(white),
            ir_measured=0 if self._shows("ir-dark") else infrared,
            schedule_crc=schedule.crc if schedule else None,
            host_silent_s=silent_s,
        )

    def _infrared(self) -> int:
        if self._dimmed is not None and self._quartz.read() < self._dimmed[1]:
            return self._dimmed[0]
        return self._schedule.ir_percent if self._schedule else _FACTORY_IR

    def _emitted_white(self, commanded: int) -> int:
        if self._shows("white-on"):
            return max(commanded, _FULL)
        return 0 if self._shows("white-dark") else commanded

    def _hear(self) -> None:
        """Take a command in, unless the panel is deaf just now."""
        if self._shows("silent"):
            raise PanelSilent(f"panel {self.name}: does not answer")
        self._heard_ns = self._quartz.read()

    def _shows(self, kind: PanelFaultKind) -> bool:
        up_s = self._up_s()
        return any(
            fault.kind == kind and fault.after_s <= up_s < fault.after_s + fault.for_s
            for fault in self._faults
        )

    def _up_s(self) -> float:
        return (self._quartz.read() - self._started_ns) / _NS_PER_S

    def _utc_ns(self) -> int:
        return self._quartz.read() + self._offset_ns

    def _remember(self, schedule: PanelSchedule | None, offset_ns: int) -> None:
        memory = _Memory(schedule=schedule, quartz_run=self._quartz.run, offset_ns=offset_ns)
        try:
            self._memory.parent.mkdir(parents=True, exist_ok=True)
            write_durably(self._memory, memory.model_dump_json().encode())
        except OSError as error:
            raise PanelRefused(
                f"panel {self.name}: {self._memory} cannot be written: {error.strerror}"
            ) from error


class _Memory(BaseModel):
    """What survives a power cut."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schedule: PanelSchedule | None = None
    quartz_run: str = ""
    offset_ns: int = 0
    """The panel's time minus the quartz, in that run of it."""


def _recall(memory: Path) -> _Memory:
    try:
        return _Memory.model_validate_json(memory.read_bytes())
    except (OSError, ValidationError):
        return _Memory()
