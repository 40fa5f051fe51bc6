"""One annotated clip, decoded once and kept as a memory-mapped file of bands."""

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np
from numpy.typing import NDArray

from disk.durable_file import part_path, publish
from inference.error import LabelFileError, TrainingError, VideoError
from inference.label_file import read_codes
from inference.preprocessing import Gray, Preprocessing, Preprocessor
from inference.video import VideoFrame, open_video

_NAME: Final = re.compile(r"(?P<mouse>\d\d)_\d{8}_\d{4}_s\d+_n\d+\.(avi|mkv|mp4)$")
_ANNOTATIONS: Final = ("_map_new.csv", "_map.csv")
"""Endings of a clip's annotation, the reviewed one first."""
_RATE_SAMPLE_FRAMES: Final = 51
_SAME_RATE: Final = 0.02


@dataclass(frozen=True, slots=True)
class Clip:
    """Bands (frames, height, width), uint8, mapped read-only, with a code 0..8 per frame."""

    path: Path
    mouse: str
    """The cage number that starts the file's name; each cage held one mouse."""
    bands: Gray
    codes: NDArray[np.int64]


def find_clips(folder: Path) -> list[Path]:
    """Return the clips of a folder in the published layout, sorted by name.

    Raises TrainingError if there is none.
    """
    if not folder.is_dir():
        raise TrainingError(f"{folder} is not a folder")
    clips = sorted(path for path in folder.iterdir() if _NAME.match(path.name))
    if not clips:
        raise TrainingError(
            f"{folder} holds no clip named like 01_20180418_1200_s0_n7500.avi (or .mkv, .mp4)"
        )
    return clips


def load_clip(path: Path, cache: Path, spec: Preprocessing) -> Clip:
    """Return a clip, decoding it into the folder `cache` unless that was done before.

    Raises TrainingError if its annotation is missing or invalid, if the video is unreadable or
    has another frame rate, or if the two do not have the same number of frames.
    """
    codes = _codes_of(path)
    name = _NAME.match(path.name)
    if name is None:
        raise TrainingError(f"{path} is not named like a clip of the data set")
    bands = cache / f"{path.stem}_{_key(path, spec)}.npy"
    if not bands.exists():
        _decode(path, bands, len(codes), spec)
    mapped = _read_bands(bands, spec)
    if len(mapped) != len(codes):
        raise TrainingError(f"{path} has {len(mapped)} frames, its annotation {len(codes)}")
    return Clip(path, name["mouse"], mapped, codes)


def _codes_of(path: Path) -> NDArray[np.int64]:
    candidates = [path.with_name(path.stem + ending) for ending in _ANNOTATIONS]
    for annotation in candidates:
        if annotation.exists():
            try:
                return read_codes(annotation)
            except LabelFileError as error:
                raise TrainingError(str(error)) from error
    raise TrainingError(f"{path} has no annotation {candidates[-1].name}")


def _key(path: Path, spec: Preprocessing) -> str:
    """Return a name for the bands of this very file under this very preprocessing."""
    state = path.stat()
    text = f"{path.name} {state.st_size} {state.st_mtime_ns} {spec.model_dump_json()}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _decode(path: Path, bands: Path, frames: int, spec: Preprocessing) -> None:
    part = part_path(bands)
    try:
        bands.parent.mkdir(parents=True, exist_ok=True)
        try:
            _write_bands(path, part, frames, spec)
            publish(part, bands)
        finally:
            part.unlink(missing_ok=True)
    except VideoError as error:
        raise TrainingError(str(error)) from error
    except OSError as error:
        raise TrainingError(f"{bands} cannot be written: {error.strerror}") from error


def _write_bands(path: Path, part: Path, frames: int, spec: Preprocessing) -> None:
    """Write a NumPy file by plain writes: on a full disk, one into mapped memory is a SIGBUS."""
    header = {"descr": "|u1", "fortran_order": False, "shape": (frames, *spec.band_shape)}
    count = 0
    with part.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for band in _bands_of(path, spec):
            if count < frames:
                file.write(band.tobytes())
            count += 1
        if count != frames:
            raise TrainingError(f"{path} has {count} frames, its annotation {frames}")
        file.flush()
        os.fsync(file.fileno())


def _read_bands(bands: Path, spec: Preprocessing) -> Gray:
    """Map the bands of a decoded clip, read-only."""
    try:
        mapped: Gray = np.load(bands, mmap_mode="r")
    except (OSError, ValueError, EOFError) as error:
        raise TrainingError(f"{bands} is damaged: delete it") from error
    if mapped.dtype != np.uint8 or mapped.shape[1:] != spec.band_shape:
        raise TrainingError(f"{bands} is damaged: delete it")
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
        raise TrainingError(
            f"{path} has a frame every {interval_ms:g} ms; "
            f"training needs {frames_per_second} frames a second"
        )
