"""Whether a camera's picture is fit to record a mouse: exposure, focus, framing."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from appliance.probe import CheckRow
from capture_hw.camera import CameraFormat
from capture_hw.picture_measure import BRIGHT_LEVEL, DARK_LEVEL, Luma, Measures, measure
from capture_hw.reference import Reference, ReferenceUnusable, compare
from inference.crop import CropRectangle

_DARKEST, _BRIGHTEST = 45.0, 190.0
"""Mean luma. The network was trained on pictures between; its contrast table ends at 162."""
_MOST_BRIGHT: Final = 0.15
_MOST_DARK: Final = 0.6
_LEAST_SHARP: Final = 0.06
"""A lens turned far out of focus; simulated cages have 0.1 to 0.3."""
_SLOW: Final = 0.98
"""Of the nominal rate: two frames in a hundred are counting noise in five seconds."""


def verdicts(
    camera_format: CameraFormat,
    captured_ns: Sequence[int],
    luma: Luma,
    reference: Reference | None,
    crop: CropRectangle | None,
) -> list[CheckRow]:
    """Return a row for each thing that was looked at.

    `captured_ns` are the moments of at least two successive pictures, `luma` is one of them.
    """
    figures = measure(luma)
    return [
        _rate(camera_format, captured_ns),
        _exposure(figures),
        _focus(luma, figures, reference),
        _framing(luma, reference),
        _crop(luma, crop),
    ]


def _rate(camera_format: CameraFormat, captured_ns: Sequence[int]) -> CheckRow:
    intervals = np.diff(captured_ns)
    fps = 1e9 / float(intervals.mean())
    longest_ms = float(intervals.max()) / 1e6
    size = f"{camera_format.width}x{camera_format.height}"
    text = f"{size}, {fps:.2f} of {camera_format.fps:g} frames/s, longest pause {longest_ms:.0f} ms"
    return CheckRow("pictures", "ok" if fps >= _SLOW * camera_format.fps else "failed", text)


def _exposure(figures: Measures) -> CheckRow:
    text = (
        f"mean luma {figures.mean_luma:.0f}, {figures.bright_part:.1%} above {BRIGHT_LEVEL}, "
        f"{figures.dark_part:.1%} below {DARK_LEVEL + 1}"
    )
    if figures.mean_luma < _DARKEST or figures.dark_part > _MOST_DARK:
        return CheckRow("exposure", "failed", f"too dark: {text}")
    if figures.mean_luma > _BRIGHTEST or figures.bright_part > _MOST_BRIGHT:
        return CheckRow("exposure", "failed", f"too bright: {text}")
    return CheckRow("exposure", "ok", text)


def _focus(luma: Luma, figures: Measures, reference: Reference | None) -> CheckRow:
    text = f"sharpness {figures.sharpness:.3f}"
    if reference is not None:
        try:
            focus = compare(luma, reference).focus
        except ReferenceUnusable:
            return CheckRow("focus", "warning", f"{text}; the reference does not fit")
        text += f", {focus:.0%} of the reference"
        is_sharp = focus >= reference.limits.least_focus
        return CheckRow("focus", "ok" if is_sharp else "failed", text)
    return CheckRow("focus", "ok" if figures.sharpness >= _LEAST_SHARP else "failed", text)


def _framing(luma: Luma, reference: Reference | None) -> CheckRow:
    if reference is None:
        return CheckRow("framing", "ok", "no reference to compare with; look at the picture")
    try:
        found = compare(luma, reference)
    except ReferenceUnusable as error:
        return CheckRow("framing", "warning", str(error))
    text = f"moved by {found.shift_px:.0f} px, likeness {found.likeness:.2f} with the reference"
    limits = reference.limits
    is_same = found.shift_px < limits.longest_shift_px and found.likeness >= limits.least_likeness
    return CheckRow("framing", "ok" if is_same else "failed", text)


def _crop(luma: Luma, crop: CropRectangle | None) -> CheckRow:
    height, width = luma.shape
    if crop is None:
        return CheckRow("crop", "ok", "the rig's own region")
    text = f"{crop.width}x{crop.height} at {crop.left}, {crop.top}"
    if crop.left + crop.width > width or crop.top + crop.height > height:
        return CheckRow("crop", "failed", f"{text} reaches beyond the picture of {width}x{height}")
    return CheckRow("crop", "ok", text)
