"""Annotated clips, each decoded once and kept as a file of bands."""

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from disk.durable_file import part_path, publish
from inference.dataset.band_file import Bands, open_bands, write_bands
from inference.dataset.source import Annotation, ClipSource, Codes
from inference.error import DataSetError, VideoError
from inference.ethogram import NONE_CODE
from inference.preprocessing import Gray, Preprocessing, Preprocessor
from inference.video import open_video

_FORMAT: Final = 2
"""Of the file of bands; another number, another name."""
_RATE_SAMPLE_FRAMES: Final = 51
_SPAN_FRAMES: Final = 10
_SAME_RATE: Final = 0.02
_STALLED_S: Final = 60.0
"""How long another process that decodes the same clip may write nothing."""
_LOOK_AGAIN_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Clip:
    """A decoded clip."""

    source: ClipSource
    bands: Bands
    """(frames, height, width), uint8, in a file that is read when they are asked for."""
    codes: Codes
    """What is learned, (frames,), 0..8; none where a frame is undecodable."""
    truth: Codes | None
    """What it is judged by, likewise; None if it never validates."""


def load_clip(source: ClipSource, cache: Path, spec: Preprocessing) -> Clip:
    """Return a clip, decoding it into the folder `cache` unless that was done before.

    Any number of processes may ask for the same clip: one decodes it, the others wait for that.
    Raises DataSetError if the video is unreadable or has another frame rate, if an annotation
    is invalid or has another number of frames, or if the cache cannot be written.
    """
    path = _path(source, cache, spec)
    if not path.exists():
        _decode(source.video, path, spec)
    bands, undecodable = open_bands(path, spec.band_shape)
    codes = _read(source.annotation, len(bands), undecodable)
    if source.held_out_annotation is None:
        return Clip(source, bands, codes, None)
    return Clip(source, bands, codes, _read(source.held_out_annotation, len(bands), undecodable))


def check_room(sources: Iterable[ClipSource], cache: Path, spec: Preprocessing) -> None:
    """Raise DataSetError if the clips that are not in the cache will not fit on its disk.

    A clip whose number of frames nobody states is opened for it; one that cannot be opened is
    passed over, for `load_clip` to refuse.
    """
    missing = [source for source in sources if not _is_cached(source, cache, spec)]
    needed = sum(map(_frames, missing)) * spec.band_shape[0] * spec.band_shape[1]
    folder = next(folder for folder in (cache, *cache.parents) if folder.is_dir())
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise DataSetError(
            f"{cache} has {free / 1e9:.1f} GB free, {len(missing)} decoded clips "
            f"take {needed / 1e9:.1f} GB"
        )


def _is_cached(source: ClipSource, cache: Path, spec: Preprocessing) -> bool:
    try:
        return _path(source, cache, spec).exists()
    except DataSetError:
        return True


def _frames(source: ClipSource) -> int:
    if source.stated_frames is not None:
        return source.stated_frames
    try:
        with open_video(source.video) as video:
            return video.expected_frames or 0
    except VideoError:
        return 0


def _path(source: ClipSource, cache: Path, spec: Preprocessing) -> Path:
    """Return where the bands of this very file under this very preprocessing are kept."""
    try:
        state = source.video.stat()
    except OSError as error:
        raise DataSetError(f"{source.video}: {error.strerror}") from error
    text = (
        f"{_FORMAT} {source.video.name} {state.st_size} {state.st_mtime_ns} "
        f"{spec.model_dump_json()}"
    )
    return cache / f"{source.name}_{hashlib.sha256(text.encode()).hexdigest()[:16]}.npy"


def _read(annotation: Annotation, frames: int, undecodable: NDArray[np.int64]) -> Codes:
    codes = annotation.read(frames).copy()
    codes[undecodable] = NONE_CODE
    return codes


def _decode(video: Path, path: Path, spec: Preprocessing) -> None:
    """Decode a clip, or wait until another process has done so."""
    part = part_path(path)
    other = _OtherProcess(part)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        while not path.exists():
            with _alone(part) as file:
                if file is not None:
                    _write(video, file, part, path, spec)
                    return
            other.wait()
    except VideoError as error:
        raise DataSetError(str(error)) from error
    except OSError as error:
        raise DataSetError(f"{path} cannot be written: {error.strerror}") from error


class _OtherProcess:
    """The process that is decoding a clip."""

    def __init__(self, part: Path) -> None:
        self._part = part
        self._size = 0
        self._since_s = time.monotonic()

    def wait(self) -> None:
        """Wait a moment; raises DataSetError if it has written nothing for too long."""
        with suppress(FileNotFoundError):  # published or given up just now
            if (size := self._part.stat().st_size) != self._size:
                self._size, self._since_s = size, time.monotonic()
        if time.monotonic() > self._since_s + _STALLED_S:
            raise DataSetError(
                f"{self._part} is held by another process that has written nothing for "
                f"{_STALLED_S:.0f} s"
            )
        time.sleep(_LOOK_AGAIN_S)


@contextmanager
def _alone(part: Path) -> Iterator[BinaryIO | None]:
    """Open a file that no other process is writing, empty; None if one is.

    What a killed process has left behind is overwritten.
    """
    with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644), "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        if not _is_named(file, part):
            yield None  # published or removed by another while it was being opened
            return
        file.truncate()
        yield file


def _is_named(file: BinaryIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _write(video: Path, file: BinaryIO, part: Path, path: Path, spec: Preprocessing) -> None:
    """Decode a clip into its part and publish it, unless another process has just done so."""
    is_whole = False
    try:
        if path.exists():
            return
        frames, undecodable = write_bands(file, _bands_of(video, spec), spec.band_shape)
        if frames == undecodable:
            raise DataSetError(f"{video}: no frame of it can be decoded")
        publish(part, path)
        is_whole = True
    finally:
        if not is_whole:
            part.unlink(missing_ok=True)


def _bands_of(path: Path, spec: Preprocessing) -> Iterator[Gray | None]:
    """Yield a band per frame, None for an undecodable one."""
    preprocessor = Preprocessor(spec)
    times_ms: list[int] = []
    with open_video(path) as video:
        for frame in video.frames():
            if len(times_ms) < _RATE_SAMPLE_FRAMES:
                times_ms.append(frame.time_ms)
                if len(times_ms) == _RATE_SAMPLE_FRAMES:
                    _check_rate(path, times_ms, spec.frames_per_second)
            if (picture := frame.picture) is None:
                yield None
            else:
                yield preprocessor.band(picture.luma, full_range=picture.full_range)
    if len(times_ms) < _RATE_SAMPLE_FRAMES:
        _check_rate(path, times_ms, spec.frames_per_second)


def _check_rate(path: Path, times_ms: Sequence[int], frames_per_second: int) -> None:
    """Compare rates over spans of ten frames: times are rounded to 1 ms."""
    span = min(_SPAN_FRAMES, len(times_ms) - 1)
    if span < 1:
        return
    spans_ms = (later - earlier for earlier, later in zip(times_ms, times_ms[span:], strict=False))
    interval_ms = median(spans_ms) / span
    if abs(interval_ms * frames_per_second / 1000 - 1) > _SAME_RATE:
        raise DataSetError(
            f"{path} has a frame every {interval_ms:g} ms; "
            f"training needs {frames_per_second} frames a second"
        )
