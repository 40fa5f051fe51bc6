"""Opening the panel that the configuration describes: the only place that names drivers."""

from functools import partial
from pathlib import Path

from capture_hw.panel.modbus_panel import ModbusPanel
from capture_hw.panel.panel import Panel
from capture_hw.panel.port_opening import PanelOpener
from capture_hw.panel.port_search import Survey, matching_ports, only_port, usb_ports
from capture_hw.panel.reconnection import ReconnectingPanel
from capture_hw.panel.simulated_panel import SimulatedPanelLine
from capture_hw.panel_config import ModbusPanelConfig, PanelConfig, SimulatedPanelConfig


def open_panel(config: PanelConfig, memory: Path, survey: Survey = usb_ports) -> Panel:
    """Return the panel; its line is opened by the first call, and again whenever it was lost.

    `memory` is what a panel without a memory of its own keeps. Raises PanelLost if a simulated
    panel cannot be made.
    """
    if isinstance(config, ModbusPanelConfig):
        return ModbusPanel(config, memory, find_port=partial(only_port, survey=survey))
    if isinstance(config, SimulatedPanelConfig):
        line = SimulatedPanelLine(config, memory)
        opener = PanelOpener(config.name, None, lambda: [str(line.path)])
        return ReconnectingPanel(config.name, opener, release=line.close)
    find_paths = partial(matching_ports, config.port, survey)
    opener = PanelOpener(config.name, config.serial_number, find_paths)
    return ReconnectingPanel(config.name, opener)
