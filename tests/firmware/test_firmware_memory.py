"""What EEPROM and RAM of the real firmware go through."""

import binascii
from collections.abc import Iterator

import pytest

from capture_hw.light_plan import Era
from capture_hw.panel.program import PanelProgram
from capture_hw.photoperiod import LightSpan, Photoperiod
from tests.firmware.emulated_panel import EmulatedPanel, Reset, Torn, on_the_bench
from tests.firmware.firmware_build import BuiltFirmware
from tests.firmware.host import DAY, LARGEST, NIGHT, NOON_S, Host, NoAnswer

BANKS = 138
BANK_SIZE = 442
SETTINGS = 8
"""Source: capture_hw/firmware/eeprom.h."""


def _writes_of_a_commit(built: BuiltFirmware, eeprom: bytes, program: PanelProgram) -> int:
    with on_the_bench(built, eeprom=eeprom) as panel:
        panel.run(0.1)
        before = panel.eeprom_writes
        Host(panel).commit(program)
        return panel.eeprom_writes - before


def _crc_after_a_cut(
    built: BuiltFirmware, eeprom: bytes, program: PanelProgram, number: int, torn: Torn
) -> str:
    with on_the_bench(built, eeprom=eeprom, seed=number) as panel:
        host = Host(panel)
        panel.run(0.1)
        host.stage(program)
        panel.cut_at_write(number, torn)
        with pytest.raises(NoAnswer):
            host.ask(f"commit {program.crc:04X}")
        panel.cut_at_write(0, torn)
        panel.power_on()
        panel.run(0.05)
        return host.crc()


def _every_cut(
    built: BuiltFirmware, eeprom: bytes, old: PanelProgram, new: PanelProgram
) -> Iterator[tuple[Torn, list[str]]]:
    writes = _writes_of_a_commit(built, eeprom, new)
    for torn in Torn:
        crcs = [_crc_after_a_cut(built, eeprom, new, n + 1, torn) for n in range(writes)]
        assert set(crcs) <= {f"{old.crc:04X}", f"{new.crc:04X}"}, (torn, crcs)
        yield torn, crcs


@pytest.fixture(scope="module")
def committed_twice(firmware: BuiltFirmware) -> bytes:
    """EEPROM of a panel that runs NIGHT and had DAY before."""
    with on_the_bench(firmware) as panel:
        panel.run(0.1)
        Host(panel).commit(DAY)
        Host(panel).commit(NIGHT)
        return panel.eeprom


@pytest.fixture(scope="module")
def full_bank(firmware: BuiltFirmware) -> bytes:
    """EEPROM of a panel whose two banks are full."""
    with on_the_bench(firmware) as panel:
        panel.run(0.1)
        Host(panel).commit(LARGEST)
        Host(panel).commit(DAY)
        return panel.eeprom


CHANGED = PanelProgram(
    640, (Era(5, Photoperiod(1800, 82_800, (LightSpan(0, 10, 20), LightSpan(3600, 30, 0)))),)
)


def test_a_commit_cut_at_every_byte_leaves_the_old_or_the_new_program(
    firmware: BuiltFirmware, committed_twice: bytes
) -> None:
    for torn, crcs in _every_cut(firmware, committed_twice, NIGHT, CHANGED):
        old, new = f"{NIGHT.crc:04X}", f"{CHANGED.crc:04X}"
        assert len(crcs) > 15
        assert crcs[:-1] == [old] * (len(crcs) - 1)
        assert crcs[-1] == (new if torn == Torn.NEW else old) or torn == Torn.RANDOM


@pytest.mark.campaign
def test_a_large_commit_cut_at_every_byte_leaves_the_old_or_the_new_program(
    firmware: BuiltFirmware, full_bank: bytes
) -> None:
    other = tuple(
        Era(
            number * 111_222_333,
            Photoperiod(5, 82_800, tuple(LightSpan(part * 7_777, 900, part) for part in range(5))),
        )
        for number in range(8)
    )
    for _torn, crcs in _every_cut(firmware, full_bank, DAY, PanelProgram(500, other)):
        assert len(crcs) > 150


@pytest.mark.campaign
def test_a_first_commit_cut_at_every_byte_leaves_none_or_the_new_program(
    firmware: BuiltFirmware,
) -> None:
    empty = b"\xff" * 1024
    writes = _writes_of_a_commit(firmware, empty, LARGEST)
    assert writes > 350
    for number in range(1, writes + 1):
        crc = _crc_after_a_cut(firmware, empty, LARGEST, number, Torn.RANDOM)
        assert crc in {"-", f"{LARGEST.crc:04X}"}


def test_the_largest_program_fits_and_comes_back_after_a_power_cut(
    host: Host, panel: EmulatedPanel
) -> None:
    host.commit(LARGEST)
    panel.power_cut()
    panel.run(0.1)
    assert host.ask("program") == f"program 777 8 40 {LARGEST.crc:04X} 1"
    assert host.ask("span 39") == "span 39 39996 4 999"
    assert host.ask("era 7") == "era 7 700000007 49 86400 5"


