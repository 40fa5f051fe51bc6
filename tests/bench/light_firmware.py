"""What the reference firmware takes of the chip, how long its loop is, how soon it answers."""

import re
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Final

from capture_hw.light_plan import Era
from capture_hw.panel.exchange import Exchange
from capture_hw.panel.line import Line, encode
from capture_hw.panel.port import SerialPort
from capture_hw.panel.program import PanelProgram
from capture_hw.photoperiod import LightSpan, Photoperiod
from tests.bench.lit_rack import Benched
from tests.bench.spread import Spread
from tests.firmware.emulated_panel import EEPROM_SIZE, on_the_bench
from tests.firmware.firmware_build import BuiltFirmware
from tests.firmware.host import NOON_S, Host

_FLASH, _RAM = 32_768, 2048
"""Of the ATmega328P. Source: its data sheet."""
_PAINT: Final = 0xC5
_RAM_BEGIN: Final = 0x800000
"""Where the linker counts RAM from. Source: avr-libc manual, "Memory Sections"."""
_TICK_US: Final = 8000
_TOOL_S: Final = 20
_FLOOD: Final = 800
_FLOOD_S: Final = 10.0
_COMMIT_S: Final = 3.0
_LARGEST: Final = PanelProgram(
    777,
    tuple(
        Era(
            number * 100_000_001,
            Photoperiod(0, 86_400, tuple(LightSpan(part * 9999, part, 999) for part in range(5))),
        )
        for number in range(8)
    ),
)


def print_firmware(built: BuiltFirmware, questions: int) -> bool:
    """Print all of it; return whether the longest turn of the loop is within a tick."""
    print("\nfirmware")
    _print_size(built)
    longest_us = _print_stress(built)
    _print_round_trip(built, questions)
    return longest_us <= _TICK_US


def _print_size(built: BuiltFirmware) -> None:
    size = _tool("avr-size", "--format=avr", "--mcu=atmega328p", str(built.elf))
    flash, ram = (int(one) for one in re.findall(r"(\d+) bytes", size))
    print(f"  flash {flash} of {_FLASH} bytes ({flash / _FLASH:.0%})")
    print(f"  RAM {ram} of {_RAM} bytes ({ram / _RAM:.0%}), without the stack")


def _print_stress(built: BuiltFirmware) -> int:
    """Let everything happen at once; return the longest turn of the loop, in us."""
    with on_the_bench(built, paint=_PAINT) as panel:
        host = Host(panel)
        panel.set_rtc()
        panel.run(0.1)
        host.set_time(NOON_S)
        for program in (_LARGEST, PanelProgram(778, _LARGEST.eras)):
            host.stage(program)
            panel.feed(encode(Line(">", 0, ("commit", f"{program.crc:04X}"))))
            for number in range(_FLOOD):
                verb = ("state", "clock", "sense", "identify")[number % 4]
                panel.feed(encode(Line(">", number % 256, (verb,))))
            panel.run_until(lambda: panel.to_feed == 0, _FLOOD_S)
            panel.run(_COMMIT_S)
            panel.feed(b"\n")  # ends what was lost in part
            panel.run(_COMMIT_S)
            while panel.take():
                pass
            assert host.crc() == f"{program.crc:04X}"
        host.ask("trim 1")
        host.ask("calibrate 800 800")
        _, commands, _, lost, longest_us = (int(one) for one in host.words("counters"))
        used = sum(byte != 0xFF for byte in panel.eeprom)
        free = panel.memory[_end(built) :]
    untouched = len(free) - len(free.lstrip(bytes([_PAINT])))
    print(f"  stack at most {len(free) - untouched} bytes, {untouched} never touched")
    print(f"  EEPROM {used} of {EEPROM_SIZE} bytes with two largest programs in it")
    print(
        f"  longest turn of the loop {longest_us} us, {longest_us / _TICK_US:.0%} of a tick: two "
        f"commits of the largest program, a real-time clock, {2 * _FLOOD} commands as fast as the "
        f"line is ({commands} taken, {lost} bytes lost)"
    )
    return longest_us


def _end(built: BuiltFirmware) -> int:
    symbols = _tool("avr-nm", str(built.elf))
    (end,) = (int(line.split()[0], 16) for line in symbols.splitlines() if line.endswith(" _end"))
    return end - _RAM_BEGIN


def _tool(*command: str) -> str:
    return subprocess.run(
        command, check=True, capture_output=True, text=True, timeout=_TOOL_S
    ).stdout


def _print_round_trip(built: BuiltFirmware, questions: int) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="ethoprofiler-bench-") as name,
        Benched(built, Path(name)) as panel,
    ):
        exchange = Exchange(SerialPort(str(panel.paced.link)), "north", 0)
        took_ms = []
        try:
            for _ in range(questions):
                began_s = time.monotonic()
                exchange.ask(lambda words: words, "state")
                took_ms.append((time.monotonic() - began_s) * 1000)
        finally:
            exchange.close()
    print(f"  question and answer, paced: {Spread.of(took_ms).text('ms')}", flush=True)
