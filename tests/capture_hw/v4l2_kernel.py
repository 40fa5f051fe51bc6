"""A kernel with scripted capture devices, which answers Video4Linux's requests.

It fills the same structures as Linux does and refuses what Linux refuses, with the same error
numbers: buffers belong to one descriptor, a busy queue cannot be changed, a full queue loses
frames and counts them, an unplugged device answers ENODEV to everything.
"""

import errno
import mmap
import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from capture_hw.v4l2 import request
from capture_hw.v4l2.kernel import Machine
from capture_hw.v4l2.number import SRC_CH_RESOLUTION, BufferFlag, EventKind
from capture_hw.v4l2.request import Request
from tests.capture_hw.v4l2_answer import ANSWERS, FREE
from tests.capture_hw.v4l2_device import ScriptedDevice

_REQUESTS: Final = {
    what.number: what for what in vars(request).values() if isinstance(what, Request)
}


@dataclass
class _Injection:
    code: int
    times: int


class ScriptedKernel:
    """Devices by their path; tests plug, unplug and let them take pictures, from any thread."""

    def __init__(self) -> None:
        self._devices: dict[Path, ScriptedDevice] = {}
        self._opened: dict[int, ScriptedDevice] = {}
        self._injections: dict[str, _Injection] = {}
        self._changed = threading.Condition()
        self._next_descriptor = 1000
        self.calls: list[str] = []
        """Every request by its name, for what a program must or must not ask."""
        self.before_open: deque[Callable[[], object]] = deque()
        """What happens just before the next calls of `open`, one for each."""

    # The face that the product sees.

    def open(self, path: Path) -> int:
        with self._changed:
            if self.before_open:
                self.before_open.popleft()()
            self._fail_if_told("open")
            device = self._devices.get(path)
            if device is None:
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
            self._next_descriptor += 1
            self._opened[self._next_descriptor] = device
            return self._next_descriptor

    def close(self, descriptor: int) -> None:
        with self._changed:
            device = self._device(descriptor)
            del self._opened[descriptor]
            if device.owner == descriptor:
                device.allot(0)
                device.owner = None

    def ioctl(self, descriptor: int, request: int, argument: Any) -> None:
        what = _REQUESTS[request]
        assert isinstance(argument, what.argument), f"{what.name}: {type(argument)}"
        with self._changed:
            self.calls.append(what.name)
            device = self._device(descriptor)
            self._fail_if_told(what.name)
            if device.is_unplugged:
                raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
            if what.name in FREE or device.owner in (None, descriptor):
                ANSWERS[what.name](device, argument, descriptor)
            else:
                raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))

    def map(self, descriptor: int, length: int, offset: int) -> mmap.mmap:
        with self._changed:
            self._fail_if_told("mmap")
            device = self._device(descriptor)
            if not any((it.offset, it.length) == (offset, length) for it in device.buffers):
                raise OSError(errno.EINVAL, "no such buffer")
            return mmap.mmap(device.memory, length, mmap.MAP_SHARED, offset=offset)

    def poll(self, descriptor: int, events: int, timeout_s: float) -> int:
        deadline_s = time.monotonic() + timeout_s
        with self._changed:
            while True:
                self._fail_if_told("poll")
                happened = self._events(self._device(descriptor)) & (
                    events | select.POLLERR | select.POLLHUP
                )
                left_s = deadline_s - time.monotonic()
                if happened or left_s <= 0:
                    return happened
                self._changed.wait(left_s)

    # What a test does to the devices.

    def plug(self, path: Path, device: ScriptedDevice) -> None:
        with self._changed:
            self._devices[path] = device

    def unplug(self, path: Path) -> None:
        with self._changed:
            self._devices.pop(path).is_unplugged = True
            self._changed.notify_all()

    def capture(
        self,
        device: ScriptedDevice,
        content: bytes,
        *,
        flags: int = 0,
        timestamp_ns: int | None = None,
    ) -> bool:
        """Let a device take a picture; False if it had no buffer for it."""
        with self._changed:
            is_kept = device.fill(content, flags=flags, timestamp_ns=timestamp_ns)
            self._changed.notify_all()
            return is_kept

    def skip(self, device: ScriptedDevice, frames: int) -> None:
        """Let a device lose frames before they reach a buffer."""
        with self._changed:
            device.sequence += frames

    def change_source(self, device: ScriptedDevice, changes: int = SRC_CH_RESOLUTION) -> None:
        with self._changed:
            device.tell(EventKind.SOURCE_CHANGE, changes)
            self._changed.notify_all()

    def end_stream(self, device: ScriptedDevice) -> None:
        """End as a device does that is told to: an event, an empty last buffer, then EPIPE."""
        with self._changed:
            device.tell(EventKind.EOS)
            device.fill(b"", flags=BufferFlag.LAST)
            device.has_ended = True
            self._changed.notify_all()

    def break_stream(self, device: ScriptedDevice) -> None:
        """Let the queue fail for good, until it is stopped: DQBUF says EIO."""
        with self._changed:
            device.has_fatal_error = True
            self._changed.notify_all()

    def fail(self, name: str, code: int, times: int = 1) -> None:
        """Let the next calls of one name fail: "open", "mmap", "poll" or a request's name."""
        with self._changed:
            self._injections[name] = _Injection(code, times)

    @contextmanager
    def taking(self, device: ScriptedDevice, content: bytes, fps: float = 25.0) -> Iterator[None]:
        """Let a device take the same picture on and on, at a pace, in a thread."""
        stop = threading.Event()

        def take() -> None:
            while not stop.wait(1 / fps):
                if device.streams:
                    self.capture(device, content)

        thread = threading.Thread(target=take, name="scripted card")
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def open_descriptors(self) -> int:
        with self._changed:
            return len(self._opened)

    def _device(self, descriptor: int) -> ScriptedDevice:
        if descriptor not in self._opened:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        return self._opened[descriptor]

    def _fail_if_told(self, name: str) -> None:
        injection = self._injections.get(name)
        if injection is not None and injection.times > 0:
            injection.times -= 1
            raise OSError(injection.code, os.strerror(injection.code))

    def _events(self, device: ScriptedDevice) -> int:
        if device.is_unplugged:
            return select.POLLERR | select.POLLHUP | select.POLLPRI
        happened = select.POLLPRI if device.events else 0
        if not device.streams or device.has_fatal_error:
            return happened | select.POLLERR
        is_readable = bool(device.done) or device.has_ended
        return happened | (select.POLLIN if is_readable else 0)


