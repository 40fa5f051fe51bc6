"""The system calls that a device node needs."""

import fcntl
import mmap
import os
import select
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol


class Kernel(Protocol):
    """Linux, or in tests a kernel with scripted devices; every call may raise OSError."""

    def open(self, path: Path) -> int:
        """Open a node for reading and writing, without waiting; return its descriptor."""

    def close(self, descriptor: int) -> None:
        """Close a descriptor."""

    def ioctl(self, descriptor: int, request: int, argument: Any) -> None:
        """Do one request; `argument` is a ctypes object that is read and written in place."""

    def map(self, descriptor: int, length: int, offset: int) -> mmap.mmap:
        """Map a buffer of the driver."""

    def poll(self, descriptor: int, events: int, timeout_s: float) -> int:
        """Wait for events of `select.poll`; return those that came, 0 after `timeout_s`."""


class LinuxKernel:
    """The kernel itself."""

    def open(self, path: Path) -> int:
        """Open a node for reading and writing, without waiting."""
        return os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def close(self, descriptor: int) -> None:
        """Close a descriptor."""
        os.close(descriptor)

    def ioctl(self, descriptor: int, request: int, argument: Any) -> None:
        """Do one request."""
        fcntl.ioctl(descriptor, request, argument)

    def map(self, descriptor: int, length: int, offset: int) -> mmap.mmap:
        """Map a buffer of the driver, shared."""
        # Writable, though only read: ctypes and numpy take writable buffers without a copy, and
        # some drivers refuse a mapping that is read-only.
        return mmap.mmap(
            descriptor, length, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE, offset=offset
        )

    def poll(self, descriptor: int, events: int, timeout_s: float) -> int:
        """Wait for events."""
        poller = select.poll()
        poller.register(descriptor, events)
        happened = poller.poll(max(0, int(timeout_s * 1000)))
        return happened[0][1] if happened else 0


@dataclass(frozen=True, slots=True)
class Machine:
    """Where devices are looked for."""

    kernel: Kernel = field(default_factory=LinuxKernel)
    devices: Path = Path("/dev")
    sysfs: Path = Path("/sys")
