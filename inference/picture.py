"""The luma of a decoded frame."""

import re
from dataclasses import dataclass
from typing import Final

import av
import numpy as np
from numpy.typing import NDArray

from inference.preprocessing import Gray

_PLANAR_8_BIT: Final = re.compile(r"(yuv[aj]?4\d\dp|nv(12|16|21|24)|gray)$")
_PLANAR_DEEP: Final = re.compile(r"(yuva?4\d\dp|gray)(9|10|12|14|16)le$")
_FULL_RANGE_TAG: Final = 2  # AVCOL_RANGE_JPEG, libavutil/pixfmt.h


@dataclass(frozen=True, slots=True)
class Picture:
    """The luma plane (height, width) of a frame, borrowed from the decoder's buffer."""

    luma: Gray
    full_range: bool


def picture_of(frame: av.VideoFrame) -> Picture:
    """Return the luma of a decoded frame, whatever its pixel format."""
    name = frame.format.name
    full_range = frame.color_range == _FULL_RANGE_TAG or name.startswith(("yuvj", "gray"))
    if _PLANAR_8_BIT.match(name):
        return Picture(_plane(frame, np.dtype(np.uint8)).view(np.uint8), full_range)
    if deep := _PLANAR_DEEP.match(name):
        shift = int(deep[2]) - 8
        levels = _plane(frame, np.dtype("<u2")).astype(np.uint32)
        rounded = np.minimum((levels + (1 << (shift - 1))) >> shift, 255).astype(np.uint8)
        return Picture(rounded, full_range)
    gray = frame.reformat(format="gray")  # libswscale expands to full range
    return Picture(_plane(gray, np.dtype(np.uint8)).view(np.uint8), full_range=True)


def _plane(frame: av.VideoFrame, kind: np.dtype[np.generic]) -> NDArray[np.generic]:
    plane = frame.planes[0]
    samples = np.frombuffer(plane, kind)  # type: ignore[call-overload]
    rows: NDArray[np.generic] = samples.reshape(-1, plane.line_size // kind.itemsize)
    return rows[: frame.height, : frame.width]
