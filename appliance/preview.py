"""A camera's picture for people: in the terminal and as a PNG."""

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.style import Style
from rich.text import Text

from disk.durable_file import write_durably
from inference.crop import CropRectangle

_HALF_BLOCK: Final = "▀"
_FRAME_LEVEL: Final = 255
_SHADE: Final = 2
"""What the crop leaves out is shown half as bright."""
_BLACK, _SPAN = 16, 219
"""Limited range. Source: ITU-R BT.601-7, section 2.5.3."""


class PreviewError(Exception):
    """A picture cannot be written; one sentence."""


def shown(luma: NDArray[np.uint8], crop: CropRectangle | None) -> NDArray[np.uint8]:
    """Return full-range gray levels, with what lies outside of `crop` shaded and its edge drawn.

    A crop may reach beyond the picture or lie outside of it: what is inside is drawn. `luma` is
    limited range of shape (height, width); the result has its shape.
    """
    spread = (luma.astype(np.int32) - _BLACK) * 255 // _SPAN
    levels = np.clip(spread, 0, 255).astype(np.uint8)
    if crop is None:
        return levels
    shaded = levels // _SHADE
    height, width = levels.shape
    top, left = crop.top, crop.left
    bottom, right = min(top + crop.height, height), min(left + crop.width, width)
    if top >= bottom or left >= right:
        return shaded
    shaded[top:bottom, left:right] = levels[top:bottom, left:right]
    shaded[[top, bottom - 1], left:right] = _FRAME_LEVEL
    shaded[top:bottom, [left, right - 1]] = _FRAME_LEVEL
    return shaded


def picture_text(levels: NDArray[np.uint8], columns: int) -> Text:
    """Return a picture of gray levels as half blocks, `columns` wide, its aspect kept.

    A character shows two pixels, one above the other.
    """
    height, width = levels.shape
    columns = min(columns, width)
    rows = max(1, min(height, round(columns * height / width)) // 2)
    small = _averaged(levels, 2 * rows, columns)
    text = Text(no_wrap=True)
    for upper, lower in zip(small[::2], small[1::2], strict=True):
        for above, below in zip(upper.tolist(), lower.tolist(), strict=True):
            text.append(_HALF_BLOCK, _style(above, below))
        text.append("\n")
    return text


def write_png(path: Path, levels: NDArray[np.uint8]) -> None:
    """Write gray levels as a PNG, durably. Raises PreviewError."""
    # A lazy import: OpenCV costs a third of a second, and most previews are only looked at.
    import cv2

    encoded, content = cv2.imencode(".png", levels)
    assert encoded
    try:
        write_durably(path, content.tobytes())
    except OSError as error:
        raise PreviewError(f"{path}: cannot be written: {error.strerror}") from error


def _averaged(levels: NDArray[np.uint8], rows: int, columns: int) -> NDArray[np.uint8]:
    height, width = levels.shape
    down = np.add.reduceat(levels.astype(np.uint32), np.arange(rows) * height // rows, axis=0)
    both = np.add.reduceat(down, np.arange(columns) * width // columns, axis=1)
    heights = np.diff(np.append(np.arange(rows) * height // rows, height))
    widths = np.diff(np.append(np.arange(columns) * width // columns, width))
    return np.asarray(both // np.outer(heights, widths), np.uint8)


def _style(above: int, below: int) -> Style:
    return Style(color=_gray(above), bgcolor=_gray(below))


def _gray(level: int) -> str:
    """Return one of the 24 grays that nearly every terminal has, or black or white.

    Source: xterm's 256 colors: 232 to 255 are the levels 8, 18 ... 238; 16 is black, 231 white.
    """
    step = (level - 3) // 10
    if step < 0:
        return "color(16)"
    return f"color({232 + step})" if step < 24 else "color(231)"
