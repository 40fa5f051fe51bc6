"""Opening a configured device and setting it: input, standard, format, size, rate, controls."""

import logging
import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, cast

from capture_hw.camera_config import V4l2CameraConfig
from capture_hw.error import DeviceLost
from capture_hw.v4l2.choice import (
    choose_input,
    choose_picture,
    choose_standard,
    input_doubt,
    standard_of,
)
from capture_hw.v4l2.control import named_control, set_control
from capture_hw.v4l2.device import open_device
from capture_hw.v4l2.identity import wanted_place
from capture_hw.v4l2.input_signal import await_signal
from capture_hw.v4l2.kernel import Machine
from capture_hw.v4l2.node import Node
from capture_hw.v4l2.number import BufferType, Cap, Field
from capture_hw.v4l2.offer import StandardOffer, list_formats, list_inputs, list_standards
from capture_hw.v4l2.picture import PictureLayout, PixelFormatName, is_full_range
from capture_hw.v4l2.setting import TakenFormat, field_order, set_format, set_rate

_BRIDGED_S: Final = 0.5
"""How long the capture thread may not come to read without a frame being lost. Ten encoding threads
on two cores were late by at most 0.074 s as measured; other load on the machine adds to that."""
_FEWEST, _MOST = 4, 32
"""Four let a slow camera's driver work ahead; 32 is VIDEO_MAX_FRAME of linux/videodev2.h."""
_MOST_BYTES: Final = 64_000_000
_LINES_OF_NTSC: Final = 525
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SetDevice:
    """An open device that is ready to stream; close its node."""

    node: Node
    driver: str
    """The kernel's name of it."""
    kind: BufferType
    input: int | None
    """The number of its input, None if it numbers none."""
    standard: int | None
    """The analog standard in force, a set of `number.Standard`."""
    layout: PictureLayout
    fps: Fraction
    buffers: int
    """How many to ask for."""
    source: str
    """One line for people."""


def open_set_device(config: V4l2CameraConfig, machine: Machine) -> SetDevice:
    """Find the configured device, open it and set it.

    Raises DeviceLost: not there, another one, or one sentence on what it refuses.
    """
    node = open_device(config, machine)
    try:
        return _set(node, config)
    except DeviceLost:
        node.close()
        raise


@dataclass(frozen=True, slots=True)
class _Source:
    """Where a node's pictures come from."""

    input: int | None
    name: str | None
    standard: StandardOffer | None


def _set(node: Node, config: V4l2CameraConfig) -> SetDevice:
    it = node.identification()
    if not it.abilities & Cap.STREAMING:
        raise DeviceLost(f"{node.path}: cannot stream")
    source = _set_source(node, config)
    pixel_format, taken, fps = _set_picture(node, it.buffer_type, config, source.standard)
    _set_controls(node, config)
    words = [
        f"v4l2 {wanted_place(config)} ({it.card})",
        source.name,
        source.standard.name if source.standard else None,
        f"{pixel_format} {taken.width}x{taken.height}{_fields(taken, source.standard)}",
    ]
    return SetDevice(
        node=node,
        driver=it.driver,
        kind=it.buffer_type,
        input=source.input,
        standard=node.standard() if source.standard else None,
        layout=PictureLayout(
            pixel_format=pixel_format,
            width=taken.width,
            height=taken.height,
            stride_bytes=taken.stride_bytes,
            is_full_range=is_full_range(pixel_format, taken.quantization, taken.colorspace),
        ),
        fps=fps,
        buffers=_buffers(fps, taken.size_bytes),
        source=", ".join(word for word in words if word),
    )


def _set_source(node: Node, config: V4l2CameraConfig) -> _Source:
    """Set input and standard, and wait for a signal: what is offered depends on both."""
    inputs = list_inputs(node)
    index = choose_input(config, inputs, node.input() if inputs else None)
    doubt = input_doubt(config, inputs, index)
    if doubt is not None:
        _log.warning("%s: %s", wanted_place(config), doubt)
    if index is not None and config.input is not None:
        node.set_input(index)
    standard = _set_standard(node, config)
    if index is not None:
        await_signal(node, index)
    name = next((it.name for it in inputs if it.index == index), None)
    return _Source(index, name, standard)


def _set_picture(
    node: Node, kind: BufferType, config: V4l2CameraConfig, standard: StandardOffer | None
) -> tuple[PixelFormatName, TakenFormat, Fraction]:
    """Set format, size and rate; return what is in force. A configured size is kept to."""
    choice = choose_picture(config, list_formats(node, kind), standard.fps if standard else None)
    taken = set_format(node, kind, choice.format.code, choice.width, choice.height)
    if config.width not in (None, taken.width) or config.height not in (None, taken.height):
        raise DeviceLost(
            f"{node.path}: was told {choice.width}x{choice.height}"
            f" and set {taken.width}x{taken.height}"
        )
    fps = set_rate(node, kind, choice.fps)
    return cast("PixelFormatName", choice.format.name), taken, fps


def _set_standard(node: Node, config: V4l2CameraConfig) -> StandardOffer | None:
    """Set the configured video standard; return the one in force, None of a digital input."""
    standards = list_standards(node)
    wanted = choose_standard(config, standards)
    if wanted is not None:
        node.set_standard(wanted.id)
    return standard_of(node.standard(), standards) if standards else None


def _set_controls(node: Node, config: V4l2CameraConfig) -> None:
    """Set each control and read it back: what is not taken to the letter is refused."""
    for name, value in config.controls.items():
        taken = set_control(node, named_control(node, name), value)
        if taken != value:
            raise DeviceLost(f"{node.path}: control {name} = {value}: the device made it {taken}")


def _fields(taken: TakenFormat, standard: StandardOffer | None) -> str:
    """Return how the fields lie in a picture, for people.

    Source: Linux media documentation, "Field Order": of V4L2_FIELD_INTERLACED the standard says
    which field is older, in M/NTSC the bottom one, in all others the top one.
    """
    order = field_order(taken.field)
    if taken.field != Field.INTERLACED or standard is None:
        return order
    first = "bottom" if standard.lines == _LINES_OF_NTSC else "top"
    return f"{order}, {first} field first"


def _buffers(fps: Fraction, size_bytes: int) -> int:
    wanted = min(_MOST, math.ceil(fps * Fraction(_BRIDGED_S)))
    return max(_FEWEST, min(wanted, _MOST_BYTES // max(1, size_bytes)))
