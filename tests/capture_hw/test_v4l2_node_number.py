"""Which number a node has where another one does not answer: never another camera's."""

import errno
from pathlib import Path

import pytest

from capture_hw.camera_config import V4l2CameraConfig
from capture_hw.error import DeviceLost
from capture_hw.v4l2.device import find_device, list_nodes
from capture_hw.v4l2.identity import Identity
from tests.capture_hw.v4l2_device import ScriptedDevice
from tests.capture_hw.v4l2_kernel import ScriptedMachine

USB = "usb-0000:00:14.0-"


@pytest.fixture
def machine(tmp_path: Path) -> ScriptedMachine:
    return ScriptedMachine(tmp_path)


def camera(card: str) -> ScriptedDevice:
    return ScriptedDevice(card=card, bus_info=f"{USB}1")


def refusal(machine: ScriptedMachine, wanted: V4l2CameraConfig) -> str:
    with pytest.raises(DeviceLost) as caught:
        find_device(wanted, machine.machine)
    return str(caught.value)


def test_a_second_node_is_not_taken_for_a_silent_first_one(machine: ScriptedMachine) -> None:
    machine.plug(0, camera("Cam A"), index=0)
    machine.plug(1, camera("Cam A"), index=1)
    machine.kernel.fail("open", errno.EACCES)
    found = list_nodes(machine.machine)
    assert found.nodes == ()
    assert found.refusals[1] == (
        f"{machine.devices}/video1: its number at usb-0000:00:14.0-1 is unknown while"
        f" {machine.devices}/video0 does not answer"
    )


def plug_dual(machine: ScriptedMachine) -> V4l2CameraConfig:
    """A USB device with two video functions; return the configuration of the first one."""
    for number, interface in ((0, "1.0"), (1, "1.2")):
        machine.plug(number, camera("Dual"), interface=interface, serial="S1")
    return V4l2CameraConfig(driver="v4l2", device=f"{USB}1", card="Dual", serial="S1")


def test_a_second_function_is_not_taken_for_a_silent_first_one(machine: ScriptedMachine) -> None:
    first = plug_dual(machine)
    assert find_device(first, machine.machine).name == "video0"
    machine.kernel.fail("open", errno.EBUSY)
    assert ": not plugged in; " in refusal(machine, first)
    machine.kernel.fail("open", errno.EBUSY)
    assert list_nodes(machine.machine).refusals[1] == (
        f"{machine.devices}/video1: its number at {USB}1 is unknown while"
        f" {machine.devices}/video0 does not answer"
    )


def test_a_second_function_is_not_taken_for_a_first_one_without_a_node(
    machine: ScriptedMachine,
) -> None:
    first = plug_dual(machine)
    machine.unplug(0)
    assert "/video1: its number at" in refusal(machine, first)
    assert refusal(machine, first).endswith("/1-1/1-1:1.0 does not answer")


def test_a_second_node_of_the_same_bus_path_is_not_taken_for_a_silent_first_one(
    machine: ScriptedMachine,
) -> None:
    """Each is the only node of its driver's device, so the kernel gives both the index 0."""
    for number in (0, 1):
        machine.plug(number, ScriptedDevice(card="Quad", bus_info="PCI:0000:03:00.0"), usb=None)
    machine.kernel.fail("open", errno.EBUSY)
    wanted = V4l2CameraConfig(driver="v4l2", device="PCI:0000:03:00.0", card="Quad")
    assert 'node 0 ("Quad"): not plugged in; ' in refusal(machine, wanted)
    assert find_device(wanted, machine.machine).name == "video0"


def plug_channels(machine: ScriptedMachine, count: int) -> None:
    """Channels with a bus path of their own below one parent, as the kernel's virtual driver."""
    for number in range(count):
        device = ScriptedDevice(card="vivid", bus_info=f"platform:vivid-{number:03d}")
        machine.plug(number, device, usb=None, parent="vivid.0")


def test_a_dead_channel_takes_none_with_it_that_has_a_bus_path_of_its_own(
    machine: ScriptedMachine,
) -> None:
    plug_channels(machine, 10)
    machine.kernel.fail("open", errno.ENODEV)
    found = list_nodes(machine.machine)
    assert [it.identity for it in found.nodes] == [
        Identity(f"platform:vivid-{number:03d}", 0, "vivid", None) for number in range(1, 10)
    ]
    assert len(found.refusals) == 1


def test_one_channel_alone_does_not_show_that_it_has_a_bus_path_of_its_own(
    machine: ScriptedMachine,
) -> None:
    plug_channels(machine, 2)
    machine.kernel.fail("open", errno.ENODEV)
    found = list_nodes(machine.machine)
    assert found.nodes == ()
    assert found.refusals[1].startswith(f"{machine.devices}/video1: its number at platform:vivid")
