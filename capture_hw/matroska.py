"""Matroska files of one H.264 stream: how they are opened, and what their errors mean."""

import os
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
from av.container import OutputContainer

from capture_hw.error import CaptureError, EncoderError, StorageError
from capture_hw.muxer_file import MuxerFile
from disk.durable_file import PART_SUFFIX

MILLISECOND: Final = Fraction(1, 1000)
"""Matroska's clock. Source: measured, FFmpeg's muxer has no other."""
_LARGEST_DENOMINATOR: Final = 1001
"""30000/1001 frames/s and its relatives are the only rates that are not whole."""
_CLUSTER_PER_FRAME: Final = {"cluster_time_limit": "0"}
"""A reader is one frame behind, a crash costs one frame."""
_FLUSHED: Final = {"flush_packets": "1"}


def open_matroska(
    path: Path, tags: Mapping[str, str], *, flushed: bool = True, into: MuxerFile | None = None
) -> OutputContainer:
    """Create or overwrite a file with a cluster for each frame, or write `into` an open one.

    Flushed, each cluster is handed to the kernel as soon as the next frame comes. Raises
    av.FFmpegError or OSError, which `translated` explains.
    """
    options = _CLUSTER_PER_FRAME | (_FLUSHED if flushed else {})
    container = av.open(into or f"file:{path}", "w", format="matroska", options=options)
    for name, value in tags.items():
        container.metadata[name] = value
    return container


def rate_of(fps: float) -> Fraction:
    """Return a nominal rate as a stream's header has it."""
    return Fraction(fps).limit_denominator(_LARGEST_DENOMINATOR)


def translated(path: Path, error: Exception) -> CaptureError:
    """Return the error of our family that says the same of the file, by its final name.

    What the system refuses is the disk's, whatever its number, also want of memory: only what
    FFmpeg says of the content (invalid data, invalid argument) is the encoder's.
    """
    name = str(path).removesuffix(PART_SUFFIX)
    if isinstance(error, OSError | MemoryError):
        number = getattr(error, "errno", None)
        reason = os.strerror(number) if number else str(error)
        return StorageError(f"{name}: cannot be written: {reason}")
    return EncoderError(f"{name}: the encoder failed: {error}")
