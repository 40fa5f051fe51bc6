"""Show that memory does not grow with a video's length: label a six-hour segment.

    python -m tests.bench.bench_memory [--hours 6] [--model MODEL]

The segment is one simulated minute, its packets repeated with ever later time stamps. Prints the
resident memory of the whole process tree by tenths of the way, in MB, and the rate.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import av

from appliance.model_folder import DEFAULT_MODEL
from capture_hw.h264 import H264Writer
from capture_hw.simulation.cage import SimulatedCage

FPS = 25
MINUTE_FRAMES = 60 * FPS


def main() -> None:
    """Write the segment, label it, sample memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=6.0)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ethoprofiler-bench-") as name:
        segment = Path(name) / "segment.mkv"
        frames = _write_segment(segment, round(options.hours * 60))
        print(f"{frames} frames, {segment.stat().st_size / 1e6:.0f} MB")
        _label(segment, options.model, frames)


def _write_segment(path: Path, minutes: int) -> int:
    minute = path.with_name("minute.mkv")
    cage = SimulatedCage(4711, routine="busy")
    with H264Writer(minute, 704, 576, FPS) as writer:
        for frame in range(MINUTE_FRAMES):
            writer.write(cage.picture(frame), frame * 1000 // FPS)
    with av.open(str(path), "w") as target:
        stream = None
        for number in range(minutes):
            with av.open(str(minute)) as source:
                if stream is None:
                    stream = target.add_stream_from_template(source.streams.video[0])
                for packet in source.demux(video=0):
                    if packet.pts is None:
                        continue
                    packet.pts += number * 60_000
                    packet.dts = packet.pts
                    packet.stream = stream
                    target.mux(packet)
    return minutes * MINUTE_FRAMES


def _label(segment: Path, model: str, frames: int) -> None:
    command = [sys.executable, "-m", "appliance", "classify", "--json", "--model", model]
    started_s = time.perf_counter()
    process = subprocess.Popen([*command, str(segment)], stdout=subprocess.DEVNULL)
    part = segment.with_name("segment.csv.part")
    samples: list[tuple[int, float]] = []
    while process.poll() is None:
        time.sleep(1)
        written = part.stat().st_size if part.exists() else 0
        samples.append((written, _resident_mb(process.pid)))
    taken_s = time.perf_counter() - started_s
    if process.returncode:
        sys.exit(f"classify ended with {process.returncode}")
    for tenth in range(10):
        share = samples[len(samples) * tenth // 10 : len(samples) * (tenth + 1) // 10]
        print(f"{tenth * 10:3d} %  {max(memory for _, memory in share):6.0f} MB")
    print(f"{frames / taken_s:.0f} frames/s, most {max(memory for _, memory in samples):.0f} MB")


def _resident_mb(pid: int) -> float:
    """Sum the resident memory of a process and its descendants."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0.0
    own = next((line for line in status.splitlines() if line.startswith("VmRSS")), "VmRSS: 0 kB")
    return int(own.split()[1]) / 1000 + sum(_resident_mb(int(child)) for child in children)


if __name__ == "__main__":
    main()
