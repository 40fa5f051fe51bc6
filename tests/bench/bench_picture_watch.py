"""The picture watch: how soon it sees each fault, how often it is wrong, what it costs.

    python -m tests.bench.bench_picture_watch [--cages 10] [--repeats 5] [--asleep-h 24]

Detection: simulated cages are recorded by real recorders and watched by the real worker; faults
begin at moments that have nothing to do with key frames. False alarms: the key frames of simulated
cages, encoded as a recorder does with two pictures behind each, drawn from the light phase, in
which a mouse mostly sleeps, and from the dark one. Cost: processor time and memory of the worker,
against a bare PyAV loop that decodes as many of the same key frames.
"""

import argparse
import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final, NamedTuple

import av
import numpy as np

from capture_hw.camera import CameraFormat, CapturedFrame
from capture_hw.camera_config import FaultKind
from capture_hw.encoder_config import EncoderConfig
from capture_hw.encoder_setting import setting_of
from capture_hw.picture_encoder import PictureEncoder
from capture_hw.picture_fault import PictureFault
from capture_hw.picture_measure import Luma
from capture_hw.picture_watch import PictureWatch
from capture_hw.reference import learn
from capture_hw.simulation.cage import SimulatedCage
from capture_hw.simulation.rig import FPS, HEIGHT, WIDTH
from tests.bench.watched_cages import WatchedCages

FAULTS: Final[dict[FaultKind, PictureFault]] = {
    "freeze": "frozen",
    "black": "black",
    "bright": "bright",
    "blur": "unfocused",
    "shift": "moved",
    "cover": "obstructed",
}
KEY_FRAMES: Final = 2 * FPS
BEHIND: Final = 2
FAULT_S: Final = 20.0
COST_S: Final = 30.0
START_S: Final = 60.0


class Hour(NamedTuple):
    """What one simulated hour showed."""

    key_frames: int
    asleep: int
    """Key frames in which the mouse rests."""
    alarms: Counter[str]
    least_novelty: float
    least_likeness: float
    least_focus: float


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cages", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--asleep-h", type=int, default=24, help="hours of the light phase")
    parser.add_argument("--awake-h", type=int, default=4, help="hours of the dark phase")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="picture-watch-") as name:
        run_cages(Path(name), options.cages, options.repeats)
    with ProcessPoolExecutor() as pool:
        for title, zt_h, hours in (
            ("light phase", 0.0, options.asleep_h),
            ("dark phase", 12.0, options.awake_h),
        ):
            found = pool.map(one_hour, [zt_h + n % 12 for n in range(hours)], range(hours))
            report_hours(title, list(found))


def run_cages(folder: Path, cages: int, repeats: int) -> None:
    """Measure cost, then detection; every fault in another cage each time."""
    chance = random.Random(1)
    with WatchedCages(folder, cages) as watched:
        ready = watched.until(
            lambda seen: (
                len(seen) == cages
                and all(picture.likeness is not None for picture in seen.values())
            ),
            START_S,
        )
        assert ready, watched.pictures
        report_cost(watched, cages)
        for fault, expected in FAULTS.items():
            took = []
            for repeat in range(repeats):
                cage = 1 + (repeat + list(FAULTS).index(fault)) % cages
                time.sleep(chance.uniform(0, 2))
                took.append(detection_s(watched, cage, fault, expected))
            text = " ".join(f"{one:5.1f}" for one in sorted(took))
            print(f"{fault:8} -> {expected:10} {text} s, worst {max(took):.1f}", flush=True)
        print(f"memory afterwards {watched.usage().memory / 1e6:.0f} MB", flush=True)


def detection_s(
    watched: WatchedCages, cage: int, fault: FaultKind, expected: PictureFault
) -> float:
    """Return the seconds from the first bad picture to the report; the cage is in order before."""
    watched.until(lambda all_: not all_[cage].faults, 2 * START_S)
    begun_s = watched.begin(cage, fault, FAULT_S)
    seen = watched.until(lambda all_: expected in all_[cage].faults, FAULT_S)
    took_s = time.monotonic() - begun_s if seen else float("inf")
    watched.begin(cage, "drop", 0.01)
    return took_s


