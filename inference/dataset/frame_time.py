"""When each frame of a video is shown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.error import DataSetError, VideoError
from inference.video import Video, open_video

_RATES: Final = (10.0, 12.5, 15.0, 24000 / 1001, 24.0, 25.0, 30000 / 1001, 30.0, 50.0, 60.0)
_ROUNDED_S: Final = 0.002
"""Matroska rounds the times of a run's first and last frame to milliseconds."""
_GAP: Final = 1.75
"""Usual intervals: no jitter is as long, and one frame that is missing makes two."""
_DECIMALS: Final = 6
"""Of seconds: takes the noise of floating point away."""
_EDGE_S: Final = 1e-6
"""So much of floating point may not move a bout by a frame."""

_Seconds = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class FrameTimes:
    """The frames of a video in the order in which they are shown.

    A frame lasts until the next one; before a gap, and at the end, as long as frames usually do.
    """

    starts_s: _Seconds
    """(frames,), since the first frame."""
    ends_s: _Seconds
    """(frames,)"""
    frames_per_second: float
    """Where no frame is missing."""

    @property
    def end_s(self) -> float:
        """When the last frame ends."""
        return float(self.ends_s[-1])

    def frames_at(self, moments_s: Sequence[float]) -> list[int]:
        """Return for each moment the first frame whose middle is not before it.

        The number of frames if there is none.
        """
        middles_s = (self.starts_s + self.ends_s) / 2
        wanted_s = np.array(moments_s, np.float64) - _EDGE_S
        return [int(frame) for frame in np.searchsorted(middles_s, wanted_s)]


def even_times(frames: int, frames_per_second: float) -> FrameTimes:
    """Return the times of frames that follow each other evenly."""
    edges_s = np.round(np.arange(frames + 1) / frames_per_second, _DECIMALS)
    return FrameTimes(edges_s[:-1], edges_s[1:], frames_per_second)


def read_frame_times(path: Path, frames: int) -> FrameTimes:
    """Return the times of a video of so many frames; raises DataSetError.

    They are those of its packets. If these do not tell them, as in AVI with reordered frames, the
    rate that the file states does; if they are not as many as the frames, the video is decoded.
    """
    try:
        with open_video(path) as video:
            promised_s = list(video.promised_times_s())
            rate = _stated_rate(video)
        known_s = [time_s for time_s in promised_s if time_s is not None]
        if known_s and (len(known_s), len(promised_s)) != (frames, frames):
            known_s = _decoded_times_s(path, frames)
    except VideoError as error:
        raise DataSetError(str(error)) from error
    if len(known_s) > 1 and max(known_s) > min(known_s):
        return _times_of(known_s)
    if rate is None or not frames:
        raise DataSetError(f"{path} has no times that tell its frame rate")
    return even_times(frames, rate)


def _stated_rate(video: Video) -> float | None:
    if not video.expected_frames or not video.declared_s:
        return None
    return _usual_rate(video.expected_frames, video.declared_s, _ROUNDED_S)


def _decoded_times_s(path: Path, frames: int) -> list[float]:
    with open_video(path) as video:
        times_s = [frame.time_ms / 1000 for frame in video.frames()]
    if len(times_s) != frames:
        raise VideoError(f"{path}: {len(times_s)} frames of it can be decoded, not {frames}")
    return times_s


def _times_of(times_s: Iterable[float]) -> FrameTimes:
    """Return when frames that begin at these moments, more than one, begin and end."""
    sorted_s = np.sort(np.array(list(times_s), np.float64))
    starts_s = np.round(sorted_s - sorted_s[0], _DECIMALS)
    steps_s = np.diff(starts_s)
    usual_s = float(np.median(steps_s)) or float(steps_s.max())
    is_gap = steps_s > _GAP * usual_s
    tolerated_s = _ROUNDED_S * (1 + int(is_gap.sum()))
    rate = _usual_rate(int((~is_gap).sum()), float(steps_s[~is_gap].sum()), tolerated_s)
    ends_s = np.append(starts_s[1:], starts_s[-1] + 1 / rate)
    ends_s[:-1][is_gap] = starts_s[:-1][is_gap] + 1 / rate
    return FrameTimes(starts_s, np.round(ends_s, _DECIMALS), rate)


def _usual_rate(intervals: int, length_s: float, tolerated_s: float) -> float:
    """Return frames a second: the usual rate that explains a length, else the mean."""
    fitting = [rate for rate in _RATES if abs(intervals / rate - length_s) <= tolerated_s]
    return min(
        fitting, key=lambda rate: abs(intervals / rate - length_s), default=intervals / length_s
    )