def test_a_rotten_newest_program_does_not_bring_the_one_before_back(
    firmware: BuiltFirmware, committed_twice: bytes
) -> None:
    """Its header is whole, so its commit was: DAY is light that nobody wants any more."""
    rotten = bytearray(committed_twice)
    rotten[BANKS + BANK_SIZE + 20] ^= 0x10
    with on_the_bench(firmware, eeprom=bytes(rotten)) as panel:
        host = Host(panel)
        panel.run(0.1)
        host.set_time(NOON_S - 3600)
        assert host.ask("program") == "program - 0 0 - 0"
        assert (panel.white, panel.ir) == (0, 1000)
        host.commit(CHANGED)
        panel.power_cut()
        panel.run(0.1)
        assert host.ask("program") == f"program 640 1 2 {CHANGED.crc:04X} 3"


def test_a_rotten_older_program_harms_nobody(
    firmware: BuiltFirmware, committed_twice: bytes
) -> None:
    rotten = bytearray(committed_twice)
    rotten[BANKS + 20] ^= 0x10
    with on_the_bench(firmware, eeprom=bytes(rotten)) as panel:
        panel.run(0.1)
        assert Host(panel).crc() == f"{NIGHT.crc:04X}"


def test_with_both_banks_rotten_it_is_dark_with_full_infrared_until_a_commit(
    firmware: BuiltFirmware, committed_twice: bytes
) -> None:
    rotten = bytearray(committed_twice)
    for bank in (BANKS, BANKS + BANK_SIZE):
        rotten[bank + 20] ^= 0x10
    with on_the_bench(firmware, eeprom=bytes(rotten)) as panel:
        host = Host(panel)
        panel.run(0.1)
        host.set_time(NOON_S + 3600)
        assert host.words("state") == ["dark", "0", "-", "1000", "-", "-", "-"]
        assert (panel.white, panel.ir) == (0, 1000)
        host.commit(NIGHT)
        assert (panel.white, panel.ir) == (350, 500)


@pytest.mark.parametrize("filler", [0x00, 0xFF, 0x5A])
def test_any_rubbish_in_eeprom_is_no_program(firmware: BuiltFirmware, filler: int) -> None:
    with on_the_bench(firmware, eeprom=bytes([filler]) * 1024) as panel:
        panel.run(0.1)
        assert Host(panel).ask("program") == "program - 0 0 - 0"
        assert Host(panel).words("sense")[2:] == ["-", "-", "0"]


def test_generations_go_round(firmware: BuiltFirmware) -> None:
    with on_the_bench(firmware, eeprom=_with_generation(firmware, 0xFFFF)) as panel:
        host = Host(panel)
        panel.run(0.1)
        assert host.words("program")[4] == "65535"
        host.commit(NIGHT)
        assert host.words("program")[4] == "1"
        panel.power_cut()
        panel.run(0.1)
        assert host.crc() == f"{NIGHT.crc:04X}"


def _with_generation(built: BuiltFirmware, generation: int) -> bytes:
    with on_the_bench(built) as panel:
        panel.run(0.1)
        Host(panel).commit(DAY)
        eeprom = bytearray(panel.eeprom)
    header = generation.to_bytes(2, "little") + DAY.crc.to_bytes(2, "little")
    header += binascii.crc_hqx(header, 0xFFFF).to_bytes(2, "little")
    eeprom[BANKS : BANKS + len(header)] = header
    return bytes(eeprom)


def test_torn_settings_leave_the_old_ones(firmware: BuiltFirmware) -> None:
    with on_the_bench(firmware) as panel:
        panel.run(0.1)
        Host(panel).ask("calibrate 700 800")
        Host(panel).ask("calibrate 710 810")
        eeprom = panel.eeprom
    for number in range(1, 6):
        with on_the_bench(firmware, eeprom=eeprom) as panel:
            host = Host(panel)
            panel.run(0.1)
            panel.cut_at_write(number, Torn.ERASED)
            with pytest.raises(NoAnswer):
                host.ask("calibrate 722 822")
            panel.power_on()
            panel.run(0.1)
            assert host.words("sense")[2:4] == ["710", "810"]


def test_starts_are_counted_round_all_places_of_eeprom(panel: EmulatedPanel, host: Host) -> None:
    panel.run(1.06)
    for number in range(2, 60):
        panel.reset(Reset.EXTERNAL)
        panel.run(1.06)
        if number % 20 == 0:
            assert host.words("uptime")[1] == str(number)
    panel.power_cut()
    panel.run(0.06)
    assert host.words("uptime")[1:] == ["60", "power"]
    assert panel.violations == 0


def test_a_controller_that_starts_over_and_over_does_not_wear_eeprom_out(
    panel: EmulatedPanel, host: Host
) -> None:
    panel.run(1.1)
    before = panel.eeprom_writes
    for _ in range(20):
        panel.reset(Reset.BROWNOUT)
        panel.run(0.1)
    assert panel.eeprom_writes == before
    assert host.words("uptime")[1:] == ["21", "brownout"]
    panel.run(1.1)
    assert before < panel.eeprom_writes <= before + 4
    panel.power_cut()
    panel.run(0.1)
    assert host.words("uptime")[1:] == ["22", "power"]
