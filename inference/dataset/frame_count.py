"""How many frames a video has, and how many a second, without decoding it."""

from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from inference.error import VideoError
from inference.frame_rate import RATE_SAMPLE_FRAMES, interval_of
from inference.video import open_video

_PROBE_FRAMES: Final = 250
"""A picture must come in that many frames."""


@dataclass(frozen=True, slots=True)
class FrameCount:
    """The frames that a video's packets promise."""

    frames: int
    interval_ms: float | None
    """Time from frame to frame at the begin; None for a video of one frame."""
    fault: str | None
    """Why reading stopped before the end of the file; None if it did not."""


def count_frames(path: Path) -> FrameCount:
    """Count the frames of a video by its packets; raises VideoError if no picture comes from it.

    Exact if a packet is a frame, as in H.264; `decoded_frames` is exact always.
    """
    with open_video(path) as video:
        times_s = list(video.promised_times_s())
        fault = video.fault
    times_ms = sorted(time_s * 1000 for time_s in times_s if time_s is not None)
    if len(times_ms) == len(times_s):
        _first_times_ms(path, 1)
    else:
        times_ms = _first_times_ms(path, RATE_SAMPLE_FRAMES)
    return FrameCount(len(times_s), interval_of(times_ms[:RATE_SAMPLE_FRAMES]), fault)


def decoded_frames(path: Path) -> int:
    """Count the frames of a video by decoding it; raises VideoError."""
    with open_video(path) as video:
        return sum(1 for _ in video.frames())


def _first_times_ms(path: Path, needed: int) -> list[float]:
    """Decode so many frames, and on until there is a picture; return their times."""
    times_ms: list[float] = []
    has_picture = False
    with open_video(path) as video:
        for frame in islice(video.frames(), _PROBE_FRAMES):
            times_ms.append(frame.time_ms)
            has_picture = has_picture or frame.picture is not None
            if has_picture and len(times_ms) >= needed:
                return times_ms
    if not has_picture:
        raise VideoError(f"{path}: not one picture of it can be decoded")
    return times_ms
