"""Everything that the devices of a machine say of themselves, for people to choose from."""

from dataclasses import dataclass

from capture_hw.camera_config import V4l2CameraConfig
from capture_hw.error import DeviceLost
from capture_hw.v4l2.choice import input_doubt
from capture_hw.v4l2.control import Control, list_controls
from capture_hw.v4l2.device import FoundNode, find_device, list_nodes
from capture_hw.v4l2.kernel import Machine
from capture_hw.v4l2.node import Node
from capture_hw.v4l2.offer import (
    FormatOffer,
    InputOffer,
    StandardOffer,
    list_formats,
    list_inputs,
    list_standards,
)


@dataclass(frozen=True, slots=True)
class SurveyedDevice:
    """One capture node; standards, formats and sizes are those at its present input."""

    found: FoundNode
    inputs: tuple[InputOffer, ...]
    present_input: int | None
    standards: tuple[StandardOffer, ...]
    present_standard: int | None
    """A set of `number.Standard`."""
    formats: tuple[FormatOffer, ...]
    controls: tuple[Control, ...]


@dataclass(frozen=True, slots=True)
class Survey:
    """All capture nodes of a machine."""

    devices: tuple[SurveyedDevice, ...]
    refusals: tuple[str, ...]
    """A sentence for each node that did not say what it is."""


def survey(machine: Machine) -> Survey:
    """Ask every device everything; changes nothing, and disturbs no recording."""
    listing = list_nodes(machine)
    devices: list[SurveyedDevice] = []
    refusals = list(listing.refusals)
    for found in listing.nodes:
        try:
            devices.append(_surveyed(found, machine))
        except DeviceLost as error:
            refusals.append(str(error))
    return Survey(tuple(devices), tuple(refusals))


def unset_input_doubt(config: V4l2CameraConfig, machine: Machine) -> str | None:
    """Return a warning if a configured device has several inputs and none is chosen; None if not.

    Changes nothing, and disturbs no recording. Raises DeviceLost.
    """
    node = Node(find_device(config, machine), machine.kernel)
    try:
        inputs = list_inputs(node)
        return input_doubt(config, inputs, node.input() if inputs else None)
    finally:
        node.close()


def _surveyed(found: FoundNode, machine: Machine) -> SurveyedDevice:
    node = Node(found.path, machine.kernel)
    try:
        inputs, standards = list_inputs(node), list_standards(node)
        return SurveyedDevice(
            found=found,
            inputs=inputs,
            present_input=node.input() if inputs else None,
            standards=standards,
            present_standard=node.standard() if standards else None,
            formats=list_formats(node, node.identification().buffer_type),
            controls=list_controls(node),
        )
    finally:
        node.close()
