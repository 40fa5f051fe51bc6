"""Telling a device what to deliver, and reading back what it has taken."""

import errno
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from capture_hw.error import DeviceLost
from capture_hw.v4l2 import abi, request
from capture_hw.v4l2.node import Node
from capture_hw.v4l2.number import CAP_TIMEPERFRAME, BufferType, Field, SelectionTarget, fourcc_text

_WHOLE_PICTURES: Final[dict[int, str]] = {
    Field.NONE: "",
    Field.INTERLACED: " interlaced",
    Field.INTERLACED_TB: " interlaced, top field first",
    Field.INTERLACED_BT: " interlaced, bottom field first",
}
"""Field orders with both fields woven into one picture, or none, and how people call them."""
_PARTS: Final[dict[int, str]] = {
    Field.TOP: "top fields only",
    Field.BOTTOM: "bottom fields only",
    Field.SEQ_TB: "a picture's fields one after the other",
    Field.SEQ_BT: "a picture's fields one after the other",
    Field.ALTERNATE: "top and bottom fields in turn",
}


@dataclass(frozen=True, slots=True)
class TakenFormat:
    """What the driver has taken."""

    code: int
    """Its four-letter code."""
    width: int
    height: int
    field: int
    """One of `number.Field`."""
    stride_bytes: int
    size_bytes: int
    """Of a buffer."""
    quantization: int
    colorspace: int


def set_format(node: Node, kind: BufferType, code: int, width: int, height: int) -> TakenFormat:
    """Set pixel format and size; return what the driver made of it, perhaps of another size.

    Interlaced pictures are asked for with their fields woven; a device whose pictures are
    progressive says so. Raises DeviceLost, also for another format and for single fields.
    """
    wish = abi.Format(type=kind)
    fields = wish.fmt.pix if kind == BufferType.VIDEO_CAPTURE else wish.fmt.pix_mp
    fields.width, fields.height = width, height
    fields.pixelformat, fields.field = code, Field.INTERLACED
    # Rectangles that an earlier program, or an earlier size, has left stay through S_FMT; what is
    # outside of them is black.
    _reset_rectangle(node, SelectionTarget.CROP, SelectionTarget.CROP_DEFAULT)
    node.call(request.S_FMT, wish)
    _reset_rectangle(node, SelectionTarget.COMPOSE, SelectionTarget.COMPOSE_DEFAULT)
    node.call(request.G_FMT, wish)
    taken = _taken(node, wish)
    if taken.code != code:
        raise DeviceLost(
            f"{node.path}: was told {fourcc_text(code)} and set {fourcc_text(taken.code)}"
        )
    if taken.field not in _WHOLE_PICTURES:
        what = _PARTS.get(taken.field, f"fields in an unknown order, {taken.field}")
        raise DeviceLost(f"{node.path}: delivers {what}, and only whole pictures are recorded")
    return taken


def field_order(field: int) -> str:
    """Return how the fields lie in a picture, with a blank in front; "" if it has none."""
    return _WHOLE_PICTURES[field]


def set_rate(node: Node, kind: BufferType, fps: Fraction) -> Fraction:
    """Set the frames per second where they can be set; return what is in force.

    A driver without a word on it, or with a rate of 0, is believed to deliver what was asked for.
    Raises DeviceLost.
    """
    answer = abi.StreamParameters(type=kind)
    if not node.asks(request.G_PARM, answer, errno.EINVAL, errno.ENOTTY):
        return fps
    capture = answer.parm.capture
    if capture.capability & CAP_TIMEPERFRAME:
        capture.timeperframe.numerator = fps.denominator
        capture.timeperframe.denominator = fps.numerator
        node.call(request.S_PARM, answer)
    period = capture.timeperframe
    if not period.numerator or not period.denominator:
        return fps
    return Fraction(period.denominator, period.numerator)


def _reset_rectangle(node: Node, target: SelectionTarget, default: SelectionTarget) -> None:
    """Set a part of the source, or of the picture, to its default; most drivers have none.

    Source: Linux media documentation, ioctl VIDIOC_G_SELECTION: the single-planar type for both.
    """
    wish = abi.Selection(type=BufferType.VIDEO_CAPTURE, target=default)
    none = errno.EINVAL, errno.ENOTTY, errno.ENODATA
    if node.asks(request.G_SELECTION, wish, *none):
        wish.target = target
        node.asks(request.S_SELECTION, wish, *none)


def _taken(node: Node, answer: abi.Format) -> TakenFormat:
    pix, planes = answer.fmt.pix, answer.fmt.pix_mp
    if answer.type == BufferType.VIDEO_CAPTURE:
        row, described = pix, pix
    else:
        if planes.num_planes != 1:
            raise DeviceLost(
                f"{node.path}: spreads a picture over {planes.num_planes} buffers,"
                " and only one is read"
            )
        row, described = planes.plane_fmt[0], planes
    return TakenFormat(
        code=described.pixelformat,
        width=described.width,
        height=described.height,
        field=described.field,
        stride_bytes=row.bytesperline,
        size_bytes=row.sizeimage,
        quantization=described.quantization,
        colorspace=described.colorspace,
    )
