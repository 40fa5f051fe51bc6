"""What a panel's memory says, read past the firmware: its clock in RAM, its programs in EEPROM.

Written a second time on purpose, after docs/panel-protocol.md and the layout in `clock.c`,
`eeprom.h`, `bank.c`: a firmware that reads its own memory wrongly shows.
"""

import binascii
import re
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from tests.firmware.emulated_panel import EmulatedPanel

ClockSource = Literal["none", "host", "rtc"]
_SOURCES: Final[tuple[ClockSource, ...]] = ("none", "host", "rtc")
_CRC_START: Final = 0xFFFF
_CLOCK: Final = struct.Struct("<IHhBH")
_RAM: Final = 0x800000
"""Where the linker puts RAM. Source: avr-libc, "Memory Sections"."""
_BANKS: Final = 138
_BANK_SIZE: Final = 442
_HEADER: Final = struct.Struct("<HHH")
_HEAD: Final = struct.Struct("<HBB")
_ERA_SIZE: Final = 14
_SPAN_SIZE: Final = 8
_SPANS_AT: Final = _HEAD.size + 8 * _ERA_SIZE
_HALF: Final = 1 << 15


@dataclass(frozen=True, slots=True)
class KeptClock:
    """The clock that the firmware goes by."""

    source: ClockSource
    utc_s: float


def clock_address(elf: Path) -> int:
    """Return where in RAM the two copies of the clock are."""
    listed = subprocess.run(
        ["avr-nm", str(elf)], check=True, timeout=60, capture_output=True, text=True
    ).stdout
    found = re.search(r"^([0-9a-f]{8}) \w copies\b", listed, re.MULTILINE)
    if found is None:
        raise LookupError(f"{elf}: no symbol `copies`")
    return int(found[1], 16) - _RAM


def kept_clock(panel: EmulatedPanel, address: int) -> KeptClock:
    """Return the clock; at every moment one of its copies is whole."""
    raw = panel.peek(address, 2 * _CLOCK.size)
    for copy in (raw[: _CLOCK.size], raw[_CLOCK.size :]):
        utc_s, ms, _offset, source, crc = _CLOCK.unpack(copy)
        if crc == binascii.crc_hqx(copy[:-2], _CRC_START) and source < len(_SOURCES):
            return KeptClock(_SOURCES[source], utc_s + ms / 1000)
    return KeptClock("none", 0.0)


def kept_image(eeprom: bytes) -> bytes | None:
    """Return the image behind the newest whole header; None if there is none or it is not whole."""
    best: tuple[int, int, bytes] | None = None
    for begins in (_BANKS, _BANKS + _BANK_SIZE):
        generation, program_crc, crc = _HEADER.unpack_from(eeprom, begins)
        if crc != binascii.crc_hqx(eeprom[begins : begins + 4], _CRC_START):
            continue
        if best is None or 0 < (generation - best[0]) % (2 * _HALF) < _HALF:
            image = _image(eeprom[begins + _HEADER.size : begins + _BANK_SIZE])
            best = generation, program_crc, image
    if best is None or binascii.crc_hqx(best[2], _CRC_START) != best[1]:
        return None
    return best[2]


def _image(kept: bytes) -> bytes:
    """Return the protocol's image of what has room for all eras and spans."""
    _ir, eras, spans = _HEAD.unpack_from(kept)
    return kept[: _HEAD.size + eras * _ERA_SIZE] + kept[_SPANS_AT : _SPANS_AT + spans * _SPAN_SIZE]
