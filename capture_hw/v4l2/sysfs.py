"""The video nodes of a machine as sysfs has them, without asking any device."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from capture_hw.v4l2.kernel import Machine

_CLASS: Final = Path("class/video4linux")
_LAST: Final = 1 << 30
"""Stands behind every index; a driver that gives none has one node."""
_VIDEO_CONTROL: Final = ("0e", "01")
"""Class and subclass of an interface. Source: USB Device Class Definition for Video Devices 1.5,
tables A-1 and A-2: each function has just one VideoControl interface."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A node, or a function of a USB device that has no node but should have."""

    path: Path
    """In /dev; of a function without a node, its folder in sysfs."""
    hardware: Path
    """What may have several nodes under one bus path: the USB device, elsewhere the parent."""
    parent: Path
    index: int
    """Counted by the kernel for each device of a driver, of which several may share a parent."""
    number: int
    """Of `/dev/videoN`; -1 of a function without a node."""
    serial: str | None

    @property
    def has_node(self) -> bool:
        """Whether there is something to ask."""
        return self.number >= 0

    @property
    def order(self) -> tuple[str, str, int, int]:
        """The order in which the driver made the nodes of a device, whatever their numbers."""
        return str(self.hardware), str(self.parent), self.index, self.number


def entries(machine: Machine) -> list[Entry]:
    """Return the nodes, and functions that lack theirs, in the order in which they are made.

    What vanishes meanwhile is left out.
    """
    nodes = list(_nodes(machine))
    lacking = [it for folder in {it.hardware for it in nodes} for it in _functions_without(folder)]
    return sorted([*nodes, *lacking], key=lambda it: it.order)


def _nodes(machine: Machine) -> Iterator[Entry]:
    try:
        links = list((machine.sysfs / _CLASS).iterdir())
    except OSError:
        return  # without any device, or driver, the kernel has no such folder
    root = machine.sysfs.resolve()
    for link in links:
        number = link.name.removeprefix("video")
        if link.name.startswith("video") and number.isdecimal():
            parent = (link / "device").resolve()
            usb = _usb_device(parent, root)
            index = _read(link / "index") or ""
            yield Entry(
                path=machine.devices / link.name,
                hardware=usb or parent,
                parent=parent,
                index=int(index) if index.isdecimal() else _LAST,
                number=int(number),
                serial=_read(usb / "serial") if usb else None,
            )


def _functions_without(hardware: Path) -> Iterator[Entry]:
    """Yield the video functions of a USB device that no driver has made a node of."""
    try:
        interfaces = [it for it in hardware.iterdir() if ":" in it.name]
    except OSError:
        return
    for folder in interfaces:
        kind = _read(folder / "bInterfaceClass"), _read(folder / "bInterfaceSubClass")
        if kind == _VIDEO_CONTROL and not (folder / "video4linux").exists():
            yield Entry(folder, hardware, folder, index=0, number=-1, serial=None)


def _usb_device(parent: Path, root: Path) -> Path | None:
    """Return the USB device that a node belongs to.

    Source: Documentation/ABI/testing/sysfs-bus-usb. A hub further up is a device of its own, so the
    search ends at the first folder that is one.
    """
    for folder in (parent, *parent.parents):
        if folder == root:
            return None
        if (folder / "idVendor").exists():
            return folder
    return None


def _read(file: Path) -> str | None:
    try:
        return file.read_text("utf-8", "replace").strip() or None
    except OSError:
        return None
