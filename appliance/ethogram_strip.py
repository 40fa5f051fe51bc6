"""Behaviors over time as a line of colored cells in a terminal."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.text import Text

from appliance.behavior_color import COLORS
from inference.ethogram import CODE_NAMES

_CELL: Final = "█"


def strip(codes: NDArray[np.int64], width: int) -> Text:
    """Return `width` cells, each in the color of the code most frequent in its share of frames."""
    text = Text(no_wrap=True)
    for part in np.array_split(codes, min(width, len(codes))):
        code = int(np.bincount(part, minlength=len(CODE_NAMES)).argmax())
        text.append(_CELL, COLORS[code])
    return text


def key(names: Sequence[str] = CODE_NAMES) -> Text:
    """Return the line that says which color is which."""
    text = Text()
    for name, color in zip(names, COLORS, strict=False):
        text.append(f"{_CELL}{_CELL} ", color).append(f"{name}  ")
    return text
