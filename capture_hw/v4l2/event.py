"""What a device says beside its pictures: its source has changed, the stream has ended."""

import errno
from ctypes import c_uint64
from typing import Final

from capture_hw.v4l2 import abi, request
from capture_hw.v4l2.node import Node
from capture_hw.v4l2.number import SRC_CH_RESOLUTION, EventKind, Standard

_AT_ONCE: Final = 16
"""More events than a driver queues; the rest is read with the next wake-up."""

_NAMES: Final = {
    "PAL": Standard.PAL | Standard.PAL_M | Standard.PAL_N | Standard.PAL_Nc | Standard.PAL_60,
    "NTSC": Standard.NTSC | Standard.NTSC_443,
    "SECAM": Standard.SECAM,
}


def subscribe_events(node: Node) -> None:
    """Ask for the events that end a stream; a driver that has none says so by an error number."""
    for kind in (EventKind.EOS, EventKind.SOURCE_CHANGE):
        wish = abi.EventSubscription(type=kind)
        node.asks(request.SUBSCRIBE_EVENT, wish, errno.EINVAL, errno.ENOTTY)


def ending_event(node: Node, standard: int | None) -> str | None:
    """Read the events that wait; return why the stream is of no use any more, None if it is.

    `standard` is the one that was set, of an analog input. Raises DeviceLost.
    """
    for _ in range(_AT_ONCE):
        event = abi.Event()
        if not node.asks(request.DQEVENT, event, errno.ENOENT, errno.EAGAIN):
            return None
        if event.type == EventKind.EOS:
            return "the stream has ended"
        if event.type == EventKind.SOURCE_CHANGE and (
            event.u.src_change.changes & SRC_CH_RESOLUTION
        ):
            if standard is None:
                return "the picture's size has changed"
            if (reason := _other_standard(node, standard)) is not None:
                return reason
    return None


def _other_standard(node: Node, standard: int) -> str | None:
    """Return which standard an analog input has changed to; None if to none that is known.

    A decoder tells of a changed source with each signal that it loses or finds; whether there is
    one is the signal watch's affair.
    """
    answer = c_uint64()
    # Some decoders cannot look while they stream. A needless second's gap is better than weeks of
    # a picture that does not hold still.
    blind = errno.EBUSY, errno.EINVAL, errno.ENODATA, errno.ENOTTY
    if not node.asks(request.QUERYSTD, answer, *blind):
        return "the picture's size or standard may have changed"
    detected = answer.value
    # A decoder that is not sure answers with none or with all that it knows.
    if not detected or detected & standard:
        return None
    return f"the standard has changed from {_name(standard)} to {_name(detected)}"


def _name(standard: int) -> str:
    names = [name for name, bits in _NAMES.items() if standard & bits]
    return " or ".join(names) or f"0x{standard:x}"
