"""Which serial port is meant: by its path, or by its USB adapter wherever that is plugged in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from serial.tools.list_ports import comports

from capture_hw.error import PanelLost, PanelRefused

_USB: Final = "usb:"


@dataclass(frozen=True, slots=True)
class UsbPort:
    """A serial port that a USB adapter makes."""

    path: str
    vendor: int
    product: int
    serial_number: str | None
    """The adapter's own, not the panel's; many cheap ones have none, or all the same."""


Survey: TypeAlias = Callable[[], Sequence[UsbPort]]


def usb_ports() -> list[UsbPort]:
    """Return all USB serial ports of this machine, in the order of their paths; opens none.

    Raises PanelLost if one goes away meanwhile; ask again.
    """
    try:
        found = comports()
    except (OSError, TypeError, ValueError) as error:
        # pyserial reads an adapter's files one after the other and takes them for there.
        raise PanelLost("the list of USB adapters changed while it was read") from error
    ports = [
        UsbPort(one.device, one.vid, one.pid, one.serial_number)
        for one in found
        if one.vid is not None and one.pid is not None
    ]
    return sorted(ports, key=lambda port: port.path)


def matching_ports(port_name: str, survey: Survey = usb_ports) -> list[str]:
    """Return the paths that a `PortName` can mean: one at least. Opens none.

    A path means itself, whether or not it is there. Raises PanelLost if no such adapter is plugged
    in.
    """
    if not port_name.startswith(_USB):
        return [port_name]
    vendor, product, *serial = port_name.removeprefix(_USB).split(":")
    paths = [
        port.path
        for port in survey()
        if (port.vendor, port.product) == (int(vendor, 16), int(product, 16))
        and (not serial or port.serial_number == serial[0])
    ]
    if not paths:
        raise PanelLost(f"no USB adapter {port_name} is plugged in")
    return paths


def only_port(port_name: str, survey: Survey = usb_ports) -> str:
    """Return the one path that a `PortName` means.

    Raises PanelLost if there is none, PanelRefused if there are several: nothing is sent to a
    device that may be another one.
    """
    paths = matching_ports(port_name, survey)
    if len(paths) > 1:
        raise PanelRefused(
            f"{len(paths)} USB adapters are {port_name} ({', '.join(paths)}); "
            "say which one by the adapter's serial number or the path of its port"
        )
    return paths[0]
