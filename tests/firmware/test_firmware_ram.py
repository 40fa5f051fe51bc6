"""Bits of RAM that flip, and RAM that has to be enough."""

import binascii
import re
import subprocess

import pytest

from tests.firmware.emulated_panel import EmulatedPanel, Reset, on_the_bench
from tests.firmware.firmware_build import BuiltFirmware
from tests.firmware.host import DAY, LARGEST, NOON_S, Host

LIT_S = NOON_S - 3600
DARK_S = NOON_S + 3600
COPY_SIZE = 11
"""Of the time, with its CRC. Source: capture_hw/firmware/clock.c."""


@pytest.mark.parametrize("copy", [0, 1])
def test_a_reset_while_a_copy_of_the_time_is_written_does_not_lose_it(
    panel: EmulatedPanel, host: Host, copy: int
) -> None:
    """Time passes in steps of 1 us until that copy has a wrong CRC; then comes the reset."""
    host.set_time(DARK_S)
    address = _address_of(panel, "copies") + copy * COPY_SIZE

    def is_torn() -> bool:
        kept = panel.memory[address : address + COPY_SIZE]
        return binascii.crc_hqx(kept[:-2], 0xFFFF) != int.from_bytes(kept[-2:], "little")

    assert panel.run_until(is_torn, 0.1, 1e-6)
    panel.reset(Reset.EXTERNAL)
    panel.run(0.05)
    assert host.words("clock")[3] == "host"
    assert host.now_s() == pytest.approx(DARK_S, abs=0.3)


def test_a_flipped_bit_does_not_prolong_an_override(host: Host, panel: EmulatedPanel) -> None:
    host.commit(DAY)
    host.set_time(DARK_S)
    host.ask("override white 300 1000")
    left_ms = _address_of(panel, "overrides") + 2
    panel.poke(left_ms + 3, 0x80)
    panel.run(0.1)
    assert panel.white == 0
    assert host.words("state")[6] == "-"


@pytest.mark.parametrize("byte", range(9))
def test_a_flipped_bit_of_the_clock_changes_neither_time_nor_light(
    host: Host, panel: EmulatedPanel, byte: int
) -> None:
    host.commit(DAY)
    host.set_time(DARK_S)
    panel.run(1.23)
    panel.take_changes()
    expected_s = host.now_s()
    began_s = panel.monotonic()
    address = _address_of(panel, "now") + byte
    for bit in range(8):
        panel.poke(address, panel.memory[address] ^ 1 << bit)
        panel.run(1.1)
    assert host.now_s() - expected_s == pytest.approx(panel.monotonic() - began_s, abs=0.05)
    assert host.words("clock")[2:4] == ["60", "host"]
    assert panel.take_changes() == []


def test_a_clock_without_a_whole_copy_is_unknown_and_dark(host: Host, panel: EmulatedPanel) -> None:
    host.commit(DAY)
    host.set_time(LIT_S)
    panel.run(1.5)
    for copy in (0, COPY_SIZE):
        address = _address_of(panel, "copies") + copy
        panel.poke(address, panel.memory[address] ^ 0x80)
    address = _address_of(panel, "now")
    panel.poke(address, panel.memory[address] ^ 0x40)
    panel.run(0.05)
    assert host.ask("clock") == "clock - 0 0 none -"
    assert panel.white == 0


def test_what_the_trim_has_gathered_may_flip_without_a_jump(
    host: Host, panel: EmulatedPanel
) -> None:
    host.set_time(DARK_S)
    began_s = panel.monotonic()
    panel.run(0.5)
    for value in (0x80, 0x40):
        panel.poke(_address_of(panel, "trimmed") + 3, value)
        panel.run(0.5)
    assert host.now_s() - DARK_S == pytest.approx(panel.monotonic() - began_s, abs=0.05)


def test_a_flipped_bit_in_ram_is_mended_from_eeprom_within_two_seconds(
    panel: EmulatedPanel, host: Host
) -> None:
    host.commit(DAY)
    host.set_time(NOON_S - 3600)
    image = DAY.image
    places = [at for at in range(0x100, 0x900) if panel.memory[at : at + 14] == image[:14]]
    assert places
    for place in places:
        panel.poke(place, image[0] ^ 0xFF)
    panel.run(2)
    assert host.ask("program") == f"program 900 1 2 {DAY.crc:04X} 1"
    assert (panel.white, panel.ir) == (600, 900)


def test_a_flipped_bit_of_the_program_gives_no_light(panel: EmulatedPanel, host: Host) -> None:
    """The level of the dark half, in RAM; it is asked for again at the next second."""
    host.commit(DAY)
    host.set_time(NOON_S + 3600, 300)
    panel.run(1.23)
    panel.take_changes()
    image = DAY.image
    level = 4 + 8 * 14 + 8 + 5
    for at in range(0x100, 0x900 - level):
        if panel.memory[at : at + 14] == image[:14]:
            panel.poke(at + level, 0x02)
    panel.run(4)
    assert panel.take_changes() == []
    assert host.ask("span 1") == "span 1 43200 0 0"


def test_memory_is_large_enough(firmware: BuiltFirmware) -> None:
    """The stack never comes near what is below it: painted RAM stays painted."""
    symbols = subprocess.run(
        ["avr-nm", str(firmware.elf)], check=True, capture_output=True, text=True, timeout=20
    ).stdout
    (end,) = (int(line.split()[0], 16) for line in symbols.splitlines() if line.endswith(" _end"))
    with on_the_bench(firmware, paint=0xC5) as panel:
        host = Host(panel)
        panel.set_rtc(is_present=True)
        panel.run(0.1)
        host.commit(LARGEST)
        host.set_time(NOON_S)
        panel.feed(b"x" * 2000 + b"\n")
        panel.run(3)
        for question in ("state", "clock", "sense", "span 39", "calibrate 1 1", "foo"):
            host.ask(question)
        ram = panel.memory[end - 0x800000 :]
    untouched = len(ram) - len(ram.lstrip(b"\xc5"))
    assert untouched > 250


def test_the_firmware_leaves_half_of_the_chip_free(firmware: BuiltFirmware) -> None:
    words = (
        subprocess.run(
            ["avr-size", str(firmware.elf)], check=True, capture_output=True, text=True, timeout=20
        )
        .stdout.splitlines()[1]
        .split()
    )
    text, data, bss = map(int, words[:3])
    assert text + data < 16_384
    assert data + bss < 1_600


def _address_of(panel: EmulatedPanel, variable: str) -> int:
    symbols = subprocess.run(
        ["avr-nm", str(panel.built.elf)], check=True, capture_output=True, text=True, timeout=20
    ).stdout.splitlines()
    name = re.compile(rf" {variable}(\.|$)")
    (address,) = {int(one.split()[0], 16) for one in symbols if name.search(one)}
    return address - 0x800000
