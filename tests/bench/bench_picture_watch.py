"""The picture watch: how soon it sees each fault, how often it is wrong, what it costs.

    python -m tests.bench.bench_picture_watch [--cages 10] [--repeats 5] [--days 2] [--hours 24]

Detection: simulated cages are recorded by real recorders and watched by the real worker; faults
begin at moments that have nothing to do with key frames. False alarms: simulated cages for a day,
each with one reference for all of it (`watched_day`). Cost: processor time and memory of the
worker, against a bare PyAV loop that decodes as many of the same key frames. Exits with 1 if a
fault is not told within 10 s or an alarm is false.
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import av

from capture_hw.camera_config import FaultKind
from capture_hw.picture_fault import PictureFault
from capture_hw.simulation.cage import SimulatedCage
from tests.bench.watched_cages import WatchedCages
from tests.bench.watched_day import KEY_FRAMES, day_table, false_alarms, key_units, watch_days

FAULTS: Final[dict[FaultKind, PictureFault]] = {
    "freeze": "frozen",
    "black": "black",
    "bright": "bright",
    "blur": "unfocused",
    "shift": "moved",
    "cover": "obstructed",
}
FAULT_S: Final = 20.0
LIMIT_S: Final = 10.0
"""Contract: frozen, black or out of focus is detected within this time."""
COST_S: Final = 30.0
START_S: Final = 60.0


class Detection(NamedTuple):
    """How soon one fault was told."""

    fault: FaultKind
    expected: PictureFault
    cage: int
    took_s: float
    """From the first bad picture to the report; infinite if it never came."""


def main() -> int:
    """Print the figures; return 1 if one of them is over its limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cages", type=int, default=10, help="recorded and watched at once")
    parser.add_argument("--repeats", type=int, default=5, help="of every fault")
    parser.add_argument("--days", type=int, default=2, help="cages that are watched for a day")
    parser.add_argument("--hours", type=int, default=24, help="of each day, spread over it")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="picture-watch-") as name:
        faults = run_cages(Path(name), options.cages, options.repeats)
    hours = watch_days(options.days, options.hours)
    print(f"\n{day_table(hours)}", flush=True)
    faults += false_alarms(hours)
    for fault in faults:
        print(f"fault: {fault}")
    return 1 if faults else 0


def run_cages(folder: Path, cages: int, repeats: int) -> list[str]:
    """Measure cost, then detection; return what is over its limit."""
    with WatchedCages(folder, cages) as watched:
        ready = watched.until(
            lambda seen: (
                len(seen) == cages
                and all(picture.likeness is not None for picture in seen.values())
            ),
            START_S,
        )
        if not ready:
            return [f"after {START_S:.0f} s only these cages are watched: {watched.pictures}"]
        report_cost(watched, cages)
        alarms = [
            f"cage {cage}: false alarm {list(picture.faults)}"
            for cage, picture in watched.pictures.items()
            if picture.faults
        ]
        found = detect(watched, cages, repeats)
        print(f"\nmemory afterwards: {watched.usage().memory / 1e6:.0f} MB\n\n", end="")
        print(detection_table(found), flush=True)
    return alarms + late_detections(found)


def detect(watched: WatchedCages, cages: int, repeats: int) -> list[Detection]:
    """Spoil pictures; every fault in another cage each time."""
    chance = random.Random(1)
    found = []
    for number, (fault, expected) in enumerate(FAULTS.items()):
        for repeat in range(repeats):
            cage = 1 + (repeat + number) % cages
            time.sleep(chance.uniform(0, 2))
            took_s = detection_s(watched, cage, fault, expected)
            found.append(Detection(fault, expected, cage, took_s))
    return found


def detection_s(
    watched: WatchedCages, cage: int, fault: FaultKind, expected: PictureFault
) -> float:
    """Return the seconds from the first bad picture to the report.

    Infinite if it does not come, or if the cage has an older fault that does not end.
    """
    if not watched.until(lambda all_: not all_[cage].faults, 2 * START_S):
        return float("inf")
    begun_s = watched.begin(cage, fault, FAULT_S)
    seen = watched.until(lambda all_: expected in all_[cage].faults, FAULT_S)
    took_s = time.monotonic() - begun_s if seen else float("inf")
    watched.begin(cage, "drop", 0.01)
    return took_s


def late_detections(found: Sequence[Detection]) -> list[str]:
    """Return one sentence for each fault that was told late or never."""
    return [
        f"cage {one.cage}: {one.fault} was not told as {one.expected} in {LIMIT_S:.0f} s, "
        f"but after {one.took_s:.1f}"
        for one in found
        if one.took_s > LIMIT_S
    ]


def detection_table(found: Sequence[Detection]) -> str:
    """Return a table in Markdown with a row for each fault."""
    rows = ["| fault | told as | after, s | worst, s |", "|---|---|---|---|"]
    for fault in dict.fromkeys(one.fault for one in found):
        took_s = sorted(one.took_s for one in found if one.fault == fault)
        each = " ".join(f"{one:.1f}" for one in took_s)
        rows.append(f"| {fault} | {FAULTS[fault]} | {each} | {took_s[-1]:.1f} |")
    return "\n".join(rows)


def report_cost(watched: WatchedCages, cages: int) -> None:
    """Print what the worker takes, and a bare decoder for the same key frames."""
    before = watched.usage()
    watched.until(lambda _: False, COST_S)
    after = watched.usage()
    used_s = after.cpu_s - before.cpu_s
    share, ours_s, bare_s = used_s / COST_S, used_s / (COST_S / 2 * cages), bare_decode_s()
    print("| cages | of a core | of a core each | memory | a look | bare decoding | ratio |")
    print("|---|---|---|---|---|---|---|")
    print(
        f"| {cages} | {share:.1%} | {share / cages:.2%} | {after.memory / 1e6:.0f} MB "
        f"| {ours_s * 1e3:.1f} ms | {bare_s * 1e3:.1f} ms | {ours_s / bare_s:.1f} |",
        flush=True,
    )


def bare_decode_s() -> float:
    """Return the processor time of decoding one key frame with nothing around it."""
    units = list(key_units(SimulatedCage(1), range(0, 50 * KEY_FRAMES, KEY_FRAMES)))
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    begun_s = time.process_time()
    for unit in units:
        decoder.decode(av.Packet(unit))
        decoder.decode(None)
        decoder.flush_buffers()
    return (time.process_time() - begun_s) / len(units)


if __name__ == "__main__":
    sys.exit(main())
