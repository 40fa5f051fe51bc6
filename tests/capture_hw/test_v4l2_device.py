"""Which device is which, whatever its number, through the kernel's face."""

import errno
from pathlib import Path

import pytest

from capture_hw.camera_config import V4l2CameraConfig
from capture_hw.error import DeviceLost
from capture_hw.v4l2.device import find_device, list_nodes, open_device
from capture_hw.v4l2.identity import Identity
from capture_hw.v4l2.kernel import Machine
from capture_hw.v4l2.node import Node, RequestRefused
from capture_hw.v4l2.number import (
    Cap,
)
from tests.capture_hw.v4l2_device import (
    ScriptedDevice,
)
from tests.capture_hw.v4l2_kernel import ScriptedMachine

USB = "usb-0000:00:14.0-"


@pytest.fixture
def machine(tmp_path: Path) -> ScriptedMachine:
    return ScriptedMachine(tmp_path)


def camera(card: str, port: int, **more: object) -> ScriptedDevice:
    return ScriptedDevice(card=card, bus_info=f"{USB}{port}", **more)  # type: ignore[arg-type]


def plug_two(machine: ScriptedMachine, first: int, second: int) -> None:
    """Cam A at port 1 and Cam B at port 2, whatever their numbers."""
    machine.plug(first, camera("Cam A", 1), usb="1-1", serial="1")
    machine.plug(second, camera("Cam B", 2), usb="1-2", serial="2")


def config(port: int = 1, **more: object) -> V4l2CameraConfig:
    return V4l2CameraConfig(driver="v4l2", device=f"{USB}{port}", **more)  # type: ignore[arg-type]


def refusal(machine: ScriptedMachine, wanted: V4l2CameraConfig) -> str:
    with pytest.raises(DeviceLost) as caught:
        find_device(wanted, machine.machine)
    return str(caught.value)


def test_a_device_keeps_its_identity_when_it_is_plugged_in_in_another_order(
    machine: ScriptedMachine,
) -> None:
    plug_two(machine, 0, 2)
    cage_1, cage_2 = config(1, card="Cam A", serial="1"), config(2, card="Cam B", serial="2")
    before = list_nodes(machine.machine)
    assert find_device(cage_1, machine.machine).name == "video0"
    assert find_device(cage_2, machine.machine).name == "video2"
    machine.unplug(0)
    machine.unplug(2)
    plug_two(machine, 2, 0)
    assert find_device(cage_1, machine.machine).name == "video2"
    assert find_device(cage_2, machine.machine).name == "video0"
    after = list_nodes(machine.machine)
    assert [it.identity for it in after.nodes] == [it.identity for it in before.nodes]


def test_another_device_in_its_place_is_refused_with_both_names(machine: ScriptedMachine) -> None:
    machine.plug(0, camera("Cam B", 1), usb="1-1", serial="2")
    assert refusal(machine, config(1, card="Cam A", serial="1")) == (
        'usb-0000:00:14.0-1 node 0: the configuration wants "Cam A" serial "1",'
        ' found "Cam B" serial "2"'
    )


def test_swapped_cables_say_where_the_wanted_device_is(machine: ScriptedMachine) -> None:
    machine.plug(0, camera("Cam", 2), usb="1-2", serial="1")
    machine.plug(1, camera("Cam", 1), usb="1-1", serial="2")
    assert refusal(machine, config(1, card="Cam", serial="1")) == (
        'usb-0000:00:14.0-1 node 0: the configuration wants "Cam" serial "1",'
        ' found "Cam" serial "2"; "Cam" serial "1" is at usb-0000:00:14.0-2 node 0'
    )


def test_the_serial_number_alone_tells_two_like_devices_apart(machine: ScriptedMachine) -> None:
    machine.plug(0, camera("Cam", 1), usb="1-1", serial="2")
    assert 'wants serial "1", found "Cam" serial "2"' in refusal(machine, config(1, serial="1"))
    assert find_device(config(1, serial="2"), machine.machine).name == "video0"


def test_a_device_without_a_serial_number_is_refused_if_one_is_wanted(
    machine: ScriptedMachine,
) -> None:
    """The number of the hub that it is plugged into is not its own."""
    machine.plug(0, camera("Cam", 1), usb="1-1", serial=None)
    assert list_nodes(machine.machine).nodes[0].identity.serial is None
    assert 'wants serial "1", found "Cam"' in refusal(machine, config(1, serial="1"))


def test_a_card_on_the_pci_bus_has_no_serial_number(machine: ScriptedMachine) -> None:
    machine.plug(0, ScriptedDevice(card="Grabber", bus_info="PCI:0000:03:00.0"), usb=None)
    (found,) = list_nodes(machine.machine).nodes
    assert found.identity == Identity("PCI:0000:03:00.0", 0, "Grabber", None)


def test_what_is_not_plugged_in_is_said_so(machine: ScriptedMachine, tmp_path: Path) -> None:
    assert refusal(machine, config(1, card="Cam A")) == (
        'usb-0000:00:14.0-1 node 0 ("Cam A"): not plugged in'
    )
    plug_two(machine, 0, 1)
    assert refusal(machine, config(3)) == "usb-0000:00:14.0-3 node 0: not plugged in"
    bare = Machine(machine.kernel, tmp_path / "dev", tmp_path / "no sysfs")
    assert list_nodes(bare).nodes == ()


