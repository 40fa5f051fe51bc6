"""A six-hour segment, made fast: size, seeking, checking, repair, memory, against plain PyAV.

    python -m tests.bench.bench_segment [--hours 6] [--decoded-hours 1]

One encoded minute of a simulated cage is copied over and over through the recorder's own segment
file. Each step runs in a process of its own, whose largest memory is read when it ends.
"""

import argparse
import multiprocessing
import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any, Final

import av
import numpy as np

from appliance.segment_check import check_segment
from appliance.segment_files import find_segments
from appliance.segment_manifest import read_manifest, write_manifest
from capture_hw.camera import CameraFormat, CapturedFrame
from capture_hw.segment_clock import Clock
from capture_hw.segment_file import SegmentFile, SegmentPlan
from capture_hw.segment_journal import SegmentHeader
from capture_hw.segment_repair import repair_leftover
from capture_hw.simulation.cage import SimulatedCage
from tests.capture_hw.scripted_camera import STANDARD_TIME
from tests.recorded_segment import describe

_WIDTH: Final = 704
_HEIGHT: Final = 576
_FPS: Final = 25
_FRAME_NS: Final = 1_000_000_000 // _FPS
_MINUTE: Final = 60 * _FPS
_SEEKS: Final = 60
_NEAR_MS: Final = 10_000
_OPTIONS: Final = {"preset": "superfast", "tune": "zerolatency", "crf": "28", "maxrate": "1500k"}
_TORN_BYTES: Final = 1000


@dataclass(frozen=True)
class Step:
    """What a step gave and took."""

    result: Any
    wall_s: float
    cpu_s: float
    peak_mb: float


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=6.0)
    parser.add_argument("--decoded-hours", type=float, default=1.0)
    options = parser.parse_args()
    units = _encoded_minute()
    with tempfile.TemporaryDirectory(prefix="ethoprofiler-bench-") as folder:
        _bench(Path(folder) / "long", units, options.hours)
        _bench_decoding(Path(folder) / "decoded", units, options.decoded_hours)


def _bench(data: Path, units: list[tuple[bytes, bool]], hours: float) -> None:
    frames = round(hours * 60) * _MINUTE
    written = _measured(_write, data, units, frames)
    video = Path(written.result)
    plain = video.with_name("plain.mkv")
    raw = frames // _MINUTE * sum(len(unit) for unit, _ in units)
    remuxed = _measured(_remux, video, plain)
    size, plain_size = video.stat().st_size, plain.stat().st_size
    print(f"{hours:g} h, {frames:,} frames, {raw * 8 / (frames / _FPS) / 1e6:.2f} Mbit/s of H.264")
    print(f"  file {size / 1e6:.1f} MB: {size / raw - 1:+.2%} to H.264 alone, ", end="")
    print(f"plain remux {plain_size / raw - 1:+.2%}")
    _print("written", written, None, frames)
    for name, near in (("near (within 10 s)", True), ("far", False)):
        ours, theirs = (_measured(_seek, path, near).result for path in (video, plain))
        print(f"  seek {name:22} {ours:7.2f} ms, plain remux {theirs:.2f}: {ours / theirs:.2f} x")
    demuxed = _measured(_demux, video)
    _print("plain PyAV demux", demuxed, None, frames)
    _print("segment check --quick", _measured(_check, video, True), demuxed, frames)
    part = video.with_name("03_20261122_120000.mkv.part")
    content_bytes = size - _TORN_BYTES
    plain.unlink()
    _copy_start(video, part, _end_of_clusters(video, content_bytes))
    _print("plain PyAV remux", remuxed, None, frames)
    _print("repair of a torn end", _measured(_repair, part), remuxed, frames)


def _bench_decoding(data: Path, units: list[tuple[bytes, bool]], hours: float) -> None:
    frames = max(1, round(hours * 60)) * _MINUTE
    video = Path(_measured(_write, data, units, frames).result)
    print(f"{hours:g} h, decoded, one core")
    decoded = _measured(_decode, video)
    _print("plain PyAV decoding", decoded, None, frames)
    _print("segment check", _measured(_check, video, False), decoded, frames)


def _print(name: str, step: Step, baseline: Step | None, frames: int) -> None:
    ratio = f", {step.cpu_s / baseline.cpu_s:.2f} x its baseline" if baseline else ""
    each_us = step.cpu_s / frames * 1e6
    print(
        f"  {name:27} {step.wall_s:7.1f} s, {each_us:6.1f} us of CPU a frame, "
        f"peak {step.peak_mb:.0f} MB{ratio}"
    )


def _measured(step: Callable[..., Any], *arguments: Any) -> Step:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(_run, step, arguments).result()


