"""Ten cameras of 704x576 at 25 frames/s: cores used, frames lost, how late frames are written.

Each camera is a recorder process that gets its pictures from memory, with sensor noise; all roll
over together every minute. Beside it, in the same run, bare ffmpeg processes do the same work:
libx264 with the same settings, or a copy of the same H.264, into Matroska with a cluster a frame.

Frames lost are those missing in the files by the files' own times. Exits with 1 if a recorder has
counted others, has died, or has not recorded to the end.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from capture_hw.camera import CameraFormat, CapturedFrame
from capture_hw.copied_video import CopiedVideo
from capture_hw.encoder_config import EncoderConfig
from capture_hw.encoder_setting import setting_of
from capture_hw.picture_encoder import PictureEncoder
from capture_hw.simulation.cage import SimulatedCage
from capture_hw.simulation.rig import FPS, HEIGHT, WIDTH
from tests.bench.capture_process import FRAME_NS
from tests.bench.process_meter import usage_of
from tests.bench.recorded_frames import RecordedFrames, recorded_frames, recording_faults

PICTURES: Final = 150
SETTLE_S: Final = 5.0
BARE_S: Final = 120.0
ROOT: Final = Path(__file__).parents[2]
MUXER: Final = ["-cluster_time_limit", "0", "-flush_packets", "1", "-f", "matroska"]


@dataclass(frozen=True, slots=True)
class Load:
    """What processes used: in cores, milliseconds a frame, and the largest of them in bytes."""

    cores: float
    frame_ms: float
    memory: int = 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--cages", type=int, default=10)
    parser.add_argument("--copied", action="store_true", help="H.264 from the camera, copied")
    parser.add_argument("--segment-s", type=int, default=60, help="seconds between roll-overs")
    parser.add_argument("--slot-s", type=float, default=0.5, help="between two cages' new names")
    parser.add_argument("--folder", type=Path, help="on the disk to measure")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="capture-", dir=arguments.folder) as name:
        folder = Path(name)
        pictures = render(folder)
        source = encode(folder, pictures) if arguments.copied else folder / "pictures.npy"
        ours, exit_codes = record(folder, source, arguments)
        cages = range(1, arguments.cages + 1)
        results = [read_result(folder / f"result-{cage:02d}.json") for cage in cages]
        recorded = [recorded_frames(folder / f"{cage:02d}", FRAME_NS) for cage in cages]
        seconds = min(arguments.minutes * 60, BARE_S)
        bare = run_bare(folder, seconds, arguments)
        report(ours, bare, [one for one in results if one], recorded, arguments)
    told = [one["frames_lost"] if one else None for one in results]
    faults = recording_faults(recorded, told, exit_codes, arguments.minutes * 60)
    for fault in faults:
        print(f"fault: {fault}")
    return 1 if faults else 0


def read_result(path: Path) -> dict[str, Any] | None:
    """Read what a recorder has counted itself; None if it did not come to that."""
    if not path.exists():
        return None
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def render(folder: Path) -> np.ndarray:
    """Draw a stretch of a cage whose mouse moves, and write it down as NumPy and FFmpeg read it."""
    cage = SimulatedCage(3, routine="busy")
    pictures = np.stack([cage.picture(number) for number in range(2000, 2000 + PICTURES)])
    np.save(folder / "pictures.npy", pictures)
    gray = bytes([128]) * (WIDTH * HEIGHT // 2)
    with (folder / "pictures.yuv").open("wb") as file:
        for picture in (*pictures, *pictures[-2:0:-1]):
            file.write(picture.tobytes() + gray)
    return pictures


def encode(folder: Path, pictures: np.ndarray) -> Path:
    """Write what a camera with H.264 would give, as units for us and as a video for ffmpeg."""
    setting = setting_of(EncoderConfig())
    encoder = PictureEncoder(CameraFormat("luma", WIDTH, HEIGHT, float(FPS)), setting)
    path, index, place = folder / "units.264", [], 0
    video = None
    with path.open("wb") as file:
        for number, picture in enumerate((*pictures, *pictures[-2:0:-1])):
            frame = CapturedFrame(number * FRAME_NS, number, picture, is_key=True)
            (unit,) = encoder.encode(frame)
            place += file.write(bytes(unit.content))
            index.append((place - len(unit.content), place, unit.is_key))
            content = bytes(unit.content)
            video = video or CopiedVideo(folder / "units.mkv", content, FPS, {})
            video.write(content, number * 40, is_key=unit.is_key)
    assert video is not None
    video.finish()
    path.with_suffix(".json").write_text(json.dumps(index))
    return path


def record(folder: Path, source: Path, arguments: argparse.Namespace) -> tuple[Load, list[int]]:
    """Return what the recorders used, and how each ended."""
    program = [sys.executable, "-m", "tests.bench.capture_process", str(folder), str(source)]
    rest = [f"{WIDTH}x{HEIGHT}", str(arguments.segment_s), str(arguments.slot_s)]
    processes = []
    for cage in range(1, arguments.cages + 1):
        processes.append(subprocess.Popen([*program, str(cage), *rest], cwd=ROOT))
        time.sleep(0.1)
    try:
        time.sleep(SETTLE_S)
        before, began_s = [usage_of(process.pid) for process in processes], time.monotonic()
        time.sleep(arguments.minutes * 60)
        after, seconds = [usage_of(process.pid) for process in processes], time.monotonic()
        seconds -= began_s
    finally:
        for process in processes:
            process.terminate()
        exit_codes = [end(process) for process in processes]
    used_s = sum(one.cpu_s for one in after) - sum(one.cpu_s for one in before)
    frames = seconds * FPS * arguments.cages
    memory = max(one.memory for one in after)
    return Load(used_s / seconds, 1000 * used_s / frames, memory), exit_codes


def end(process: subprocess.Popen[bytes]) -> int:
    """Wait for a process that was told to end; one that does not is killed, which its code says."""
    try:
        return process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def run_bare(folder: Path, seconds: float, arguments: argparse.Namespace) -> Load | None:
    """Have plain ffmpeg do the same, in as many processes at the same pace."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        return None
    paced = [ffmpeg, "-v", "error", "-nostdin", "-y", "-re", "-stream_loop", "-1"]
    if arguments.copied:
        take = ["-i", str(folder / "units.mkv"), "-c", "copy"]
    else:
        setting = setting_of(EncoderConfig())
        raw = ["-f", "rawvideo", "-pixel_format", "yuv420p", "-video_size", f"{WIDTH}x{HEIGHT}"]
        options = [part for name, value in setting.options.items() for part in (f"-{name}", value)]
        take = [*raw, "-framerate", str(FPS), "-i", str(folder / "pictures.yuv"), "-c:v", "libx264"]
        take += [*options, "-g", str(2 * FPS), "-bf", "0", "-threads", "1"]
    before = os.times()
    processes = [
        subprocess.Popen(
            [*paced, *take, "-t", str(seconds), *MUXER, str(folder / f"bare-{number}.mkv")]
        )
        for number in range(arguments.cages)
    ]
    codes = [process.wait(seconds + 60) for process in processes]
    assert codes == [0] * arguments.cages, codes
    after = os.times()
    used_s = (after.children_user + after.children_system) - (
        before.children_user + before.children_system
    )
    return Load(used_s / seconds, 1000 * used_s / (seconds * FPS * arguments.cages))


