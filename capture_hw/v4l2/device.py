"""What is plugged in, and the node of a configured camera."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from capture_hw.camera_config import V4l2CameraConfig
from capture_hw.error import DeviceLost
from capture_hw.v4l2.identity import (
    Identity,
    calls_itself,
    is_at,
    wanted_place,
    wanted_title,
)
from capture_hw.v4l2.kernel import Machine
from capture_hw.v4l2.node import Identification, Node

_CLASS: Final = Path("class/video4linux")
_LAST: Final = 1 << 30
"""Stands behind every index; a driver that gives none has one node."""


@dataclass(frozen=True, slots=True)
class FoundNode:
    """A capture node that answers."""

    identity: Identity
    driver: str
    path: Path
    """Where it answers at present; another one after the next plugging."""


@dataclass(frozen=True, slots=True)
class Listing:
    """All capture nodes, by bus path and node."""

    nodes: tuple[FoundNode, ...]
    refusals: tuple[str, ...]
    """A sentence for each node that did not say what it is."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A node as sysfs has it."""

    number: int
    path: Path
    parent: Path
    index: int

    @property
    def order(self) -> tuple[str, int, int]:
        """The order in which the driver made the nodes of a device, whatever their numbers."""
        return str(self.parent), self.index, self.number


def list_nodes(machine: Machine) -> Listing:
    """Ask every node what it is. Whoever has it open is not disturbed."""
    nodes: list[FoundNode] = []
    refusals: list[str] = []
    counts: dict[str, int] = {}
    silent: dict[Path, _Entry] = {}
    """The first node of each parent that did not answer."""
    for entry in sorted(_entries(machine), key=lambda it: it.order):
        try:
            answer, serial = _ask(entry, machine)
        except DeviceLost as error:
            refusals.append(str(error))
            silent.setdefault(entry.parent, entry)
            continue
        if not answer.captures:
            continue
        before = silent.get(entry.parent)
        # The kernel counts the nodes of one device from 0; others may share the parent.
        if before is not None and before.index < entry.index:
            refusals.append(
                f"{entry.path}: its number at {answer.bus_info} is unknown while"
                f" {before.path} does not answer"
            )
            continue
        count = counts.get(answer.bus_info, 0)
        counts[answer.bus_info] = count + 1
        identity = Identity(answer.bus_info, count, answer.card, serial)
        nodes.append(FoundNode(identity, answer.driver, entry.path))
    nodes.sort(key=lambda it: (it.identity.bus_path, it.identity.node))
    return Listing(tuple(nodes), tuple(refusals))


def find_device(config: V4l2CameraConfig, machine: Machine) -> Path:
    """Return the present node of a configured camera.

    Raises DeviceLost if nothing is plugged in there, or another device than the configured one.
    """
    listing = list_nodes(machine)
    there = next((it for it in listing.nodes if is_at(config, it.identity)), None)
    if there is None:
        raise DeviceLost(_absence(config, listing))
    if not calls_itself(config, there.identity):
        raise DeviceLost(
            f"{wanted_place(config)}: the configuration wants {wanted_title(config)},"
            f" found {there.identity.title}{_elsewhere(config, listing)}"
        )
    return there.path


def open_device(config: V4l2CameraConfig, machine: Machine) -> Node:
    """Open the node of a configured camera; close it.

    Raises DeviceLost as `find_device`, and if the node became another device meanwhile.
    """
    path = find_device(config, machine)
    node = Node(path, machine.kernel)
    try:
        _look_again(config, machine, path)
    except DeviceLost:
        node.close()
        raise
    return node


def _look_again(config: V4l2CameraConfig, machine: Machine, opened: Path) -> None:
    """Make sure that an open node is the configured camera; raises DeviceLost.

    An open node keeps its number, so no other device can have it by now.
    """
    if find_device(config, machine) != opened:
        raise DeviceLost(f"{wanted_place(config)}: was plugged in again while it was opened")


def _absence(config: V4l2CameraConfig, listing: Listing) -> str:
    title = wanted_title(config)
    named = f" ({title})" if title else ""
    sentence = f"{wanted_place(config)}{named}: not plugged in{_elsewhere(config, listing)}"
    return "; ".join([sentence, *listing.refusals[:1]])


def _elsewhere(config: V4l2CameraConfig, listing: Listing) -> str:
    """Return where a device with the wanted serial number is instead, as the end of a sentence."""
    if config.serial is None:
        return ""
    for found in listing.nodes:
        if calls_itself(config, found.identity) and not is_at(config, found.identity):
            return f"; {found.identity.title} is at {found.identity.place}"
    return ""


def _entries(machine: Machine) -> Iterator[_Entry]:
    """Yield the nodes of sysfs; those that vanish meanwhile are left out."""
    try:
        links = list((machine.sysfs / _CLASS).iterdir())
    except OSError:
        return  # without any device, or driver, the kernel has no such folder
    for link in links:
        number = link.name.removeprefix("video")
        if link.name.startswith("video") and number.isdecimal():
            parent = (link / "device").resolve()
            index = _read(link / "index") or ""
            yield _Entry(
                number=int(number),
                path=machine.devices / link.name,
                parent=parent,
                index=int(index) if index.isdecimal() else _LAST,
            )


def _ask(entry: _Entry, machine: Machine) -> tuple[Identification, str | None]:
    """Return what a node says and its serial number; raises DeviceLost."""
    node = Node(entry.path, machine.kernel)
    try:
        answer = node.identification()
        return answer, _serial_number(entry.parent, machine.sysfs.resolve())
    finally:
        node.close()


def _serial_number(parent: Path, root: Path) -> str | None:
    """Return the serial number of the USB device that a node belongs to.

    Source: Documentation/ABI/testing/sysfs-bus-usb. A hub further up has a number of its own,
    so the search ends at the first folder that is a USB device.
    """
    for folder in (parent, *parent.parents):
        if folder == root:
            return None
        if (folder / "idVendor").exists():
            return _read(folder / "serial")
    return None


def _read(file: Path) -> str | None:
    try:
        return file.read_text("utf-8", "replace").strip() or None
    except OSError:
        return None
