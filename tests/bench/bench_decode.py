"""Measure decoding and preprocessing a frame against bare PyAV decoding, on one core.

    python -m tests.bench.bench_decode [--frames 1500] [--rounds 5]

Processor time a frame, the least of the rounds, on a clean and a noisy simulated clip.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np

from capture_hw.h264 import H264Writer
from capture_hw.simulation.cage import SimulatedCage
from inference.preprocessing import Preprocessing, Preprocessor
from inference.video import open_video


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=1500)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    ways: dict[str, Callable[[Path], None]] = {
        "bare PyAV decoding": _bare,
        "every frame accounted for": _read,
        "and preprocessed": _preprocess,
    }
    with tempfile.TemporaryDirectory(prefix="ethoprofiler-bench-") as folder:
        for kind, sigma in (("clean", 0.0), ("noisy", 8.0)):
            clip = Path(folder) / f"{kind}.mkv"
            _write(clip, options.frames, sigma)
            rate = clip.stat().st_size * 8 / (options.frames / 25) / 1e6
            print(f"{kind} clip, {rate:.2f} Mbit/s")
            taken = {
                name: [_cpu_s(way, clip) for _ in range(options.rounds)]
                for name, way in ways.items()
            }
            base = min(taken["bare PyAV decoding"])
            for name, times in taken.items():
                each_us = min(times) / options.frames * 1e6
                print(f"  {name:28} {each_us:7.0f} us a frame, {min(times) / base:.2f} x bare")


def _write(path: Path, frames: int, sigma: float) -> None:
    cage = SimulatedCage(77, routine="busy", spread=0.0)
    random = np.random.default_rng(1)
    noise = (random.standard_normal((640, 768)) * sigma).astype(np.int16)
    with H264Writer(path, 704, 576, 25) as writer:
        for frame in range(frames):
            top, left = random.integers(0, 64, 2)
            picture = cage.picture(frame) + noise[top : top + 576, left : left + 704]
            writer.write(np.clip(picture, 16, 235).astype(np.uint8), frame * 40)


def _bare(path: Path) -> None:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_type = "NONE"
        for _ in container.decode(stream):
            pass


def _read(path: Path) -> None:
    with open_video(path) as video:
        for _ in video.frames():
            pass


def _preprocess(path: Path) -> None:
    preprocessor = Preprocessor(Preprocessing())
    with open_video(path) as video:
        for frame in video.frames():
            if frame.picture is not None:
                preprocessor.band(frame.picture.luma, full_range=frame.picture.full_range)


def _cpu_s(way: Callable[[Path], None], clip: Path) -> float:
    started_s = time.process_time()
    way(clip)
    return time.process_time() - started_s


if __name__ == "__main__":
    main()
