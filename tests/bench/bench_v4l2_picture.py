"""Measure turning a driver's buffer into luma against a plain copy of as much luma.

    python -m tests.bench.bench_v4l2_picture [--frames 500] [--rounds 7]

Processor time a frame of 720x576, the least of the rounds, for each pixel format; of H.264 an
access unit of 0.2 Mbit/s is checked and copied.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Final

import av
import numpy as np
from numpy.typing import NDArray

from capture_hw.simulation.cage import SimulatedCage
from capture_hw.v4l2.picture import PictureLayout, PixelFormatName, picture_reader

_WIDTH, _HEIGHT = 720, 576
_PICTURES: Final = 25
_Way = Callable[[], object]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    cage = SimulatedCage(77, routine="busy", spread=0.0)
    pictures = [_widened(cage.picture(frame)) for frame in range(_PICTURES)]
    luma = pictures[0]
    ways: dict[str, _Way] = {
        "plain copy of the luma": luma.copy,
        "GREY, full range": _reading("GREY", [luma.tobytes()], is_full=True),
        "GREY, limited": _reading("GREY", [luma.tobytes()]),
        "NV12": _reading("NV12", [luma.tobytes() + bytes(luma.size // 2)]),
        "YUYV": _reading("YUYV", [_yuyv(luma)]),
        "YUYV, full range": _reading("YUYV", [_yuyv(luma)], is_full=True),
        "MJPEG": _reading("MJPEG", _encoded("mjpeg", "yuvj420p", {}, pictures)),
        "H264": _reading("H264", _encoded("libx264", "yuv420p", {"crf": "28"}, pictures)),
    }
    taken = {name: _least_us(way, options.frames, options.rounds) for name, way in ways.items()}
    base_us = taken["plain copy of the luma"]
    for name, each_us in taken.items():
        print(f"{name:24} {each_us:7.0f} us a frame, {each_us / base_us:5.1f} x a plain copy")


def _widened(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.pad(picture, ((0, 0), (0, _WIDTH - picture.shape[1])), mode="edge")


def _yuyv(luma: NDArray[np.uint8]) -> bytes:
    return np.stack([luma, np.full_like(luma, 128)], axis=2).tobytes()


def _reading(name: PixelFormatName, buffers: Sequence[bytes], *, is_full: bool = False) -> _Way:
    stride = _WIDTH * (2 if name == "YUYV" else 1)
    reader = picture_reader(PictureLayout(name, _WIDTH, _HEIGHT, stride, is_full_range=is_full))
    views = [memoryview(bytearray(buffer)) for buffer in buffers]
    turn = 0

    def read() -> object:
        nonlocal turn
        turn += 1
        return reader.read(views[turn % len(views)], is_key=False)

    return read


def _encoded(
    codec: str, pixel_format: str, options: dict[str, str], pictures: Sequence[NDArray[np.uint8]]
) -> list[bytes]:
    encoder = av.CodecContext.create(codec, "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = _WIDTH, _HEIGHT, pixel_format
    encoder.time_base, encoder.max_b_frames, encoder.gop_size = Fraction(1, 25), 0, 25
    encoder.options = options
    packets = []
    for number, picture in enumerate(pictures):
        frame = av.VideoFrame(_WIDTH, _HEIGHT, pixel_format)
        for plane in frame.planes:
            np.frombuffer(memoryview(plane), np.uint8)[:] = 128
        rows = np.frombuffer(memoryview(frame.planes[0]), np.uint8)
        rows.reshape(-1, frame.planes[0].line_size)[:_HEIGHT, :_WIDTH] = picture
        frame.pts = number
        packets += encoder.encode(frame)
    return [bytes(packet) for packet in (*packets, *encoder.encode(None))]


def _least_us(way: _Way, frames: int, rounds: int) -> float:
    """Return the processor time of one frame, microseconds; the least of the rounds."""
    taken_s = []
    for _ in range(rounds):
        begun_s = time.process_time()
        for _ in range(frames):
            way()
        taken_s.append(time.process_time() - begun_s)
    return min(taken_s) / frames * 1e6


if __name__ == "__main__":
    main()
