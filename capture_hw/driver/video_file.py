"""Opening a video file, with one sentence for everything that is wrong with it."""

import os
import stat
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from capture_hw.error import DeviceLost

_NOT_VIDEO: Final = frozenset({"image2", "tty"})
"""FFmpeg's readers of still pictures and of text files, drawn as terminal art."""
_USUAL_RATE: Final = Fraction(25)
_SLOWEST, _FASTEST = Fraction(1, 10), Fraction(1000)
"""A stated rate beyond is the tick of a clock, such as 90000, and no rate of frames."""


def open_video_file(path: Path) -> tuple[InputContainer, VideoStream]:
    """Open a file and its first video stream, one decoding thread; raises DeviceLost."""
    _check_readable(path)
    try:
        container = av.open(f"file:{path}", metadata_errors="replace")
    except (av.FFmpegError, ValueError) as error:
        raise DeviceLost(f"{path}: not a readable video: {reason_of(error)}") from error
    streams = container.streams.video
    if container.format.name in _NOT_VIDEO or container.format.name.endswith("_pipe"):
        container.close()
        raise DeviceLost(f"{path}: a text or a still picture, not a video")
    # The container knows streams for which FFmpeg has no decoder; those have no context.
    if not streams or streams[0].codec_context is None or not streams[0].codec_context.width:
        container.close()
        raise DeviceLost(f"{path}: holds no video stream with pictures")
    # Frame threads can deadlock when a decoder is closed early; one thread is also the cheapest.
    streams[0].codec_context.thread_type = "NONE"
    streams[0].codec_context.thread_count = 1
    return container, streams[0]


def nominal_rate(stream: VideoStream) -> Fraction:
    """Return frames/s as the container or the codec states it, else 25."""
    for rate in (stream.average_rate, stream.guessed_rate):
        if rate and _SLOWEST <= rate <= _FASTEST:
            return rate
    return _USUAL_RATE


def reason_of(error: Exception) -> str:
    """Return FFmpeg's reason without its error number and without the address it opened."""
    text = getattr(error, "strerror", None) or str(error)
    return text[:1].lower() + text[1:]


def _check_readable(path: Path) -> None:
    try:
        status = path.stat()
    except OSError as error:
        raise DeviceLost(f"{path}: {os.strerror(error.errno or 0).lower()}") from error
    if not stat.S_ISREG(status.st_mode):
        raise DeviceLost(f"{path}: not a file")
    if not os.access(path, os.R_OK, effective_ids=True):
        raise DeviceLost(f"{path}: no permission to read it")
    if status.st_size == 0:
        raise DeviceLost(f"{path}: empty file")