def _run(step: Callable[..., Any], arguments: tuple[Any, ...]) -> Step:
    started_s, used_s = time.monotonic(), time.process_time()
    result = step(*arguments)
    wall_s, cpu_s = time.monotonic() - started_s, time.process_time() - used_s
    return Step(result, wall_s, cpu_s, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _write(data: Path, units: list[tuple[bytes, bool]], frames: int) -> str:
    folder = data / "03"
    folder.mkdir(parents=True)
    plan = SegmentPlan(folder, 3, 86_400, STANDARD_TIME, {"animal": "m17", "software": "bench"})
    source = _frames(units, frames)
    first = next(source)
    camera_format = CameraFormat("h264", _WIDTH, _HEIGHT, float(_FPS))
    segment = SegmentFile(plan, camera_format, first, Clock(), at_boundary=False)
    segment.write(first)
    for frame in source:
        segment.write(frame)
    segment.finish()
    assert segment.join(600), "the segment did not reach the disk"
    _describe(segment.path, segment.header, frames)
    return str(segment.path)


def _frames(units: list[tuple[bytes, bool]], frames: int) -> Iterator[CapturedFrame]:
    start_ns = time.monotonic_ns()
    for number in range(frames):
        unit, is_key = units[number % _MINUTE]
        yield CapturedFrame(start_ns + number * _FRAME_NS, number, unit, is_key=is_key)


def _describe(video: Path, header: SegmentHeader, frames: int) -> None:
    describe(video, range(0, frames * 1000 // _FPS, 1000 // _FPS))
    path = video.with_suffix(".json")
    known = {
        "start_utc_ns": header.start_utc_ns,
        "start_monotonic_ns": header.start_monotonic_ns,
        "boot_id": header.boot_id,
        "utc_offset": header.utc_offset,
    }
    write_manifest(path, read_manifest(path).model_copy(update=known))


def _check(video: Path, quick: bool) -> None:
    (files,), _ = find_segments([str(video)])
    result = check_segment(files, quick=quick)
    assert not result.faults, result.faults


def _repair(part: Path) -> None:
    repair = repair_leftover(part, lambda: False)
    assert repair.video is not None


def _demux(video: Path) -> None:
    with av.open(str(video)) as container:
        for packet in container.demux(video=0):
            bytes(packet)


def _decode(video: Path) -> None:
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_type = "NONE"
        for _ in container.decode(stream):
            pass


def _remux(video: Path, target: Path) -> None:
    with av.open(str(video)) as source, av.open(str(target), "w", format="matroska") as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = stream
                out.mux(packet)


def _seek(video: Path, near: bool) -> float:
    """Return the median time from a seek to the picture, in ms, behind a first far one."""
    chance = random.Random(5)
    taken: list[float] = []
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        length_ms = (container.duration or 0) // 1000
        place_ms = length_ms // 2
        for _ in range(_SEEKS + 1):
            started_s = time.perf_counter()
            container.seek(place_ms, stream=stream)
            next(container.decode(stream))
            taken.append((time.perf_counter() - started_s) * 1000)
            step_ms = chance.randint(-_NEAR_MS, _NEAR_MS)
            place_ms = place_ms + step_ms if near else chance.randint(0, length_ms - 1)
            place_ms = min(max(place_ms, 0), length_ms - 1)
    return median(taken[1:])


def _end_of_clusters(video: Path, before: int) -> int:
    """Return a place within the last frame, before the index."""
    with video.open("rb") as file:
        window = min(before, 4 << 20)
        file.seek(before - window)
        tail = file.read(window)
    cues = tail.rfind(b"\x1c\x53\xbb\x6b")
    return before - window + cues - _TORN_BYTES if cues >= 0 else before


def _copy_start(video: Path, part: Path, size: int) -> None:
    with video.open("rb") as source, part.open("wb") as target:
        while size and (block := source.read(min(size, 1 << 20))):
            target.write(block)
            size -= len(block)


def _encoded_minute() -> list[tuple[bytes, bool]]:
    """Return (Annex B unit, is key frame) of a minute of a busy cage with a sensor's noise."""
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = _WIDTH, _HEIGHT, "yuv420p"
    encoder.time_base, encoder.gop_size = Fraction(1, _FPS), 2 * _FPS
    encoder.max_b_frames, encoder.thread_count, encoder.options = 0, 1, dict(_OPTIONS)
    cage = SimulatedCage(77, routine="busy", spread=0.0)
    chance = np.random.default_rng(1)
    noise = (chance.standard_normal((640, 768)) * 4).astype(np.int16)
    units: list[tuple[bytes, bool]] = []
    for number in range(_MINUTE):
        top, left = chance.integers(0, 64, 2)
        noisy = cage.picture(number) + noise[top : top + _HEIGHT, left : left + _WIDTH]
        frame = _gray(np.clip(noisy, 16, 235).astype(np.uint8), number)
        units += [(bytes(packet), packet.is_keyframe) for packet in encoder.encode(frame)]
    return units


def _gray(luma: np.ndarray[Any, np.dtype[np.uint8]], pts: int) -> av.VideoFrame:
    frame = av.VideoFrame(_WIDTH, _HEIGHT, "yuv420p")
    for plane, value in zip(frame.planes, (luma, 128, 128), strict=True):
        samples = np.frombuffer(plane, np.uint8)  # type: ignore[call-overload]
        rows = samples.reshape(-1, plane.line_size)
        rows[: plane.height, : plane.width] = value
    frame.pts = pts
    return frame


if __name__ == "__main__":
    main()
