"""The luma of a decoded frame as every camera delivers it: limited range, even size."""

import re
from typing import Final

import av
import numpy as np
from av.video.reformatter import ColorRange
from numpy.typing import NDArray

_PLANAR_8_BIT: Final = re.compile(r"(yuv[aj]?4\d\dp|nv(12|16|21|24)|gray)$")
_PLANAR_DEEP: Final = re.compile(r"(yuva?4\d\dp|gray)(9|10|12|14|16)le$")
_BLACK, _SPAN = 16, 219
"""Source: ITU-R BT.601-7, section 2.5.3."""
_FROM_FULL_RANGE: Final = (_BLACK + np.arange(256) * _SPAN / 255 + 0.5).astype(np.uint8).tobytes()


def limited_luma(frame: av.VideoFrame) -> NDArray[np.uint8]:
    """Return a new array (height, width) of limited-range luma; odd sizes lose a row or column."""
    name = frame.format.name
    if _PLANAR_8_BIT.match(name):
        luma = _plane(frame, np.dtype(np.uint8)).view(np.uint8)
    elif deep := _PLANAR_DEEP.match(name):
        luma = _rounded(_plane(frame, np.dtype("<u2")), int(deep[2]) - 8)
    else:
        frame = frame.reformat(format="yuv420p", dst_color_range=ColorRange.MPEG)
        return _plane(frame, np.dtype(np.uint8)).astype(np.uint8)
    return from_full_range(luma) if _is_full_range(frame, name) else luma.astype(np.uint8)


def from_full_range(luma: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a new array of the same shape in limited range."""
    # A quarter of the time of an index array, measured at 720x576.
    levels = bytearray(np.ascontiguousarray(luma)).translate(_FROM_FULL_RANGE)
    return np.frombuffer(levels, np.uint8).reshape(luma.shape)


def _is_full_range(frame: av.VideoFrame, name: str) -> bool:
    """Trust the tag; without one, gray is full range and everything else limited."""
    if frame.color_range == ColorRange.UNSPECIFIED:
        return name.startswith(("yuvj", "gray"))
    return frame.color_range == ColorRange.JPEG or name.startswith("yuvj")


def _rounded(levels: NDArray[np.generic], shift: int) -> NDArray[np.uint8]:
    wide = levels.astype(np.uint32)
    rounded: NDArray[np.uint8] = np.minimum((wide + (1 << shift >> 1)) >> shift, 255).astype(
        np.uint8
    )
    return rounded


def _plane(frame: av.VideoFrame, kind: np.dtype[np.generic]) -> NDArray[np.generic]:
    """Return a view of the first plane, cropped to an even size."""
    plane = frame.planes[0]
    samples = np.frombuffer(plane, kind)  # type: ignore[call-overload]
    rows: NDArray[np.generic] = samples.reshape(-1, plane.line_size // kind.itemsize)
    return rows[: frame.height & ~1, : frame.width & ~1]
