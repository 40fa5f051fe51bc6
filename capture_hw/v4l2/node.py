"""An open device node: typed requests, errors translated, no policy."""

import errno
import mmap
import os
from collections.abc import Callable
from contextlib import suppress
from ctypes import c_int, c_uint64
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from capture_hw.error import DeviceLost
from capture_hw.v4l2 import description, request
from capture_hw.v4l2.kernel import Kernel, LinuxKernel
from capture_hw.v4l2.number import BufferType, Cap
from capture_hw.v4l2.request import Request

_INTERRUPTED_TIMES: Final = 100
"""A driver that is interrupted more often than this in one request is not answering."""
_MEANINGS: Final = {
    errno.ENODEV: "the device is gone",
    errno.ENXIO: "the device is gone",
    errno.ENOENT: "there is no such device",
    errno.EACCES: "permission denied; is this user in the group `video`?",
    errno.EPERM: "permission denied; is this user in the group `video`?",
    errno.EBUSY: "the device is busy; another program uses it",
    errno.ENOTTY: "the driver cannot do this",
    errno.EIO: "the device reports a fault",
    errno.ENOSPC: "the bus has no room for this stream; use another USB port or a smaller picture",
}
_Answer = TypeVar("_Answer")


class RequestRefused(DeviceLost):
    """The driver does not take one request; `code` is the error number."""

    def __init__(self, sentence: str, code: int) -> None:
        super().__init__(sentence)
        self.code: Final = code


@dataclass(frozen=True, slots=True)
class Identification:
    """What a node says that it is."""

    driver: str
    card: str
    bus_info: str
    abilities: Cap
    """Of this node, not of the whole device."""

    @property
    def captures(self) -> bool:
        """Whether it delivers pictures from outside; not an output, encoder or metadata node."""
        converts = self.abilities & (Cap.VIDEO_M2M | Cap.VIDEO_M2M_MPLANE)
        is_source = self.abilities & (Cap.VIDEO_CAPTURE | Cap.VIDEO_CAPTURE_MPLANE)
        return bool(is_source) and not converts and not self.abilities & Cap.TOUCH

    @property
    def buffer_type(self) -> BufferType:
        """Single-planar where the node offers both."""
        if self.abilities & Cap.VIDEO_CAPTURE:
            return BufferType.VIDEO_CAPTURE
        return BufferType.VIDEO_CAPTURE_MPLANE


class Node:
    """An open `/dev/videoN`; one thread at a time uses it.

    Every method raises RequestRefused (a DeviceLost) with path and request in its sentence.
    """

    def __init__(self, path: Path, kernel: Kernel | None = None) -> None:
        """Open it, without waiting; raises DeviceLost."""
        self.path: Final = path
        self._kernel: Final[Kernel] = kernel or LinuxKernel()
        self._descriptor: int | None = None
        self._descriptor = self._translated("open", lambda: self._kernel.open(path))

    def close(self) -> None:
        """Close it, which also ends a stream; raises nothing, safe to call twice."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            # Linux closes a descriptor whatever it answers, so there is nothing to do again.
            with suppress(OSError):
                self._kernel.close(descriptor)

    def call(self, what: Request, argument: Any) -> None:
        """Do one request; `argument` is of the request's type and is written to."""
        assert isinstance(argument, what.argument)
        descriptor = self._opened()
        self._translated(what.name, lambda: self._kernel.ioctl(descriptor, what.number, argument))

    def asks(self, what: Request, argument: Any, *ends: int) -> bool:
        """Do one request; False if the driver answers with one of the error numbers `ends`."""
        try:
            self.call(what, argument)
        except RequestRefused as error:
            if error.code in ends:
                return False
            raise
        return True

    def map(self, length: int, offset: int) -> mmap.mmap:
        """Map a buffer of the driver."""
        descriptor = self._opened()
        return self._translated("mmap", lambda: self._kernel.map(descriptor, length, offset))

    def poll(self, events: int, timeout_s: float) -> int:
        """Wait for events of `select.poll`; return those that came, 0 after `timeout_s`."""
        descriptor = self._opened()
        return self._translated("poll", lambda: self._kernel.poll(descriptor, events, timeout_s))

    def identification(self) -> Identification:
        """Ask what the node is."""
        answer = description.Capability()
        self.call(request.QUERYCAP, answer)
        whole, of_node = int(answer.capabilities), int(answer.device_caps)
        return Identification(
            driver=text(answer.driver),
            card=text(answer.card),
            bus_info=text(answer.bus_info),
            abilities=Cap(of_node if whole & Cap.DEVICE_CAPS else whole),
        )

    def input(self) -> int:
        """Return the number of the present input."""
        answer = c_int()
        self.call(request.G_INPUT, answer)
        return answer.value

    def set_input(self, index: int) -> None:
        """Switch to an input."""
        self.call(request.S_INPUT, c_int(index))

    def standard(self) -> int:
        """Return the present standard, a set of `number.Standard`."""
        answer = c_uint64()
        self.call(request.G_STD, answer)
        return answer.value

    def set_standard(self, standard: int) -> None:
        """Switch to a standard."""
        self.call(request.S_STD, c_uint64(standard))

    def _opened(self) -> int:
        if self._descriptor is None:
            raise DeviceLost(f"{self.path}: is closed")
        return self._descriptor

    def _translated(self, name: str, act: Callable[[], _Answer]) -> _Answer:
        """Do one system call, again if a signal interrupted it."""
        for _ in range(_INTERRUPTED_TIMES):
            try:
                return act()
            except InterruptedError:
                continue
            except OSError as error:
                code = error.errno or 0
                meaning = _MEANINGS.get(code, os.strerror(code))
                raise RequestRefused(f"{self.path}: {name}: {meaning}", code) from error
        raise DeviceLost(f"{self.path}: {name}: interrupted {_INTERRUPTED_TIMES} times")


def text(field: bytes) -> str:
    """Return a name that a driver wrote, without control characters."""
    letters = field.decode("utf-8", "replace")
    return "".join(letter if letter.isprintable() else "?" for letter in letters).strip()
