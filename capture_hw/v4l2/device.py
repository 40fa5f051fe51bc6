"""What is plugged in, and the node of a configured camera."""

from collections import Counter
from collections.abc import Sequence
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
from capture_hw.v4l2.sysfs import Entry, entries

_SEVERAL: Final = 2
"""One answer alone does not show that channels have bus paths of their own."""


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
class _Asked:
    """A node and what it said; no answer: it is silent."""

    entry: Entry
    answer: Identification | None
    refusal: str


def list_nodes(machine: Machine) -> Listing:
    """Ask every node what it is. Whoever has it open is not disturbed.

    A node behind a silent one whose bus path it may share has an unknown number, and is a refusal.
    """
    asked = [_ask(entry, machine) for entry in entries(machine)]
    nodes: list[FoundNode] = []
    refusals: list[str] = []
    counts: Counter[str] = Counter()
    for at, it in enumerate(asked):
        if it.answer is None:
            refusals += [it.refusal] if it.refusal else []
            continue
        if not it.answer.captures:
            continue
        bus_path = it.answer.bus_info
        hiding = _hiding(it.entry, asked[:at], asked)
        if hiding is not None:
            refusals.append(
                f"{it.entry.path}: its number at {bus_path} is unknown while"
                f" {hiding.path} does not answer"
            )
            continue
        identity = Identity(bus_path, counts[bus_path], it.answer.card, it.entry.serial)
        counts[bus_path] += 1
        nodes.append(FoundNode(identity, it.answer.driver, it.entry.path))
    nodes.sort(key=lambda it: (it.identity.bus_path, it.identity.node))
    return Listing(tuple(nodes), tuple(refusals))


def _hiding(entry: Entry, before: Sequence[_Asked], asked: Sequence[_Asked]) -> Entry | None:
    """Return a silent node that may have the same bus path and come first; None if there is none.

    Where several channels of the same hardware answer, each with a bus path of its own, a silent
    one has its own as well. But nodes that the kernel counts together belong to one channel.
    """
    silent = [
        it.entry for it in before if it.answer is None and it.entry.hardware == entry.hardware
    ]
    channels = Counter(
        it.answer.bus_info
        for it in asked
        if it.answer is not None and it.answer.captures and it.entry.hardware == entry.hardware
    )
    if len(channels) < _SEVERAL or max(channels.values()) > 1:
        return next(iter(silent), None)
    return next((it for it in silent if it.parent == entry.parent and it.index < entry.index), None)


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


def _ask(entry: Entry, machine: Machine) -> _Asked:
    if not entry.has_node:
        return _Asked(entry, None, "")
    try:
        node = Node(entry.path, machine.kernel)
    except DeviceLost as error:
        return _Asked(entry, None, str(error))
    try:
        return _Asked(entry, node.identification(), "")
    except DeviceLost as error:
        return _Asked(entry, None, str(error))
    finally:
        node.close()
