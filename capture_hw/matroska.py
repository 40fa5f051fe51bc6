"""Matroska files of one H.264 stream: how they are opened, and what their errors mean."""

import errno
import os
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
from av.container import OutputContainer

from capture_hw.error import CaptureError, EncoderError, StorageError
from disk.durable_file import PART_SUFFIX

MILLISECOND: Final = Fraction(1, 1000)
"""Matroska's clock. Source: measured, FFmpeg's muxer has no other."""
_LARGEST_DENOMINATOR: Final = 1001
"""30000/1001 frames/s and its relatives are the only rates that are not whole."""
_CLUSTER_PER_FRAME: Final = {"cluster_time_limit": "0"}
"""A reader is one frame behind, a crash costs one frame."""
_FLUSHED: Final = {"flush_packets": "1"}
_STORAGE_ERRNOS: Final = {
    errno.ENOSPC,
    errno.EIO,
    errno.EROFS,
    errno.EDQUOT,
    errno.EACCES,
    errno.EPERM,
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EFBIG,
    errno.ENODEV,
    errno.ENXIO,
    errno.ESTALE,
    errno.EMFILE,
    errno.ENFILE,
    errno.ENAMETOOLONG,
}


def open_matroska(path: Path, tags: Mapping[str, str], *, flushed: bool = True) -> OutputContainer:
    """Create or overwrite a file with a cluster for each frame.

    Flushed, each cluster is handed to the kernel as soon as the next frame comes. Raises
    av.FFmpegError or OSError, which `translated` explains.
    """
    options = _CLUSTER_PER_FRAME | (_FLUSHED if flushed else {})
    container = av.open(f"file:{path}", "w", format="matroska", options=options)
    for name, value in tags.items():
        container.metadata[name] = value
    return container


def rate_of(fps: float) -> Fraction:
    """Return a nominal rate as a stream's header has it."""
    return Fraction(fps).limit_denominator(_LARGEST_DENOMINATOR)


def translated(path: Path, error: Exception) -> CaptureError:
    """Return the error of our family that says the same of the file, by its final name."""
    name = str(path).removesuffix(PART_SUFFIX)
    number = getattr(error, "errno", None)
    if isinstance(error, OSError) and number in _STORAGE_ERRNOS:
        return StorageError(f"{name}: cannot be written: {os.strerror(number)}")
    return EncoderError(f"{name}: the encoder failed: {error}")
