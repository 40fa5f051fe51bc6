"""Which port is meant."""

from typing import Final

import pytest
from serial.tools import list_ports_common

from capture_hw.error import PanelLost, PanelRefused
from capture_hw.panel import port_search
from capture_hw.panel.port_search import UsbPort, matching_ports, only_port, usb_ports

FTDI_A: Final = UsbPort("/dev/ttyUSB0", 0x0403, 0x6001, "LIGHT01")
FTDI_B: Final = UsbPort("/dev/ttyUSB3", 0x0403, 0x6001, "LIGHT02")
CH340: Final = UsbPort("/dev/ttyUSB1", 0x1A86, 0x7523, None)
PLUGGED_IN: Final = (FTDI_A, CH340, FTDI_B)


def test_a_path_means_itself_whether_it_is_there_or_not() -> None:
    assert matching_ports("/dev/serial/by-id/lamp", lambda: PLUGGED_IN) == [
        "/dev/serial/by-id/lamp"
    ]


@pytest.mark.parametrize(
    ("name", "paths"),
    [
        ("usb:1a86:7523", ["/dev/ttyUSB1"]),
        ("usb:0403:6001", ["/dev/ttyUSB0", "/dev/ttyUSB3"]),
        ("usb:0403:6001:LIGHT02", ["/dev/ttyUSB3"]),
    ],
)
def test_an_adapter_is_found_wherever_it_is(name: str, paths: list[str]) -> None:
    assert matching_ports(name, lambda: PLUGGED_IN) == paths


@pytest.mark.parametrize(
    "name", ["usb:0403:6002", "usb:0404:6001", "usb:0403:6001:LIGHT03", "usb:1a86:7523:X"]
)
def test_an_adapter_that_is_not_plugged_in_is_named(name: str) -> None:
    with pytest.raises(PanelLost) as lost:
        matching_ports(name, lambda: PLUGGED_IN)
    assert str(lost.value) == f"no USB adapter {name} is plugged in"


def test_one_adapter_is_the_only_one() -> None:
    assert only_port("usb:1a86:7523", lambda: PLUGGED_IN) == "/dev/ttyUSB1"


def test_of_two_adapters_none_is_taken() -> None:
    with pytest.raises(PanelRefused) as refused:
        only_port("usb:0403:6001", lambda: PLUGGED_IN)
    assert str(refused.value) == (
        "2 USB adapters are usb:0403:6001 (/dev/ttyUSB0, /dev/ttyUSB3); "
        "say which one by the adapter's serial number or the path of its port"
    )


def test_this_machine_can_be_asked() -> None:
    assert all(port.path.startswith("/dev/") for port in usb_ports())


def test_ports_without_usb_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    built_in = list_ports_common.ListPortInfo("/dev/ttyS0")
    adapter = list_ports_common.ListPortInfo("/dev/ttyUSB9")
    adapter.vid, adapter.pid, adapter.serial_number = 0x0403, 0x6001, "X"
    monkeypatch.setattr(port_search, "comports", lambda: [adapter, built_in])
    assert usb_ports() == [UsbPort("/dev/ttyUSB9", 0x0403, 0x6001, "X")]


def test_an_adapter_that_goes_away_while_the_list_is_made_is_no_crash(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def vanishing() -> list[object]:
        return [int(None)]  # type: ignore[call-overload]

    monkeypatch.setattr(port_search, "comports", vanishing)
    with pytest.raises(PanelLost, match="changed while it was read"):
        usb_ports()
