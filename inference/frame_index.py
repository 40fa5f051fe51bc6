"""The frames of a video by number, without decoding one."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.error import VideoError
from inference.video import open_video


@dataclass(frozen=True, slots=True)
class FrameIndex:
    """The frames that `Video.frames` yields, in their order: row k of the label file is frame k.

    Only of a video without reordered frames.
    """

    times_ms: NDArray[np.int64]
    """(frames,), since the first frame."""
    is_there: NDArray[np.bool_]
    """(frames,), false where a frame's bytes are gone."""
    first_pts_ms: int
    """What the file itself calls the first frame's time."""


def read_frame_index(path: Path, on_frame: Callable[[], None] = lambda: None) -> FrameIndex:
    """Read all packets of a video, calling `on_frame` for each; raises VideoError."""
    stamps, is_there = array("q"), array("b")
    with open_video(path) as video:
        if not video.is_in_order:
            raise VideoError(f"{path}: has reordered frames (B-frames), which no recorder writes")
        time_base = Fraction(1, 1000)
        for packet, promised in video.packets():
            on_frame()
            time_base = packet.time_base or time_base
            for pts in promised:
                stamps.append(pts)
                is_there.append(pts == packet.pts)
        if video.fault is not None:
            raise VideoError(f"{path}: cannot be read to its end: {video.fault}")
    if not stamps:
        raise VideoError(f"{path}: no frame could be found in it")
    ticks = np.array(stamps, np.int64)
    first = int(ticks[0])
    return FrameIndex(
        times_ms=_in_ms(ticks - first, time_base),
        is_there=np.array(is_there, np.bool_),
        first_pts_ms=round(first * time_base * 1000),
    )


def _in_ms(ticks: NDArray[np.int64], time_base: Fraction) -> NDArray[np.int64]:
    if time_base == Fraction(1, 1000):
        return ticks
    return np.array([round(int(tick) * time_base * 1000) for tick in ticks], np.int64)
