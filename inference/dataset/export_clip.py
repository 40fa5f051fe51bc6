"""One clip of a data set, read for being written in another layout."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from inference.dataset.frame_count import count_frames, decoded_frames
from inference.dataset.source import ClipSource, Codes
from inference.error import DataSetError, VideoError
from inference.video import open_video

_RATES: Final = (10.0, 12.5, 15.0, 24000 / 1001, 24.0, 25.0, 30000 / 1001, 30.0, 50.0, 60.0)
_ROUNDED_S: Final = 0.002
"""Matroska rounds the times of a clip's first and last frame to milliseconds."""


@dataclass(frozen=True, slots=True)
class ExportedClip:
    """What is known of a clip: codes (frames,), 0..8."""

    source: ClipSource
    frames_per_second: float
    learned: Codes
    judged: Codes | None
    """None if the clip never validates."""


def read_clip(source: ClipSource) -> ExportedClip:
    """Read a clip's annotations and the rate of its video; raises DataSetError.

    The video is decoded only if its packets and the annotation do not agree on its length.
    """
    try:
        frames = count_frames(source.video).frames
        try:
            learned = source.annotation.read(frames)
        except DataSetError:
            frames = decoded_frames(source.video)
            learned = source.annotation.read(frames)
        rate = _rate_of(source.video)
    except VideoError as error:
        raise DataSetError(str(error)) from error
    held_out = source.held_out_annotation
    if held_out is None or held_out == source.annotation:
        return ExportedClip(source, rate, learned, None if held_out is None else learned)
    return ExportedClip(source, rate, learned, held_out.read(frames))


def _rate_of(video: Path) -> float:
    """Return frames a second over the whole video: the usual rate that explains its length."""
    with open_video(video) as opened:
        times_s = [time_s for time_s in opened.promised_times_s() if time_s is not None]
    steps = len(times_s) - 1
    length_s = max(times_s) - min(times_s) if steps > 0 else 0.0
    if length_s <= 0:
        raise DataSetError(f"{video} has no times that tell its frame rate")
    fitting = [rate for rate in _RATES if abs(steps / rate - length_s) <= _ROUNDED_S]
    return min(fitting, key=lambda rate: abs(steps / rate - length_s), default=steps / length_s)