def test_a_wanted_serial_number_elsewhere_is_told(machine: ScriptedMachine) -> None:
    plug_two(machine, 0, 1)
    assert refusal(machine, config(3, serial="2")) == (
        'usb-0000:00:14.0-3 node 0 (serial "2"): not plugged in;'
        ' "Cam B" serial "2" is at usb-0000:00:14.0-2 node 0'
    )


def test_only_capture_nodes_are_counted_in_the_order_of_the_driver(
    machine: ScriptedMachine,
) -> None:
    """A card with metadata, encoder and two capture nodes, numbered against their order."""
    metadata = camera("Cam A", 1, abilities=Cap.META_CAPTURE | Cap.STREAMING)
    encoder = camera("Cam A", 1, abilities=Cap.VIDEO_M2M_MPLANE | Cap.STREAMING)
    machine.plug(12, camera("Cam A", 1), index=0)
    machine.plug(9, metadata, index=1)
    machine.plug(8, encoder, index=2)
    machine.plug(3, camera("Cam A", 1), index=10)
    found = list_nodes(machine.machine)
    assert [(it.identity.node, it.path.name) for it in found.nodes] == [
        (0, "video12"),
        (1, "video3"),
    ]
    assert found.refusals == ()
    assert find_device(config(1, node=1), machine.machine).name == "video3"


def test_a_node_without_permission_is_one_sentence_and_hides_no_other(
    machine: ScriptedMachine,
) -> None:
    plug_two(machine, 0, 1)
    machine.kernel.fail("open", errno.EACCES)
    found = list_nodes(machine.machine)
    assert [it.identity.card for it in found.nodes] == ["Cam B"]
    assert found.refusals == (
        f"{machine.devices}/video0: open: permission denied; is this user in the group `video`?",
    )
    machine.kernel.fail("open", errno.EACCES)
    assert refusal(machine, config(1)) == (
        f"usb-0000:00:14.0-1 node 0: not plugged in; {machine.devices}/video0: open:"
        " permission denied; is this user in the group `video`?"
    )


def test_a_node_that_vanishes_while_it_is_asked_is_one_sentence(machine: ScriptedMachine) -> None:
    plug_two(machine, 0, 1)
    machine.kernel.fail("VIDIOC_QUERYCAP", errno.ENODEV)
    found = list_nodes(machine.machine)
    assert found.refusals == (f"{machine.devices}/video0: VIDIOC_QUERYCAP: the device is gone",)
    assert machine.kernel.open_descriptors() == 0


def test_the_opened_node_is_the_device_that_was_found(machine: ScriptedMachine) -> None:
    plug_two(machine, 0, 1)
    node = open_device(config(2, card="Cam B"), machine.machine)
    assert node.identification().card == "Cam B"
    node.close()
    node.close()
    assert machine.kernel.open_descriptors() == 0


def test_a_node_that_becomes_another_device_before_it_is_open_is_refused(
    machine: ScriptedMachine,
) -> None:
    plug_two(machine, 0, 1)

    def swap() -> None:
        machine.unplug(0)
        machine.unplug(1)
        plug_two(machine, 1, 0)

    asked_first = [lambda: None, lambda: None]
    machine.kernel.before_open.extend([*asked_first, swap])
    with pytest.raises(DeviceLost, match="-1 node 0: was plugged in again while it was opened"):
        open_device(config(1), machine.machine)
    assert machine.kernel.open_descriptors() == 0


def test_names_that_a_driver_wrote_badly_do_not_break_a_line(machine: ScriptedMachine) -> None:
    machine.plug(0, camera("Cam\n\x1b[31mA", 1))
    assert list_nodes(machine.machine).nodes[0].identity.card == "Cam??[31mA"


def test_a_request_that_a_signal_interrupts_is_done_again(machine: ScriptedMachine) -> None:
    node = Node(machine.plug(0, camera("Cam A", 1)), machine.kernel)
    machine.kernel.fail("VIDIOC_QUERYCAP", errno.EINTR, times=3)
    assert node.identification().card == "Cam A"
    machine.kernel.fail("VIDIOC_QUERYCAP", errno.EINTR, times=1000)
    with pytest.raises(DeviceLost, match="VIDIOC_QUERYCAP: interrupted 100 times"):
        node.identification()


def test_an_unplugged_device_is_lost_with_path_and_request(machine: ScriptedMachine) -> None:
    path = machine.plug(0, camera("Cam A", 1))
    node = Node(path, machine.kernel)
    machine.unplug(0)
    with pytest.raises(RequestRefused) as caught:
        node.input()
    assert str(caught.value) == f"{path}: VIDIOC_G_INPUT: the device is gone"
    assert caught.value.code == errno.ENODEV
    node.close()
    with pytest.raises(DeviceLost, match="is closed"):
        node.input()


def test_a_file_that_is_no_device_is_refused(tmp_path: Path) -> None:
    """Against Linux itself."""
    plain = tmp_path / "video0"
    plain.write_text("")
    node = Node(plain)
    with pytest.raises(DeviceLost, match="VIDIOC_QUERYCAP: the driver cannot do this"):
        node.identification()
    node.close()
    with pytest.raises(DeviceLost, match="open: there is no such device"):
        Node(tmp_path / "video1")


def test_looking_changes_nothing_and_needs_no_free_device(machine: ScriptedMachine) -> None:
    plug_two(machine, 0, 1)
    list_nodes(machine.machine)
    find_device(config(1), machine.machine)
    assert set(machine.kernel.calls) == {"VIDIOC_QUERYCAP"}
