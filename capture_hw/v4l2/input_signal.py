"""Whether a device's input sees a picture; a card without one delivers noise."""

import errno
import time
from typing import Final

from capture_hw.error import DeviceLost
from capture_hw.v4l2 import description, request
from capture_hw.v4l2.node import Node
from capture_hw.v4l2.number import InputStatus

_FAULTS: Final = {
    InputStatus.NO_POWER: "no power",
    InputStatus.NO_SIGNAL: "no signal",
    InputStatus.NO_H_LOCK: "no horizontal lock",
    InputStatus.NO_V_LOCK: "no vertical lock",
    InputStatus.NO_SYNC: "no synchronization",
}
"""Missing color is none: an infrared camera has no color. A decoder that finds no standard by
itself has been told which."""
_LOOK_NS: Final = 1_000_000_000
_LOOK_AGAIN_NS: Final = 200_000_000
_LOCKS_S: Final = 2.0
_LASTS_NS: Final = 1_000_000_000
"""A status that flickers must not cut a good recording."""


class SignalWatch:
    """Looks at the status of a node's present input about once a second; one thread at a time."""

    def __init__(self, node: Node, index: int | None) -> None:
        """`index` is the number of the present input; without one nothing is known."""
        self._node: Final = node
        self._index: Final = index
        self._next_look_ns = 0
        self._bad_since_ns: int | None = None

    def fault(self, now_ns: int) -> str | None:
        """Return what has been wrong for a second; None if nothing or if it is too early to say.

        Raises DeviceLost.
        """
        if self._index is None or now_ns < self._next_look_ns:
            return None
        fault = input_fault(self._node, self._index)
        self._next_look_ns = now_ns + (_LOOK_AGAIN_NS if fault else _LOOK_NS)
        if fault is None:
            self._bad_since_ns = None
            return None
        if self._bad_since_ns is None:
            self._bad_since_ns = now_ns
        return fault if now_ns - self._bad_since_ns >= _LASTS_NS else None


def await_signal(node: Node, index: int) -> None:
    """Wait until the present input has a signal: a decoder needs some fields to find it.

    Raises DeviceLost after 2 s.
    """
    deadline_s = time.monotonic() + _LOCKS_S
    while (fault := input_fault(node, index)) is not None:
        if time.monotonic() >= deadline_s:
            raise DeviceLost(f"{node.path}: {fault} on input {index}")
        time.sleep(_LOOK_AGAIN_NS / 1e9)


def input_fault(node: Node, index: int) -> str | None:
    """Return what is wrong with the signal of the present input; None if nothing is known.

    Source: Linux media documentation, ioctl VIDIOC_ENUMINPUT, "Input Status Flags". Raises
    DeviceLost.
    """
    answer = description.InputDescription(index=index)
    if not node.asks(request.ENUMINPUT, answer, errno.EINVAL, errno.ENOTTY):
        return None
    status = InputStatus(answer.status)
    return next((fault for flag, fault in _FAULTS.items() if status & flag), None)
