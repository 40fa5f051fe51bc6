"""What the host keeps for a dimmer that keeps nothing: its program and its clock."""

import logging
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from capture_hw.error import PanelRefused
from capture_hw.panel.modbus_clock import ModbusClock
from capture_hw.panel.program import PanelProgram
from disk.durable_file import write_durably

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kept:
    """What a file holds; None for what it does not."""

    program: PanelProgram | None = None
    clock: ModbusClock | None = None


def keep(file: Path, kept: Kept, panel: str) -> None:
    """Write a file durably. Raises PanelRefused."""
    program = kept.program
    crc = None if program is None else program.crc
    content = _Content(program=program, program_crc=crc, clock=kept.clock)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_durably(file, content.model_dump_json().encode())
    except OSError as error:
        raise PanelRefused(
            f"panel {panel}: {file} cannot be written: {error.strerror or error}"
        ) from error


def recall(file: Path) -> Kept:
    """Read a file; a missing one, or one that is damaged, which is logged, holds nothing."""
    try:
        content = _Content.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        return Kept()
    except (OSError, ValidationError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is damaged"
        _log.warning("%s: cannot be read (%s); the dimmer begins without a program", file, reason)
        return Kept()
    if content.program is not None and not _is_whole(content.program, content.program_crc):
        _log.warning("%s: its program is damaged; the dimmer begins without one", file)
        return Kept(clock=content.clock)
    return Kept(content.program, content.clock)


def _is_whole(program: PanelProgram, crc: int | None) -> bool:
    try:
        return program.crc == crc
    except struct.error:
        return False


class _Content(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    program: PanelProgram | None = None
    program_crc: int | None = None
    clock: ModbusClock | None = None