class ScriptedMachine:
    """Folders like /dev and /sys with the nodes of a scripted kernel."""

    def __init__(self, folder: Path) -> None:
        self.kernel: Final = ScriptedKernel()
        self.devices: Final = folder / "dev"
        self.sysfs: Final = folder / "sys"
        self.machine: Final = Machine(self.kernel, self.devices, self.sysfs)
        self._class: Final = self.sysfs / "class" / "video4linux"
        self._class.mkdir(parents=True)
        self.devices.mkdir()

    def plug(
        self,
        number: int,
        device: ScriptedDevice,
        *,
        index: int = 0,
        usb: str | None = "1-1",
        interface: str = "1.0",
        serial: str | None = None,
        parent: str | None = None,
    ) -> Path:
        """Plug a node in as /dev/video<number>, below USB port `usb` or on the PCI bus.

        `parent` is a platform device instead, which several devices may share.
        """
        path = self.devices / f"video{number}"
        path.touch()
        self.kernel.plug(path, device)
        folder = self.sysfs / "devices" / "platform" / str(parent)
        if parent is None:
            folder = self._parent(device, usb, interface, serial)
        node = folder / "video4linux" / path.name
        node.mkdir(parents=True)
        (node / "index").write_text(f"{index}\n")
        (node / "dev").write_text(f"81:{number}\n")
        (node / "device").symlink_to(folder)
        (self._class / path.name).symlink_to(node)
        return path

    def unplug(self, number: int) -> None:
        """Take a node away: its files, then the device under whoever has it open."""
        path = self.devices / f"video{number}"
        node = (self._class / path.name).resolve()
        (self._class / path.name).unlink()
        for file in node.iterdir():
            file.unlink()
        node.rmdir()
        if not any(node.parent.iterdir()):
            node.parent.rmdir()
        path.unlink()
        self.kernel.unplug(path)

    def _parent(
        self, device: ScriptedDevice, usb: str | None, interface: str, serial: str | None
    ) -> Path:
        bus = self.sysfs / "devices" / "pci0000:00" / "0000:00:14.0"
        if usb is None:
            card = bus.parent / device.bus_info.removeprefix("PCI:")
            card.mkdir(parents=True, exist_ok=True)
            return card
        hub = bus / "usb1"
        port = hub / usb
        function = port / f"{usb}:{interface}"
        function.mkdir(parents=True, exist_ok=True)
        (function / "bInterfaceClass").write_text("0e\n")
        (function / "bInterfaceSubClass").write_text("01\n")
        (hub / "idVendor").write_text("1d6b\n")
        (hub / "serial").write_text("0000:00:14.0\n")
        (port / "idVendor").write_text("32e4\n")
        if serial is None:
            (port / "serial").unlink(missing_ok=True)
        else:
            (port / "serial").write_text(f"{serial}\n")
        return function
