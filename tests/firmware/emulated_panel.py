"""A light panel that runs the reference firmware on an emulated controller, in simulated time."""

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Any, Final

from tests.firmware.firmware_build import BuiltFirmware
from tests.firmware.rig_library import RigChange, rig_library

EEPROM_SIZE: Final = 1024
MEMORY_END: Final = 0x900
"""Of registers and RAM. Source: ATmega328P data sheet."""
_MOST: Final = 4096
_STEP_S: Final = 0.001
_CUT, _CRASHED = 1, 2


class Reset(IntFlag):
    """Why a controller starts. Source: ATmega328P data sheet, MCUSR."""

    EXTERNAL = 2
    BROWNOUT = 4


class Torn(IntEnum):
    """What a cut leaves of the EEPROM byte that was being written."""

    OLD = 0
    ERASED = 1
    NEW = 2
    RANDOM = 3


class SensorFault(IntEnum):
    """What a lamp does, against what its pin says."""

    NONE = 0
    DEAD = 1
    STUCK_ON = 2


@dataclass(frozen=True, slots=True)
class LightChange:
    """From when on the pins gave other light; per mille."""

    at_s: float
    white: int
    ir: int


class FirmwareCrashed(Exception):
    """The controller ran into what is no program."""


class EmulatedPanel:
    """A panel on the bench: its line, its lamps, its supply. One thread at a time."""

    def __init__(
        self,
        built: BuiltFirmware,
        *,
        seed: int = 1,
        eeprom: bytes | None = None,
        has_wave: bool = False,
        paint: int = 0,
        is_on: bool = True,
    ) -> None:
        """Put it on the bench and switch it on. Without `eeprom` it is fresh from the factory.

        `has_wave` lets the emulator make each edge of the lamps' pulses, which is slow. `paint` is
        what RAM holds at power-on, instead of random bytes.
        """
        self.built: Final = built
        self._library: Final = rig_library(built.rig)
        self._rig = self._library.rig_new(
            str(built.elf).encode(), seed, int(has_wave), float(built.acceleration)
        )
        if not self._rig:
            raise FileNotFoundError(f"{built.elf}: the emulator cannot load it")
        self._library.rig_set_paint(self._rig, paint)
        if eeprom is not None:
            self.eeprom = eeprom
        if is_on:
            self.power_on()

    def close(self) -> None:
        """Let go of the emulator. Safe to call twice."""
        if self._rig:
            self._library.rig_free(self._rig)
            self._rig = None

    def run(self, seconds: float) -> bool:
        """Let true time pass. Return False, and stop, at a cut that was asked for."""
        state = self._library.rig_run(self._rig, round(seconds * 1e6))
        if state == _CRASHED:
            raise FirmwareCrashed(f"at {self.monotonic():.3f} s")
        return bool(state != _CUT)

    def run_until(self, is_so: Callable[[], bool], most_s: float, step_s: float = _STEP_S) -> bool:
        """Let time pass until something is so; return whether it came to that."""
        until_s = self.monotonic() + most_s
        while not is_so():
            if self.monotonic() >= until_s:
                return False
            self.run(step_s)
        return True

    def monotonic(self) -> float:
        """Return the true time, in seconds since the panel was put on the bench."""
        return float(self._library.rig_time_us(self._rig)) / 1e6

    def feed(self, data: bytes) -> None:
        """Put bytes on the line to the panel, 94 us each: the emulator wants 11 bits a byte."""
        taken = self._library.rig_feed(self._rig, data, len(data))
        if taken != len(data):
            raise BufferError(f"the line holds {taken} of {len(data)} bytes")

    def take(self) -> bytes:
        """Return what the panel has sent."""
        buffer = ctypes.create_string_buffer(_MOST)
        count = self._library.rig_take(self._rig, buffer, _MOST)
        return buffer.raw[:count]

    @property
    def to_feed(self) -> int:
        """Return how many bytes have not arrived yet."""
        return int(self._library.rig_left_to_feed(self._rig))

    @property
    def white(self) -> int:
        """Return what the white lamp's pin gives, per mille."""
        return int(self._library.rig_white(self._rig))

    @property
    def ir(self) -> int:
        """Return what the infrared lamp's pin gives, per mille."""
        return int(self._library.rig_ir(self._rig))

    def take_changes(self) -> list[LightChange]:
        """Return the changes of light since the last call."""
        buffer = (RigChange * _MOST)()
        changes: list[LightChange] = []
        while count := self._library.rig_take_changes(self._rig, buffer, _MOST):
            if count < 0:
                raise BufferError("changes of light were lost; take them more often")
            changes += [LightChange(one.us / 1e6, one.white, one.ir) for one in buffer[:count]]
        return changes

    def power_off(self) -> None:
        """Cut the supply: no light, RAM is lost."""
        self._library.rig_power_off(self._rig)

    def power_on(self) -> None:
        """Switch the supply on again."""
        self._library.rig_power_on(self._rig)

    def power_cut(self, off_s: float = 1.0) -> None:
        """Cut the supply for a while."""
        self.power_off()
        self.run(off_s)
        self.power_on()

    def reset(self, cause: Reset, held_s: float = 0) -> None:
        """Hold the controller in reset for a while, then let it start; RAM stays."""
        if held_s:
            self._library.rig_hold(self._rig)
            self.run(held_s)
        self._library.rig_reset(self._rig, int(cause))

    def hang(self, *, keeps_interrupts: bool = True) -> None:
        """Make the program stand still where it is, until the controller starts again."""
        self._library.rig_hang(self._rig, int(keeps_interrupts))

    @property
    def starts(self) -> int:
        """Return how often the firmware has begun to run."""
        return int(self._library.rig_starts(self._rig))

    @property
    def eeprom(self) -> bytes:
        """Return a copy of what EEPROM holds."""
        return bytes(self._library.rig_eeprom(self._rig)[:EEPROM_SIZE])

    @eeprom.setter
    def eeprom(self, content: bytes) -> None:
        if len(content) != EEPROM_SIZE:
            raise ValueError(f"EEPROM has {EEPROM_SIZE} bytes, not {len(content)}")
        ctypes.memmove(self._library.rig_eeprom(self._rig), content, EEPROM_SIZE)

    @property
    def eeprom_writes(self) -> int:
        """Return how many bytes were written to EEPROM."""
        return int(self._library.rig_eeprom_writes(self._rig))

    @property
    def violations(self) -> int:
        """Return how many writes were begun while EEPROM was busy: the chip ignores them."""
        return int(self._library.rig_violations(self._rig))

    def cut_at_write(self, number: int, torn: Torn) -> None:
        """Cut the supply during the so manieth EEPROM write from now on; 0 calls it off."""
        self._library.rig_cut_after(self._rig, number, int(torn))

    @property
    def memory(self) -> bytes:
        """Return a copy of registers and RAM."""
        return bytes(self._library.rig_memory(self._rig)[:MEMORY_END])

    def peek(self, address: int, length: int) -> bytes:
        """Return a few bytes of RAM, without copying it all."""
        begins = ctypes.addressof(self._library.rig_memory(self._rig).contents) + address
        return ctypes.string_at(begins, length)

    def poke(self, address: int, value: int) -> None:
        """Change a byte of RAM."""
        self._library.rig_memory(self._rig)[address] = value

    @property
    def cycle(self) -> int:
        """Return the cycles that the controller has run or slept."""
        return int(self._library.rig_cycle(self._rig))

    def set_crystal(self, ppm: float) -> None:
        """Let the controller's crystal run faster by so much."""
        self._library.rig_set_crystal(self._rig, float(ppm))

    def set_lamp(self, lamp: str, fault: SensorFault, noise: int = 0) -> None:
        """Let a lamp, `white` or `ir`, fail, and its sensor be noisy by so many raw counts."""
        self._library.rig_set_sensor(self._rig, ["white", "ir"].index(lamp), int(fault), noise)

    def set_rtc(
        self,
        *,
        is_present: bool = True,
        is_stopped: bool = False,
        is_stuck: bool = False,
        drift_ppm: float = 0,
    ) -> None:
        """Put a DS3231 on the board, or take it off, or break it. `is_stuck` holds the bus."""
        self._library.rig_set_rtc(
            self._rig, int(is_present), int(is_stopped), int(is_stuck), float(drift_ppm)
        )

    def set_rtc_time(self, utc_s: float, *, has_lost_time: bool = False) -> None:
        """Set the DS3231 from outside."""
        self._library.rig_set_rtc_time(self._rig, float(utc_s), int(has_lost_time))

    def damage_rtc(
        self, register: int, bit: int, *, sound: int = 0, reads: int = 0, writes: int = 0
    ) -> None:
        """Let a bit of a DS3231's register flip on the bus, the next so many times.

        So many `sound` readings come before the damaged ones.
        """
        self._library.rig_damage_rtc(self._rig, register, 1 << bit, sound, reads, writes)

    def hold_bus(self, clocks: int = 9) -> None:
        """Let the DS3231 hold SDA low until it was given so many clocks."""
        self._library.rig_hold_bus(self._rig, clocks)

    @property
    def rtc_s(self) -> float:
        """Return what the DS3231 shows, in seconds since 1970."""
        return float(self._library.rig_rtc_time(self._rig))


class SteppedPort:
    """A `PanelPort` to an emulated panel: waiting for bytes lets simulated time pass."""

    def __init__(self, panel: EmulatedPanel) -> None:
        self._panel: Final = panel

    def read(self, timeout_s: float) -> bytes:
        """Return what has come, as soon as anything has; nothing after the time-out."""
        until_s = self._panel.monotonic() + max(0.0, timeout_s)
        while not (received := self._panel.take()) and self._panel.monotonic() < until_s:
            self._panel.run(_STEP_S)
        return received

    def write(self, data: bytes) -> None:
        """Send all of it."""
        self._panel.feed(data)

    def close(self) -> None:
        """Let go of the line."""


@contextmanager
def on_the_bench(built: BuiltFirmware, **how: Any) -> Iterator[EmulatedPanel]:
    """Give a panel for a while; `how` is that of `EmulatedPanel`."""
    panel = EmulatedPanel(built, **how)
    try:
        yield panel
    finally:
        panel.close()
