"""One annotated clip, decoded once and kept as a memory-mapped file of bands."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import BinaryIO, Final

import numpy as np

from disk.durable_file import part_path, publish
from inference.dataset.source import ClipSource, Codes
from inference.error import DataSetError, VideoError
from inference.preprocessing import Gray, Preprocessing, Preprocessor
from inference.video import VideoFrame, open_video

_RATE_SAMPLE_FRAMES: Final = 51
_SAME_RATE: Final = 0.02
_MOST_FRAMES: Final = 10**9
"""NumPy leaves room in a header for a growing number of frames."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A decoded clip: bands (frames, height, width), uint8, mapped read-only."""

    source: ClipSource
    bands: Gray
    codes: Codes
    """What is learned, (frames,), 0..8."""
    truth: Codes | None
    """What it is judged by, (frames,), 0..8; None if it never validates."""


def load_clip(source: ClipSource, cache: Path, spec: Preprocessing) -> Clip:
    """Return a clip, decoding it into the folder `cache` unless that was done before.

    Raises DataSetError if the video is unreadable or has another frame rate, or if an annotation
    is invalid or has another number of frames.
    """
    path = cache / f"{source.name}_{_key(source.video, spec)}.npy"
    if not path.exists():
        _decode(source.video, path, spec)
    bands = _read_bands(path, spec)
    codes = source.annotation.read(len(bands))
    if source.held_out_annotation is None:
        return Clip(source, bands, codes, None)
    return Clip(source, bands, codes, source.held_out_annotation.read(len(bands)))


def _key(path: Path, spec: Preprocessing) -> str:
    """Return a name for the bands of this very file under this very preprocessing."""
    state = path.stat()
    text = f"{path.name} {state.st_size} {state.st_mtime_ns} {spec.model_dump_json()}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _decode(video: Path, path: Path, spec: Preprocessing) -> None:
    part = part_path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            _write_bands(video, part, spec)
            publish(part, path)
        finally:
            part.unlink(missing_ok=True)
    except VideoError as error:
        raise DataSetError(str(error)) from error
    except OSError as error:
        raise DataSetError(f"{path} cannot be written: {error.strerror}") from error


def _write_bands(video: Path, part: Path, spec: Preprocessing) -> None:
    """Write a NumPy file by plain writes: on a full disk, one into mapped memory is a SIGBUS."""
    count = 0
    with part.open("wb") as file:
        _write_header(file, _MOST_FRAMES, spec)
        begin = file.tell()
        for band in _bands_of(video, spec):
            file.write(band.tobytes())
            count += 1
        if count == 0:
            raise DataSetError(f"{video}: no frame could be found in it")
        file.seek(0)
        _write_header(file, count, spec)
        assert file.tell() == begin
        file.flush()
        os.fsync(file.fileno())


def _write_header(file: BinaryIO, frames: int, spec: Preprocessing) -> None:
    shape = (frames, *spec.band_shape)
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)


def _read_bands(bands: Path, spec: Preprocessing) -> Gray:
    """Map the bands of a decoded clip, read-only."""
    try:
        mapped: Gray = np.load(bands, mmap_mode="r")
    except (OSError, ValueError, EOFError) as error:
        raise DataSetError(f"{bands} is damaged: delete it") from error
    if mapped.dtype != np.uint8 or mapped.shape[1:] != spec.band_shape:
        raise DataSetError(f"{bands} is damaged: delete it")
    return mapped


def _bands_of(path: Path, spec: Preprocessing) -> Iterator[Gray]:
    """Yield a band per frame; an undecodable frame shows the picture before it, or black."""
    preprocessor = Preprocessor(spec)
    band: Gray = np.zeros(spec.band_shape, np.uint8)
    with open_video(path) as video:
        times_ms: list[int] = []
        for frame in video.frames():
            band = _band_of(frame, preprocessor, band)
            if len(times_ms) < _RATE_SAMPLE_FRAMES:
                times_ms.append(frame.time_ms)
                _check_rate(path, times_ms, spec.frames_per_second)
            yield band


def _band_of(frame: VideoFrame, preprocessor: Preprocessor, before: Gray) -> Gray:
    if frame.picture is None:
        return before
    return preprocessor.band(frame.picture.luma, full_range=frame.picture.full_range)


def _check_rate(path: Path, times_ms: list[int], frames_per_second: int) -> None:
    if len(times_ms) < _RATE_SAMPLE_FRAMES:
        return
    interval_ms = median(later - earlier for earlier, later in pairwise(times_ms))
    if abs(interval_ms * frames_per_second / 1000 - 1) > _SAME_RATE:
        raise DataSetError(
            f"{path} has a frame every {interval_ms:g} ms; "
            f"training needs {frames_per_second} frames a second"
        )