def report(
    ours: Load,
    bare: Load | None,
    results: Sequence[dict[str, Any]],
    recorded: Sequence[RecordedFrames],
    arguments: argparse.Namespace,
) -> None:
    late_ms = [late_ns / 1e6 for result in results for late_ns in result["late_ns"]]
    rolling_ms = [
        late_ns / 1e6
        for result in results
        for at_ns, late_ns in zip(result["captured_utc_ns"], result["late_ns"], strict=True)
        if at_ns % (arguments.segment_s * 1_000_000_000) < 1_000_000_000
    ]
    kind = "H.264 copied" if arguments.copied else "luma encoded"
    print(f"{arguments.cages} cameras, {kind}, {arguments.minutes:g} min on {os.cpu_count()} cores")
    print(f"cores used            {ours.cores:.2f}   ({ours.frame_ms:.2f} ms a frame)")
    print(f"memory a process      {ours.memory / 1e6:.0f} MB")
    print(f"frames in the files   {sum(one.frames for one in recorded)}")
    print(f"frames lost           {sum(one.lost for one in recorded)}")
    print(f"  as recorders count  {sum(result['frames_lost'] for result in results)}")
    print(f"lateness              {spread(late_ms)}")
    print(f"  after a roll-over   {spread(rolling_ms)}")
    if bare is None:
        print("ffmpeg                not installed")
        return
    print(f"bare ffmpeg           {bare.cores:.2f} cores   ({bare.frame_ms:.2f} ms a frame)")
    print(f"ratio                 {ours.frame_ms / bare.frame_ms:.2f}")


def spread(values: Sequence[float]) -> str:
    if len(values) < 100:
        return "too few frames"
    quantiles = statistics.quantiles(values, n=100)
    return f"p50 {quantiles[49]:.1f}  p99 {quantiles[98]:.1f}  max {max(values):.1f} ms"


if __name__ == "__main__":
    sys.exit(main())
