"""The line to a Modbus device, opened when it is needed and opened again when it is lost."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from capture_hw.error import PanelLost, PanelRefused, PanelSilent
from capture_hw.panel.modbus_count import ModbusCount
from capture_hw.panel.port import SerialPort
from capture_hw.panel_config import ModbusPanelConfig

if TYPE_CHECKING:
    from capture_hw.panel.modbus_line import ModbusLine
_FIRST_BACKOFF_S: Final = 0.25
_LONGEST_BACKOFF_S: Final = 2.0
"""Light must be right again 5 s after the adapter is plugged in."""
_MOST_SILENT: Final = 3
"""An adapter that hangs comes back when its port is closed and opened."""
_PARITIES: Final = {"none": "N", "even": "E", "odd": "O"}
"""Source: pyserial, PARITY_NONE and so on."""


class ModbusConnection:
    """At most one open line; one thread at a time."""

    def __init__(
        self,
        config: ModbusPanelConfig,
        find_port: Callable[[str], str],
        count: ModbusCount,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open nothing yet; `find_port` returns where the configured port is now, or raises."""
        self._config = config
        self._find_port = find_port
        self._count = count
        self._monotonic_s = monotonic_s
        self._line: ModbusLine | None = None
        self._silent = 0
        self._backoff_s = _FIRST_BACKOFF_S
        self._not_before_s = 0.0
        self._reason = ""
        self.port = ""
        """Where the line is; empty while it is not open."""

    @contextmanager
    def use(self) -> "Iterator[ModbusLine]":
        """Give the line to the block, opened if it must be.

        Raises PanelLost, at once while a new try is not due; PanelRefused if pymodbus is missing.
        """
        line = self._line or self._open()
        try:
            yield line
        except PanelLost as error:
            self._fail(str(error))
            raise PanelLost(self._reason) from error
        except PanelSilent:
            self._silent += 1
            if self._silent >= _MOST_SILENT:
                self.close()
            raise
        self._silent = 0
        self._backoff_s = _FIRST_BACKOFF_S

    def close(self) -> None:
        """Close the line. Safe to call twice."""
        if self._line is not None:
            self._line.close()
        self._line, self.port, self._silent = None, "", 0

    def _open(self) -> "ModbusLine":
        if self._monotonic_s() < self._not_before_s:
            raise PanelLost(self._reason)
        name, unit, baud = self._config.name, self._config.unit, self._config.baud
        try:
            # pymodbus is an extra: a rack without such a dimmer does not have it.
            from capture_hw.panel.modbus_line import ModbusLine
        except ModuleNotFoundError as error:
            raise PanelRefused(
                f'panel {name}: driver "modbus" needs pymodbus, which is not installed: '
                'pip install "ethoprofiler[modbus]"'
            ) from error
        try:
            path = self._find_port(self._config.port)
            port = SerialPort(path, baud, _PARITIES[self._config.parity])
        except PanelLost as error:
            self._fail(str(error))
            raise PanelLost(self._reason) from error
        except PanelRefused as error:
            raise PanelRefused(f"panel {name}: {error}") from error
        place = f"panel {name}: unit {unit} on {path}"
        self._line = ModbusLine(port, unit, baud, place, self._count, self._monotonic_s)
        self.port = path
        self._count.openings += 1
        return self._line

    def _fail(self, reason: str) -> None:
        """Close, and remember why and when to try again."""
        self.close()
        self._reason = f"panel {self._config.name}: {reason}"
        self._not_before_s = self._monotonic_s() + self._backoff_s
        self._backoff_s = min(2 * self._backoff_s, _LONGEST_BACKOFF_S)
