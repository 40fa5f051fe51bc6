"""Which input, standard, format, size and rate a configuration means, of those that are offered."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from capture_hw.camera_config import V4l2CameraConfig
from capture_hw.error import DeviceLost
from capture_hw.v4l2.identity import wanted_place
from capture_hw.v4l2.number import Standard
from capture_hw.v4l2.offer import (
    NOMINAL_SIZE,
    FormatOffer,
    InputOffer,
    SizeOffer,
    Span,
    StandardOffer,
)

AUTO_ORDER: Final = ("H264", "GREY", "NV12", "YUYV", "MJPEG")
"""A stream that is copied costs least, then what needs least work to become luma."""
_ANALOG_ORDER: Final = ("H264", "NV12", "GREY", "YUYV", "MJPEG")
"""A decoder of analog video delivers limited range. GREY without a word on its range is taken for
full range and would lose a seventh of its contrast; NV12 is limited unless it says otherwise."""
_VARIANTS: Final = {
    "PAL": Standard.PAL,
    "NTSC": Standard.NTSC,
    "SECAM": Standard.SECAM,
}
_SEVERAL: Final = 2
_NEAR_FROM: Final = Fraction(3, 4)
_NEAR_TO: Final = Fraction(3, 2)
"""Sizes of 528x432 to 1056x864 are as good as another; outside, another format may be nearer."""
_ANY_SIZE: Final = SizeOffer(Span(16, 8192, 1), Span(16, 8192, 1), ())
"""Of a device that lists no sizes; what it takes is read back."""
_RATE_TOLERANCE: Final = Fraction(1, 100)
"""24.98 frames/s are 25."""


@dataclass(frozen=True, slots=True)
class PictureChoice:
    """What a device is to be told."""

    format: FormatOffer
    width: int
    height: int
    fps: Fraction
    """Listed by the device, or its video standard's, or the wished one if it lists none."""


def choose_input(
    config: V4l2CameraConfig, inputs: Sequence[InputOffer], present: int | None
) -> int | None:
    """Return the number of the input; the present one if none is configured.

    None of a device without numbered inputs. Raises DeviceLost, which names those that there are.
    """
    if config.input is None:
        return present
    for offer in inputs:
        if config.input in (offer.index, offer.name):
            return offer.index
    wanted = f'"{config.input}"' if isinstance(config.input, str) else config.input
    raise _refusal(config, f"input {wanted}", (f'{it.index} "{it.name}"' for it in inputs))


def input_doubt(
    config: V4l2CameraConfig, inputs: Sequence[InputOffer], present: int | None
) -> str | None:
    """Return a warning if which input is recorded depends on what was used last; None if not."""
    if config.input is not None or len(inputs) < _SEVERAL:
        return None
    name = next((it.name for it in inputs if it.index == present), "")
    return (
        f'input is not configured and there are {len(inputs)}; {present} "{name}" is recorded, and'
        " perhaps another one after a restart"
    )


def choose_standard(
    config: V4l2CameraConfig, standards: Sequence[StandardOffer]
) -> StandardOffer | None:
    """Return the configured video standard, narrowed to its variants; None if none is configured.

    Raises DeviceLost, which names those that the input has.
    """
    if config.standard is None:
        return None
    for offer in standards:
        variants = offer.id & _VARIANTS[config.standard]
        if variants:
            return StandardOffer(variants, offer.name, offer.fps, offer.lines)
    raise _refusal(config, f"standard {config.standard}", (it.name for it in standards))


def standard_of(number: int, standards: Sequence[StandardOffer]) -> StandardOffer | None:
    """Return the offered standard that a set of variants belongs to, if any."""
    return next((it for it in standards if it.id & number), None)


def choose_picture(
    config: V4l2CameraConfig,
    formats: Sequence[FormatOffer],
    standard_fps: Fraction | None = None,
) -> PictureChoice:
    """Return format, size and rate.

    A configured format, width or height is kept to the letter. Otherwise a choice is better if it
    is fast enough, then if its size is about the wanted one or 704x576, then by `AUTO_ORDER`, then
    by the nearest size and rate. `standard_fps` is the rate of an analog input's standard, which
    holds where the device lists no rates; NV12 comes before GREY there. Raises DeviceLost, which
    names what is offered.
    """
    allowed = AUTO_ORDER if config.pixel_format == "auto" else (config.pixel_format,)
    offered = [it for it in formats if it.name in allowed]
    if not offered:
        raise _refusal(config, "format " + " or ".join(allowed), (it.name for it in formats))
    choices = [
        choice
        for offer in offered
        for size in offer.sizes or (_ANY_SIZE,)
        if (choice := _choice(config, offer, size, standard_fps)) is not None
    ]
    if not choices:
        wanted = f"size {config.width or 'any'}x{config.height or 'any'}"
        sizes = (f"{it.name} {size_text(size)}" for it in offered for size in it.sizes)
        raise _refusal(config, wanted, sizes)
    order = AUTO_ORDER if standard_fps is None else _ANALOG_ORDER
    return min(choices, key=lambda it: _badness(config, it, order))


def size_text(size: SizeOffer) -> str:
    """Return a size or a range of them, for people."""
    widths, heights = size.widths, size.heights
    if widths.least == widths.most and heights.least == heights.most:
        return f"{widths.least}x{heights.least}"
    return f"{widths.least}x{heights.least} to {widths.most}x{heights.most}"


def _choice(
    config: V4l2CameraConfig, offer: FormatOffer, size: SizeOffer, standard_fps: Fraction | None
) -> PictureChoice | None:
    """Return the best of one size; None if a configured width or height is not in it."""
    width = size.widths.nearest(config.width or NOMINAL_SIZE[0])
    height = size.heights.nearest(config.height or NOMINAL_SIZE[1])
    if config.width not in (None, width) or config.height not in (None, height):
        return None
    wanted = Fraction(config.fps).limit_denominator(1001)
    listed = [min(max(wanted, it.slowest), it.fastest) for it in size.rates]
    fps = min(listed, key=lambda fps: _rate_badness(wanted, fps), default=standard_fps or wanted)
    return PictureChoice(offer, width, height, fps)


def _badness(
    config: V4l2CameraConfig, choice: PictureChoice, order: Sequence[str]
) -> tuple[object, ...]:
    wanted_fps = Fraction(config.fps).limit_denominator(1001)
    wanted = config.width or NOMINAL_SIZE[0], config.height or NOMINAL_SIZE[1]
    is_slow, fps_off = _rate_badness(wanted_fps, choice.fps)
    return (
        is_slow,
        fps_off if is_slow else 0,
        not _is_near(choice.width, wanted[0]) or not _is_near(choice.height, wanted[1]),
        choice.format.is_emulated,
        order.index(choice.format.name),
        abs(choice.width - wanted[0]) + abs(choice.height - wanted[1]),
        fps_off,
    )


def _rate_badness(wanted: Fraction, fps: Fraction) -> tuple[bool, Fraction]:
    return fps < wanted * (1 - _RATE_TOLERANCE), abs(fps - wanted)


def _is_near(value: int, wanted: int) -> bool:
    return _NEAR_FROM * wanted <= value <= _NEAR_TO * wanted


def _refusal(config: V4l2CameraConfig, wanted: str, offered: Iterable[str]) -> DeviceLost:
    names = ", ".join(offered) or "nothing"
    return DeviceLost(f"{wanted_place(config)}: has no {wanted}; it offers {names}")
