"""What the kernel tells a USB serial adapter about its modem lines, as seen on the bus itself.

Source: Linux, Documentation/usb/usbmon.rst; drivers/usb/serial/ftdi_sio.h, "SIO_SET_MODEM_CTRL".
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_ALL_BUSES: Final = Path("/sys/kernel/debug/usb/usbmon/0u")
_STATISTICS: Final = _ALL_BUSES.with_name("0s")
_LOST: Final = "text_lost"
_MOST: Final = 65_536
_DTR: Final = 0x0001
_RTS: Final = 0x0002
_MASK_SHIFT: Final = 8


class UsbWitness:
    """Hears all USB traffic from its beginning on."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: Final = descriptor
        self._lost_before: Final = _lost_lines()

    def modem_lines(self) -> list[str]:
        """Return what adapters were told since the last call: `DTR up`, `RTS down`, in order.

        Ask often: the kernel keeps some 150 lines. One that was lost is an AssertionError.
        """
        assert _lost_lines() == self._lost_before, "the kernel could not keep all of the traffic"
        return [line for value in self._modem_controls() for line in _told(value)]

    def _modem_controls(self) -> Iterator[int]:
        for line in self._lines():
            match line.split():
                # tag, time, submitted, address, setup: request type, request, value, ...
                case [_, _, "S", address, "s", "40", "01", value, *_] if address.startswith("Co"):
                    yield int(value, 16)

    def _lines(self) -> list[str]:
        heard = b""
        while True:
            try:
                part = os.read(self._descriptor, _MOST)
            except BlockingIOError:
                return heard.decode().splitlines()
            heard += part


@contextmanager
def usb_witness() -> Iterator[UsbWitness]:
    """Listen for as long as the block runs."""
    descriptor = os.open(_ALL_BUSES, os.O_RDONLY | os.O_NONBLOCK)
    try:
        yield UsbWitness(descriptor)
    finally:
        os.close(descriptor)


def _lost_lines() -> int:
    """Return how many lines were ever lost: `nreaders 1 events 20 text_lost 0`."""
    words = _STATISTICS.read_text().split()
    return int(words[words.index(_LOST) + 1])


def _told(value: int) -> Iterator[str]:
    for name, bit in (("DTR", _DTR), ("RTS", _RTS)):
        if value >> _MASK_SHIFT & bit:
            yield f"{name} {'up' if value & bit else 'down'}"
