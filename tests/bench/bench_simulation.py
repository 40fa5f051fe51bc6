"""Print how many frames a second one core draws: `python -m tests.bench.bench_simulation`."""

import time

import cv2

from capture_hw.simulation.behavior import Fur
from capture_hw.simulation.cage import SimulatedCage

_FRAMES = 2000


def main() -> None:
    cv2.setNumThreads(1)
    furs: tuple[Fur, ...] = ("black", "white")
    for seed, fur in enumerate(furs):
        started_s = time.process_time()
        cage = SimulatedCage(seed, fur=fur, routine="busy")
        drawn_s = time.process_time()
        for frame in range(_FRAMES):
            cage.picture(frame)
        took_s = time.process_time() - drawn_s
        rate = _FRAMES / took_s
        print(f"{fur}: {rate:.0f} frames/s of CPU time, start {drawn_s - started_s:.2f} s")


if __name__ == "__main__":
    main()