def report_cost(watched: WatchedCages, cages: int) -> None:
    """Print what the worker takes, and a bare decoder for the same key frames."""
    before = watched.usage()
    watched.until(lambda _: False, COST_S)
    after = watched.usage()
    share = (after.cpu_s - before.cpu_s) / COST_S
    looks = COST_S / 2 * cages
    bare_s = bare_decode_s()
    ours_s = (after.cpu_s - before.cpu_s) / looks
    print(
        f"worker: {share:.1%} of a core for {cages} cages, {share / cages:.2%} each, "
        f"{after.memory / 1e6:.0f} MB; {ours_s * 1e3:.1f} ms a look, bare decoding "
        f"{bare_s * 1e3:.1f} ms, ratio {ours_s / bare_s:.1f}",
        flush=True,
    )


def bare_decode_s() -> float:
    """Return the processor time of decoding one key frame with nothing around it."""
    cage = SimulatedCage(1)
    units = list(key_units(cage, range(0, 50 * KEY_FRAMES, KEY_FRAMES)))
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    begun_s = time.process_time()
    for unit in units:
        decoder.decode(av.Packet(unit))
        decoder.decode(None)
        decoder.flush_buffers()
    return (time.process_time() - begun_s) / len(units)


def key_units(cage: SimulatedCage, frames: range) -> Iterator[bytes]:
    """Yield the key frames of a recording that shows little between them."""
    camera = CameraFormat(codec="luma", width=WIDTH, height=HEIGHT, fps=FPS)
    encoder = PictureEncoder(camera, setting_of(EncoderConfig(encoder="libx264")))
    for first in frames:
        for number in range(first, first + 1 + BEHIND):
            frame = CapturedFrame(
                number * 1_000_000_000 // FPS, number, cage.picture(number), is_key=True
            )
            for unit in encoder.encode(frame, force_key=number == first):
                assert isinstance(unit.content, bytes)
                if unit.is_key:
                    yield unit.content


def one_hour(zt_h: float, seed: int) -> Hour:
    """Watch an hour that begins at a Zeitgeber time; the reference is learnt an hour before."""
    cage = SimulatedCage(seed, start_zt_h=(zt_h - 1.0) % 24.0)
    hour = 3600 * FPS
    reference = learn(list(decoded(key_units(cage, range(0, 30 * KEY_FRAMES, KEY_FRAMES)))))
    watch, alarms, looks = PictureWatch(), Counter[str](), []
    frames = range(hour, 2 * hour, KEY_FRAMES)
    asleep = sum(cage.behavior(frame) == "rest" for frame in frames)
    for frame, luma in zip(frames, decoded(key_units(cage, frames)), strict=True):
        looks.append(watch.take(luma, frame * 1_000_000_000 // FPS, reference))
        alarms.update(raised.fault for raised in watch.faults)
    found = [one.comparison for one in looks if one.comparison]
    return Hour(
        len(looks),
        asleep,
        alarms,
        min(one.novelty.novelty for one in looks if one.novelty),
        min(one.likeness - reference.limits.least_likeness for one in found),
        min(one.focus - reference.limits.least_focus for one in found),
    )


def decoded(units: Iterator[bytes]) -> Iterator[Luma]:
    """Yield the pictures of key frames."""
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    for unit in units:
        frames = decoder.decode(av.Packet(unit)) + decoder.decode(None)
        decoder.flush_buffers()
        plane = frames[-1].planes[0]
        samples = np.frombuffer(plane, np.uint8)  # type: ignore[call-overload]
        yield samples.reshape(-1, plane.line_size)[:HEIGHT, :WIDTH].copy()


def report_hours(title: str, hours: list[Hour]) -> None:
    """Print the false alarms of many hours, and how far the figures stayed from their limits."""
    if not hours:
        return
    alarms = sum((hour.alarms for hour in hours), Counter[str]())
    looks = sum(hour.key_frames for hour in hours)
    asleep = sum(hour.asleep for hour in hours) / looks
    novelty = [hour.least_novelty for hour in hours]
    print(
        f"{title}: {len(hours)} h of {len(hours)} cages, asleep {asleep:.0%}, {looks} looks, "
        f"false alarms {dict(alarms) or 0}; novelty at least {min(novelty):.2f} "
        f"(median of hours {statistics.median(novelty):.2f}, limit 0.5); above the limit: "
        f"likeness {min(hour.least_likeness for hour in hours):.2f}, "
        f"focus {min(hour.least_focus for hour in hours):.2f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
