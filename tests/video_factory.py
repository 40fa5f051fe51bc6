"""Small real video files for tests, made with known pictures."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.container import OutputContainer
from numpy.typing import NDArray

_SOUND_RATE: Final = 16000
_SOUND_BLOCK: Final = 800
_X264: Final = {"crf": "18", "g": "25", "bf": "0"}


def moving_square(count: int, *, width: int = 704, height: int = 576) -> list[NDArray[np.uint8]]:
    """Return luma pictures (height, width) of a bright square that wanders over noise."""
    random = np.random.default_rng(count)
    side = max(1, min(width, height) // 6)
    pictures = []
    for number in range(count):
        picture = random.integers(60, 90, (height, width), dtype=np.uint8)
        left = (number * 7) % max(1, width - side)
        top = height // 2
        picture[top : top + side, left : left + side] = 180
        pictures.append(picture)
    return pictures


def write_video(
    path: Path,
    pictures: Sequence[NDArray[np.uint8]],
    *,
    times_ms: Iterable[int] | None = None,
    rate: int = 25,
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    options: dict[str, str] | None = None,
    sound_s: float = 0.0,
) -> Path:
    """Encode luma pictures as they are; `times_ms` defaults to an even rate.

    `sound_s` seconds of noise, if any, are interleaved with the pictures.
    """
    height, width = pictures[0].shape
    stamps = list(times_ms) if times_ms is not None else None
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, pixel_format
        clock = Fraction(1, rate) if codec == "mpeg1video" else Fraction(1, 1000)
        stream.codec_context.time_base = clock
        stream.codec_context.options = _X264 if options is None else options
        sound = _Sound(container, sound_s) if sound_s else None
        for number, picture in enumerate(pictures):
            frame = _frame_of(picture, pixel_format)
            time_ms = Fraction(number * 1000, rate) if stamps is None else stamps[number]
            frame.pts = round(time_ms / 1000 / clock)
            frame.time_base = clock
            container.mux(stream.encode(frame))
            if sound is not None:
                sound.mux_until(float(time_ms) / 1000)
        container.mux(stream.encode(None))
        if sound is not None:
            sound.mux_until(sound_s)
    return path


class _Sound:
    """A stream of noise, uncompressed, so that it takes many bytes."""

    def __init__(self, container: OutputContainer, seconds: float) -> None:
        stream = container.add_stream("pcm_s16le", rate=_SOUND_RATE)
        assert isinstance(stream, av.AudioStream)
        stream.layout = "mono"
        self._container = container
        self._stream = stream
        self._blocks = int(seconds * _SOUND_RATE / _SOUND_BLOCK)
        self._next = 0

    def mux_until(self, time_s: float) -> None:
        while self._next < min(self._blocks, time_s * _SOUND_RATE / _SOUND_BLOCK):
            samples = np.full((1, _SOUND_BLOCK), self._next % 100, np.int16)
            frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
            frame.sample_rate = _SOUND_RATE
            frame.pts = self._next * _SOUND_BLOCK
            frame.time_base = Fraction(1, _SOUND_RATE)
            self._container.mux(self._stream.encode(frame))
            self._next += 1


def _frame_of(picture: NDArray[np.uint8], pixel_format: str) -> av.VideoFrame:
    height, width = picture.shape
    frame = av.VideoFrame(width, height, pixel_format)
    for plane in frame.planes:
        np.frombuffer(memoryview(plane), np.uint8)[:] = 128
    luma = frame.planes[0]
    np.frombuffer(memoryview(luma), np.uint8).reshape(-1, luma.line_size)[:height, :width] = picture
    return frame
