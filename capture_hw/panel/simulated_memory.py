"""What a simulated panel keeps over a power cut: a file in place of EEPROM."""

import struct
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from capture_hw.panel.program import PanelProgram
from capture_hw.panel.simulated_program import program_doubt
from disk.durable_file import write_durably

COUNTER_END: Final = 65_536
"""Counters of the protocol begin again at 0 there. Source: docs/panel-protocol.md, "Commands"."""
SENSOR_FULL: Final = 1000
"""What a simulated sensor reads at full light, and is calibrated to at the factory."""


class PanelMemory(BaseModel):
    """All that survives a power cut. It is written whole, so it needs no second bank."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    program: PanelProgram | None = None
    program_crc: int = 0
    generation: int = Field(default=0, ge=0, lt=COUNTER_END)
    """Of the program; 0 before the first."""
    trim_ppm: int = Field(default=0, ge=-20_000, le=20_000)
    white_full: int = Field(default=SENSOR_FULL, ge=1, le=1023)
    ir_full: int = Field(default=SENSOR_FULL, ge=1, le=1023)
    starts: int = Field(default=0, ge=0, lt=COUNTER_END)
    quartz_run: str = ""
    """In which run of the quartz the real-time clock was set."""
    offset_ns: int = 0
    """The real-time clock's time minus the quartz, in that run."""
    offset_min: int = Field(default=0, ge=-840, le=840)


def recall(file: Path) -> PanelMemory:
    """Return what was kept; what is missing or unreadable never was."""
    try:
        memory = PanelMemory.model_validate_json(file.read_bytes())
        is_whole = memory.program is None or (
            memory.program.crc == memory.program_crc and program_doubt(memory.program) is None
        )
    except (OSError, ValidationError, struct.error):
        return PanelMemory()
    return memory if is_whole else PanelMemory()


def keep(file: Path, memory: PanelMemory) -> None:
    """Write all in one step: after a power cut it is the old memory or this one. Raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True)
    write_durably(file, memory.model_dump_json().encode())
