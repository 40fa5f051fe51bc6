"""Annotated clips, each decoded once and kept as a file of bands."""

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from disk.durable_file import part_path, publish
from inference.dataset.band_file import Bands, open_bands, write_bands
from inference.dataset.clip_decoding import bands_of
from inference.dataset.source import Annotation, ClipSource, Codes
from inference.error import DataSetError, VideoError
from inference.ethogram import NONE_CODE
from inference.preprocessing import Gray, Preprocessing
from inference.video import open_video

_FORMAT: Final = 2
"""Of the file of bands; another number, another name."""
_ENDS_BYTES: Final = 1 << 20
"""What is read of either end of a video, to know it again."""
_NAME_CHARACTERS: Final = 50
"""Of the clip's, in the name of its file: with four bytes each a name has 255 at most."""
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


def load_clip(
    source: ClipSource,
    cache: Path,
    spec: Preprocessing,
    goes_on: Callable[[], None] = lambda: None,
) -> Clip:
    """Return a clip, decoding it into the folder `cache` unless that was done before.

    Any number of processes may ask for the same clip: one decodes it, the others wait for that.
    `goes_on` is called before each frame: what it raises ends that, and leaves nothing.
    Raises DataSetError if the video is unreadable or has another frame rate, if an annotation
    is invalid or has another number of frames, or if the cache cannot be written.
    """
    path = _path(source, cache, spec)
    if not _is_there(path):
        _decode(source.video, path, spec, goes_on)
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
    missing = [source for source in sources if not is_cached(source, cache, spec)]
    needed = sum(map(_frames, missing)) * spec.band_shape[0] * spec.band_shape[1]
    try:
        folder = next(folder for folder in (cache, *cache.parents) if folder.is_dir())
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise DataSetError(f"{cache} cannot be used: {error.strerror}") from error
    if needed > free:
        raise DataSetError(
            f"{cache} has {_size(free)} free, {len(missing)} decoded clips take {_size(needed)}"
        )


def _size(count: int) -> str:
    """Return a number of bytes as people read it."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"


def is_cached(source: ClipSource, cache: Path, spec: Preprocessing) -> bool:
    """Say whether nothing of a clip is left to decode; raises DataSetError."""
    try:
        path = _path(source, cache, spec)
    except DataSetError:
        return True
    return _is_there(path)


def _is_there(path: Path) -> bool:
    """Return whether a file is there; raises DataSetError if nobody may know."""
    try:
        return path.exists()
    except OSError as error:
        raise DataSetError(f"{path.parent} cannot be used: {error.strerror}") from error


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
        ends = ends_of(source.video)
    except OSError as error:
        raise DataSetError(f"{source.video}: {error.strerror}") from error
    text = (
        f"{_FORMAT} {source.video.name} {state.st_size} {state.st_mtime_ns} {ends} "
        f"{spec.model_dump_json()}"
    )
    digest = hashlib.sha256(os.fsencode(text)).hexdigest()
    return cache / f"{source.name[:_NAME_CHARACTERS]}_{digest[:16]}.npy"


def ends_of(video: Path) -> str:
    """Return what is equal if both ends of a video are; raises OSError."""
    with video.open("rb") as file:
        digest = hashlib.sha256(file.read(_ENDS_BYTES))
        file.seek(max(0, file.seek(0, os.SEEK_END) - _ENDS_BYTES))
        digest.update(file.read(_ENDS_BYTES))
    return digest.hexdigest()


def _read(annotation: Annotation, frames: int, undecodable: NDArray[np.int64]) -> Codes:
    codes = annotation.read(frames).copy()
    codes[undecodable] = NONE_CODE
    return codes


def _decode(video: Path, path: Path, spec: Preprocessing, goes_on: Callable[[], None]) -> None:
    """Decode a clip, or wait until another process has done so."""
    part = part_path(path)
    other = _OtherProcess(part)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        while not path.exists():
            with _alone(part) as file:
                if file is not None:
                    _write(file, part, path, spec, bands_of(video, spec, goes_on))
                    return
            goes_on()
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


def _write(
    file: BinaryIO, part: Path, path: Path, spec: Preprocessing, bands: Iterator[Gray | None]
) -> None:
    """Write a clip into its part and publish it, unless another process has just done so."""
    is_whole = False
    try:
        if path.exists():
            return
        write_bands(file, bands, spec.band_shape)
        publish(part, path)
        is_whole = True
    finally:
        if not is_whole:
            part.unlink(missing_ok=True)
