"""Panels that a test can wait for, cut off from power and ask; one rig for each implementation."""

from pathlib import Path
from typing import Final, Protocol

from capture_hw.panel.exchange import Exchange
from capture_hw.panel.panel import Panel
from capture_hw.panel.port import SerialPort
from capture_hw.panel.quartz import Quartz
from capture_hw.panel.serial_panel import SerialPanel
from capture_hw.panel.simulated_panel import SimulatedPanelLine
from capture_hw.panel_config import PanelFault, SimulatedPanelConfig
from tests.firmware.emulated_panel import EmulatedPanel, SteppedPort
from tests.firmware.firmware_build import BuiltFirmware

SECOND_NS: Final = 1_000_000_000
_START_S: Final = 1.5
"""Until a controller answers, and has read its real-time clock."""
_RAW_FULL: Final = 800
"""What the emulated sensors read at full light."""
_RTC_S: Final = 20_000 * 86_400
"""A midnight in 2024; the firmware gives a DS3231 no earlier year."""
_SET_S: Final = 2.1
"""Until the DS3231 has the time, at the next full second, and was read back."""


class TurnedQuartz:
    """A quartz that a test turns; its panel's clock begins in 1970."""

    def __init__(self, at_s: float = 0.0, run: str = "one", *, has_rtc: bool = True) -> None:
        self.at_ns = round(at_s * SECOND_NS)
        self.quartz = Quartz(lambda: self.at_ns, run, 0, has_rtc=has_rtc)

    def turn(self, seconds: float) -> None:
        self.at_ns += round(seconds * SECOND_NS)


class PanelRig(Protocol):
    """A panel named north, and what a test may do to it."""

    has_clock: bool
    """Whether it knows the time after a power cut."""

    @property
    def panel(self) -> Panel:
        """The panel as it is now; another object after a power cut."""

    def wait(self, seconds: float) -> None:
        """Let the panel's time pass."""

    def cut_power(self) -> None:
        """Switch the panel off and on again."""

    def close(self) -> None:
        """Give everything back."""


class SimulatedRig:
    """A simulated panel behind the serial stack, with a quartz that the test turns."""

    def __init__(self, folder: Path, *faults: PanelFault, has_clock: bool = True) -> None:
        self.has_clock = has_clock
        self._quartz = TurnedQuartz(has_rtc=has_clock)
        self._memory = folder / "north.json"
        self._config = SimulatedPanelConfig(name="north", driver="simulated", faults=faults)
        self._plug()

    @property
    def panel(self) -> Panel:
        return self._panel

    def wait(self, seconds: float) -> None:
        self._quartz.turn(seconds)

    def cut_power(self) -> None:
        self.close()
        self._plug()

    def close(self) -> None:
        self._panel.close()
        self._line.close()

    def _plug(self) -> None:
        self._line = SimulatedPanelLine(self._config, self._memory, self._quartz.quartz)
        path = str(self._line.path)
        self._panel = SerialPanel(Exchange(SerialPort(path), "north", 0), path)


class FirmwareRig:
    """The reference firmware on an emulated controller behind the serial stack."""

    def __init__(self, built: BuiltFirmware, *, has_clock: bool) -> None:
        self.has_clock = has_clock
        self._bench = EmulatedPanel(built, is_on=False)
        self._bench.set_rtc(is_present=has_clock)
        self._bench.power_on()
        self._connect()
        if has_clock:
            self._panel.set_time(_RTC_S * SECOND_NS, 0)
            self._bench.run(_SET_S)
        self._panel.calibrate(_RAW_FULL, _RAW_FULL)

    @property
    def panel(self) -> Panel:
        return self._panel

    def wait(self, seconds: float) -> None:
        self._bench.run(seconds)

    def cut_power(self) -> None:
        self._bench.power_cut()
        self._connect()

    def close(self) -> None:
        self._bench.close()

    def _connect(self) -> None:
        self._bench.run(_START_S)
        exchange = Exchange(SteppedPort(self._bench), "north", 0, self._bench.monotonic)
        self._panel = SerialPanel(exchange, "bench")
