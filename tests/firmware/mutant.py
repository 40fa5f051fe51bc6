"""Firmware that is broken on purpose, to see whether the traces find it."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.firmware.firmware_build import BuiltFirmware, build_panel

_SOURCE_NAME: Final = "source"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one source file."""

    name: str
    file: str
    old: str
    new: str


MUTANTS: Final = (
    Mutant(
        "an override outlives a reset",
        "override.c",
        "} overrides[LAMPS];",
        '} overrides[LAMPS] __attribute__((section(".noinit")));\n'
        'static uint32_t mark __attribute__((section(".noinit")));\n'
        "static void __attribute__((constructor)) forget_at_power_on(void)\n{\n"
        "    if (mark != 0x12345678)\n        override_end();\n"
        "    mark = 0x12345678;\n}",
    ),
    Mutant(
        "an override never ends by itself",
        "override.c",
        "ms < overrides[lamp].left_ms ? ms : overrides[lamp].left_ms",
        "0 * ms",
    ),
    Mutant(
        "white light goes by a time that is unknown",
        "light.c",
        "if (program == NULL || !clock_is_known())",
        "if (program == NULL)",
    ),
    Mutant(
        "the time is believed after a power cut",
        "main.c",
        "clock_begin(reset_keeps_time(),",
        "clock_set(1800000000ul, 0, CLOCK_HOST), clock_begin(true,",
    ),
    Mutant(
        "an era begins a second late",
        "program.c",
        "program->eras[era].from > utc_s",
        "program->eras[era].from >= utc_s",
    ),
    Mutant(
        "a span begins a second late",
        "program.c",
        "spans[i].start > in_cycle_s",
        "spans[i].start >= in_cycle_s",
    ),
    Mutant(
        "a ramp rounds up",
        "program.c",
        "rise * (int32_t)at.passed_s / (int32_t)at.length_s",
        "(rise * (int32_t)at.passed_s + (int32_t)at.length_s - 1) / (int32_t)at.length_s",
    ),
    Mutant(
        "a line's CRC is not checked",
        "line.c",
        " && *crc == crc_of(line, length - BEHIND_TEXT)",
        "",
    ),
    Mutant(
        "a program runs before it is whole in EEPROM",
        "bank.c",
        "    step = WRITE_PROGRAM;\n    return LATER;",
        "    running = *program;\n    step = WRITE_PROGRAM;\n    return LATER;",
    ),
    Mutant(
        "a commit writes the bank that is in use",
        "bank.c",
        "return used_bank == 0 ? 1 : 0;",
        "return used_bank == 1 ? 1 : 0;",
    ),
    Mutant(
        "the older bank counts at the start",
        "bank.c",
        "(int16_t)(headers[1].generation - headers[0].generation) > 0",
        "(int16_t)(headers[1].generation - headers[0].generation) < 0",
    ),
    Mutant(
        "infrared light has no floor",
        "order.c",
        "return begin_override(IR, &words[1], IR_FLOOR, LONGEST_IR_MS);",
        "return begin_override(IR, &words[1], 0, LONGEST_IR_MS);",
    ),
    Mutant(
        "the lamps' pins are set up late",
        "main.c",
        "    tick_begin();\n    set_sleep_mode",
        "    tick_begin();\n    lamp_set_ir(0);\n    set_sleep_mode",
    ),
    Mutant(
        "white is full until the first turn",
        "lamp.c",
        "    lamp_set_white(0);\n",
        "    lamp_set_white(FULL_LEVEL);\n",
    ),
    Mutant(
        "a hang is not noticed",
        "main.c",
        "    wdt_enable(WATCHDOG);\n",
        "",
    ),
    Mutant(
        "the clock loses the second of a hang",
        "main.c",
        "reset_cause() == RESET_WATCHDOG ? WATCHDOG_MS : 0",
        "0",
    ),
)


def built_mutant(folder: Path, source: Path, mutant: Mutant, rig: Path) -> BuiltFirmware:
    """Build a changed copy of the firmware. Raises ValueError if the source has changed."""
    copy = folder / _SOURCE_NAME
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("build"))
    changed = copy / mutant.file
    text = changed.read_text()
    if text.count(mutant.old) != 1:
        raise ValueError(f"{mutant.file}: {mutant.old!r} is there {text.count(mutant.old)} times")
    changed.write_text(text.replace(mutant.old, mutant.new))
    build_panel(folder / "built", source=copy)
    return BuiltFirmware(folder / "built" / "panel.elf", rig, 1)
