"""Decoding a clip for the cache."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from inference.error import DataSetError
from inference.frame_rate import RATE_SAMPLE_FRAMES, interval_of, is_at_rate
from inference.preprocessing import Gray, Preprocessing, Preprocessor
from inference.video import open_video


def bands_of(path: Path, spec: Preprocessing, goes_on: Callable[[], None]) -> Iterator[Gray | None]:
    """Yield a band per frame, None for an undecodable one.

    `goes_on` is called before each. Raises VideoError, and DataSetError if the frame rate is
    another one or no frame can be decoded.
    """
    preprocessor = Preprocessor(spec)
    times_ms: list[int] = []
    decoded = 0
    with open_video(path) as video:
        for frame in video.frames():
            goes_on()
            if len(times_ms) < RATE_SAMPLE_FRAMES:
                times_ms.append(frame.time_ms)
                if len(times_ms) == RATE_SAMPLE_FRAMES:
                    _check_rate(path, times_ms, spec.frames_per_second)
            if (picture := frame.picture) is None:
                yield None
            else:
                decoded += 1
                yield preprocessor.band(picture.luma, full_range=picture.full_range)
    if len(times_ms) < RATE_SAMPLE_FRAMES:
        _check_rate(path, times_ms, spec.frames_per_second)
    if not decoded:
        raise DataSetError(f"{path}: no frame of it can be decoded")


def _check_rate(path: Path, times_ms: Sequence[int], frames_per_second: int) -> None:
    interval_ms = interval_of(times_ms)
    if interval_ms is not None and not is_at_rate(interval_ms, frames_per_second):
        raise DataSetError(
            f"{path} has a frame every {interval_ms:g} ms; "
            f"training needs {frames_per_second} frames a second"
        )
