"""The panel and its USB adapters, which are on the host: plugged, pulled, looked at from here."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from capture_hw.panel.port_search import usb_ports
from tests.vm.error import MachineError
from tests.vm.guest.card import wait_until
from tests.vm.machine import SHARE
from tests.vm.mailbox import Answer, ask
from tests.vm.panel_bench import DECOY, MAILBOX, PANEL

ADAPTER: Final = "LIGHT01"
"""The serial number of the adapter that the panel is meant to be behind."""
PORT_NAME: Final = f"usb:0403:6001:{ADAPTER}"
BY_ID: Final = Path(f"/dev/serial/by-id/usb-QEMU_QEMU_USB_SERIAL_{ADAPTER}-if00-port0")
_TIMEOUT_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class LightChange:
    """From when on the panel's pins gave other light, by the guest's clock; per mille."""

    utc_s: float
    white: int
    ir: int


@dataclass(frozen=True, slots=True)
class Light:
    """What the panel's pins give, whatever anybody says."""

    white: int
    ir: int
    changes: tuple[LightChange, ...]
    """Since the last look."""
    starts: int
    """Of the controller, since it was put on the bench."""
    behind_s: float
    """The most that the emulated panel was behind real time."""


def plug(serial: str = ADAPTER, *, usb_port: int = 1, adapter: str = PANEL) -> None:
    """Plug an adapter with this serial number into a USB port."""
    _ask(ask="plug", adapter=adapter, serial=serial, port=str(usb_port))


def pull(adapter: str = PANEL) -> None:
    """Pull it out; whatever is open on it is lost."""
    _ask(ask="unplug", adapter=adapter)


def cut_power() -> None:
    """Cut the panel's supply for a second."""
    _ask(ask="power-cut")


def decoy_bytes() -> int:
    """Return how many bytes the decoy was ever sent."""
    heard: int = _ask(ask="decoy")["heard_bytes"]
    return heard


def plug_decoy(serial: str, *, usb_port: int) -> None:
    """Plug an adapter in behind which there is no panel."""
    plug(serial, usb_port=usb_port, adapter=DECOY)


def pull_decoy() -> None:
    """Pull that one out."""
    pull(DECOY)


def light() -> Light:
    """Look at the pins."""
    before_s = time.time()
    seen = _ask(ask="light")
    ahead_s = (before_s + time.time()) / 2 - seen["utc_s"]
    changes = tuple(LightChange(at_s + ahead_s, white, ir) for at_s, white, ir in seen["changes"])
    return Light(seen["white"], seen["ir"], changes, seen["starts"], seen["behind_s"])


@contextmanager
def plugged_in() -> Iterator[None]:
    """Have the panel's adapter plugged in; in the end all are pulled, wherever they are."""
    plug()
    wait_until(BY_ID.exists, "the adapter does not come up")
    try:
        yield
    finally:
        for pulled in (pull, pull_decoy):
            with suppress(MachineError):
                pulled()
        wait_until(lambda: not usb_ports(), "an adapter stays")


def _ask(**question: str) -> Answer:
    return ask(Path(SHARE) / MAILBOX, question, timeout_s=_TIMEOUT_S)
