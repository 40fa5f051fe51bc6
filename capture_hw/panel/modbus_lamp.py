"""Levels of light in the registers of a Modbus device."""

from typing import TYPE_CHECKING

from capture_hw.panel_config import ModbusPanelConfig

if TYPE_CHECKING:
    from capture_hw.panel.modbus_line import ModbusLine


class ModbusLamps:
    """The two lamps and their sensors; one thread at a time. Errors are those of the line."""

    def __init__(self, config: ModbusPanelConfig) -> None:
        self._config = config

    def give(
        self, line: "ModbusLine", white_permille: int, ir_permille: int, until_s: float
    ) -> tuple[int, int]:
        """Give white and infrared light; return what the registers say of both, in per mille.

        Infrared light is rounded up, so that it is never below the floor. A level that the device
        took as it was meant is returned as it was asked for, whatever the scale made of it.
        """
        full = self._config.full_scale
        white = (white_permille * full + 500) // 1000
        ir = -(-ir_permille * full // 1000)
        held_white = _held(line, self._config.white_register, white, until_s)
        held_ir = _held(line, self._config.ir_register, ir, until_s)
        return (
            white_permille if held_white == white else _scaled(held_white, full, 1000),
            ir_permille if held_ir == ir else _scaled(held_ir, full, 1000),
        )

    def measured(
        self, line: "ModbusLine", until_s: float, full: int = 1000
    ) -> tuple[int | None, int | None]:
        """Return white and infrared light by the sensors, on a scale of `full`; None without."""
        registers = self._config.white_sensor_register, self._config.ir_sensor_register
        white, ir = (
            None
            if register is None
            else _scaled(line.read_input(register, until_s), self._config.full_scale, full)
            for register in registers
        )
        return white, ir


def _held(line: "ModbusLine", register: int, value: int, until_s: float) -> int:
    """Return what a register holds, after setting it if it held something else."""
    held = line.read_holding(register, until_s)
    if held == value:
        return held
    line.write_holding(register, value, until_s)
    return line.read_holding(register, until_s)


def _scaled(value: int, full: int, onto: int) -> int:
    return (2 * value * onto + full) // (2 * full)
