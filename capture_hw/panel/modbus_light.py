"""What light a dimmer is due to give: its program, and overrides on top of it."""

from dataclasses import dataclass
from typing import Final

from capture_hw.light_config import LEAST_IR_PERCENT
from capture_hw.panel.program import PanelProgram
from capture_hw.panel.state import Lamp, RunningOverride
from capture_hw.photoperiod import SECOND_NS, Phase

IR_FLOOR_PERMILLE: Final = LEAST_IR_PERCENT * 10
_FULL: Final = 1000
"""Infrared light before there is a program: the cameras should see something."""


@dataclass(frozen=True, slots=True)
class _Override:
    permille: int
    until_ns: int
    """By the quartz: setting the clock does not prolong it."""


class ModbusLight:
    """Light as a function of time; one thread at a time."""

    def __init__(self, program: PanelProgram | None) -> None:
        self.program = program
        self._overrides: dict[Lamp, _Override] = {}

    def override(self, lamp: Lamp, permille: int, until_ns: int) -> None:
        """Give other light until a reading of the quartz; a later one counts."""
        self._overrides[lamp] = _Override(permille, until_ns)

    def end_override(self, lamp: Lamp) -> None:
        """Give one lamp's light by the program."""
        self._overrides.pop(lamp, None)

    def end_overrides(self) -> None:
        """Give light by the program."""
        self._overrides.clear()

    def white_permille(self, utc_ns: int | None, reading_ns: int) -> int:
        """Return the white light that is due; without a program or the time none."""
        override = self._running("white", reading_ns)
        if override is not None:
            return override.permille
        if self.program is None or utc_ns is None:
            return 0
        return self.program.plan.white_permille(utc_ns)

    def ir_permille(self, reading_ns: int) -> int:
        """Return the infrared light that is due, never below the floor."""
        override = self._running("ir", reading_ns)
        if override is not None:
            return override.permille
        return _FULL if self.program is None else self.program.ir_permille

    def phase(self, utc_ns: int | None) -> Phase:
        """Return the phase by the program alone; dark if that cannot be known."""
        if self.program is None or utc_ns is None:
            return "dark"
        return self.program.plan.phase(utc_ns)

    def next_change_utc_s(self, utc_ns: int | None) -> int | None:
        """Return when the phase changes next."""
        if self.program is None or utc_ns is None:
            return None
        change_ns = self.program.plan.next_change_ns(utc_ns)
        return None if change_ns is None else change_ns // SECOND_NS

    def running(self, reading_ns: int) -> tuple[RunningOverride, ...]:
        """Return overrides that are not over."""
        lamps: tuple[Lamp, ...] = ("white", "ir")
        found = ((lamp, self._running(lamp, reading_ns)) for lamp in lamps)
        return tuple(
            RunningOverride(lamp, override.permille, (override.until_ns - reading_ns) / SECOND_NS)
            for lamp, override in found
            if override is not None
        )

    def _running(self, lamp: Lamp, reading_ns: int) -> _Override | None:
        override = self._overrides.get(lamp)
        if override is not None and reading_ns >= override.until_ns:
            del self._overrides[lamp]
            return None
        return override
