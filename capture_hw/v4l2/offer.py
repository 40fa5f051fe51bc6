"""What a node offers: inputs, video standards, pixel formats, sizes and frame rates."""

import errno
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, TypeVar

from capture_hw.v4l2 import description, request
from capture_hw.v4l2.node import Node, text
from capture_hw.v4l2.number import (
    IN_CAP_STD,
    BufferType,
    FormatFlag,
    InputKind,
    InputStatus,
    SizeKind,
    fourcc_text,
)
from capture_hw.v4l2.request import Request

NOMINAL_SIZE: Final = 704, 576
"""Width and height of the pictures that this program was made for."""
_MOST: Final = 256
"""A driver that lists more of one kind does not count."""
_ENDS: Final = (errno.EINVAL, errno.ENOTTY, errno.ENODATA)
_NAMES: Final = {"MJPG": "MJPEG", "JPEG": "MJPEG"}
"""Of the configuration, where it is not the four-letter code."""
_Description = TypeVar("_Description")


@dataclass(frozen=True, slots=True)
class InputOffer:
    """One input."""

    index: int
    name: str
    kind: str
    has_standards: bool
    """An analog one, whose video standard can be set."""
    status: tuple[str, ...]
    """What is wrong with its signal; only the present input's is known."""


@dataclass(frozen=True, slots=True)
class StandardOffer:
    """One video standard of the present input."""

    id: int
    """A set of `number.Standard`."""
    name: str
    fps: Fraction
    lines: int


@dataclass(frozen=True, slots=True)
class Span:
    """Values from `least` to `most` in steps."""

    least: int
    most: int
    step: int

    def nearest(self, wanted: int) -> int:
        """Return the value of the span that is nearest to a wanted one."""
        clamped = min(max(wanted, self.least), self.most)
        below = self.least + (clamped - self.least) // self.step * self.step
        above = below + self.step
        return above if above <= self.most and above - clamped < clamped - below else below


@dataclass(frozen=True, slots=True)
class RateRange:
    """Frame rates, frames/s; most devices list single ones."""

    slowest: Fraction
    fastest: Fraction


@dataclass(frozen=True, slots=True)
class SizeOffer:
    """A size or a range of them, with its frame rates."""

    widths: Span
    heights: Span
    rates: tuple[RateRange, ...]
    """Of a range: at its size nearest to 704x576. Empty: the device does not say."""


@dataclass(frozen=True, slots=True)
class FormatOffer:
    """One pixel format."""

    name: str
    """As in the configuration; a four-letter code if that has no word for it."""
    code: int
    description: str
    is_emulated: bool
    """Made by software in the driver's library."""
    sizes: tuple[SizeOffer, ...]


def list_inputs(node: Node) -> tuple[InputOffer, ...]:
    """Return the inputs; none if the device does not number them."""
    return tuple(
        InputOffer(
            index=it.index,
            name=text(it.name),
            kind=_input_kind(it.type),
            has_standards=bool(it.capabilities & IN_CAP_STD),
            status=tuple(
                str(flag.name).lower().replace("_", " ")
                for flag in InputStatus
                if flag & it.status and "NO_" in str(flag.name)
            ),
        )
        for it in _listed(
            node, request.ENUMINPUT, lambda at: description.InputDescription(index=at)
        )
    )


def list_standards(node: Node) -> tuple[StandardOffer, ...]:
    """Return the video standards of the present input; none if it is digital."""
    return tuple(
        StandardOffer(
            id=it.id,
            name=text(it.name),
            fps=_fps(it.frameperiod) or Fraction(0),
            lines=it.framelines,
        )
        for it in _listed(
            node, request.ENUMSTD, lambda at: description.StandardDescription(index=at)
        )
    )


def list_formats(node: Node, kind: BufferType) -> tuple[FormatOffer, ...]:
    """Return the pixel formats at the present input and standard."""
    described = _listed(
        node, request.ENUM_FMT, lambda at: description.FormatDescription(index=at, type=kind)
    )
    return tuple(
        FormatOffer(
            name=_NAMES.get(fourcc_text(it.pixelformat), fourcc_text(it.pixelformat)),
            code=it.pixelformat,
            description=text(it.description),
            is_emulated=bool(it.flags & FormatFlag.EMULATED),
            sizes=tuple(_sizes(node, it.pixelformat)),
        )
        for it in list(described)
    )


def _sizes(node: Node, code: int) -> Iterator[SizeOffer]:
    for it in _listed(
        node,
        request.ENUM_FRAMESIZES,
        lambda at: description.SizeDescription(index=at, pixel_format=code),
    ):
        if it.type == SizeKind.DISCRETE:
            width, height = it.discrete.width, it.discrete.height
            widths, heights = Span(width, width, 1), Span(height, height, 1)
        else:
            step = it.stepwise
            widths = Span(step.min_width, step.max_width, step.step_width or 1)
            heights = Span(step.min_height, step.max_height, step.step_height or 1)
        sample = widths.nearest(NOMINAL_SIZE[0]), heights.nearest(NOMINAL_SIZE[1])
        yield SizeOffer(widths, heights, tuple(_rates(node, code, *sample)))
        if it.type != SizeKind.DISCRETE:
            return  # a range is the only answer that a driver gives


def _rates(node: Node, code: int, width: int, height: int) -> Iterator[RateRange]:
    for it in _listed(
        node,
        request.ENUM_FRAMEINTERVALS,
        lambda at: description.IntervalDescription(
            index=at, pixel_format=code, width=width, height=height
        ),
    ):
        is_single = it.type == SizeKind.DISCRETE
        fastest = _fps(it.discrete if is_single else it.stepwise.min)
        slowest = _fps(it.discrete if is_single else it.stepwise.max)
        if fastest and slowest:
            yield RateRange(slowest, fastest)
        if not is_single:
            return


def _listed(
    node: Node, what: Request, described: Callable[[int], _Description]
) -> Iterator[_Description]:
    """Yield descriptions until the driver has no more."""
    for index in range(_MOST):
        answer = described(index)
        if not node.asks(what, answer, *_ENDS):
            return
        yield answer


def _fps(period: Any) -> Fraction | None:
    """Return frames/s of a time per frame; None if it is no time."""
    if not period.numerator or not period.denominator:
        return None
    return Fraction(period.denominator, period.numerator)


def _input_kind(kind: int) -> str:
    names = {InputKind.TUNER: "tuner", InputKind.CAMERA: "camera", InputKind.TOUCH: "touch"}
    return names.get(InputKind(kind), "unknown") if kind in set(InputKind) else "unknown"
