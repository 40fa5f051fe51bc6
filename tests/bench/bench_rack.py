"""Ten cages for ten minutes: frames kept, latency, lag, processor shares, memory.

Pre-encoded cages are replayed and their H.264 copied, with a new segment every five minutes; a real
Mosquitto, a folder as store. The baseline is measured in the same run: the same frames decoded,
preprocessed and judged in one plain loop, and the same packets copied by bare PyAV.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

import av
import numpy as np

from appliance.model_folder import DEFAULT_MODEL, find_model
from appliance.status import RackStatus
from capture_hw.h264 import H264Writer
from capture_hw.simulation.cage import SimulatedCage
from capture_hw.simulation.rig import FPS, HEIGHT, WIDTH
from inference.classifier import Classifier
from inference.preprocessing import Preprocessor
from inference.video import open_video
from tests.bench.process_meter import Usage, usage_of
from tests.mosquitto import Mosquitto
from tests.mqtt_reader import MqttReader
from tests.rack.stage import RackStage, everything_runs

SAMPLE_S: Final = 10.0
SETTLE_S: Final = 15.0

RACK: Final = """\
[rack]
facility = "bench"
name = "rack"
data = "data"
utc_offset = "+00:00"
[recording]
segment_s = 300
keep_free_gb = 0.5
[lights]
[[lights.panel]]
name = "main"
driver = "simulated"
[mqtt]
host = "127.0.0.1"
port = {port}
[store]
kind = "folder"
path = "store"
"""
CAGE: Final = """\
[[cage]]
number = {number}
animal = "mouse-{number}"
camera = {{ driver = "replay", file = "{file}", copy = true }}
"""


@dataclass
class Record:
    """What was seen while the rack ran."""

    usages: list[tuple[float, dict[str, Usage]]] = field(default_factory=list)
    lags: list[list[float]] = field(default_factory=list)
    arrivals: list[tuple[float, float]] = field(default_factory=list)
    """Moment of arrival and latency, seconds."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--cages", type=int, default=10)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rack-") as name:
        folder = Path(name)
        clips = encode(folder, arguments.cages)
        record, lost = run(folder, clips, arguments.minutes * 60)
        report(record, lost, clips, arguments.cages)


def encode(folder: Path, cages: int) -> list[Path]:
    """Write a minute of each cage before anything is measured."""
    paths = [folder / f"cage-{number:02d}.mkv" for number in range(1, cages + 1)]
    with ProcessPoolExecutor() as pool:
        list(pool.map(encode_one, paths, range(cages)))
    return paths


def encode_one(path: Path, seed: int) -> None:
    cage = SimulatedCage(seed, routine="busy")
    with H264Writer(path, WIDTH, HEIGHT, FPS) as writer:
        for frame in range(60 * FPS):
            writer.write(cage.picture(frame), frame * 1000 // FPS)


def run(folder: Path, clips: list[Path], seconds: float) -> tuple[Record, int]:
    """Run the rack; return what was seen and the frames lost."""
    (folder / "store").mkdir()
    record = Record()
    with Mosquitto(folder / "broker") as broker:
        config = folder / "rack.toml"
        text = RACK.format(port=broker.port)
        for number, clip in enumerate(clips, start=1):
            text += CAGE.format(number=number, file=clip.name)
        config.write_text(text)
        with (
            MqttReader(broker.port, "ethoprofiler/bench/rack/") as reader,
            RackStage(config) as stage,
        ):
            stage.await_that(everything_runs, "everything runs")
            time.sleep(SETTLE_S)
            watch(stage, reader, record, seconds)
            stage.stop()
    return record, frames_lost(folder / "data")


def watch(stage: RackStage, reader: MqttReader, record: Record, seconds: float) -> None:
    ends_s = time.monotonic() + seconds
    read = len(reader.read)
    next_sample_s = time.monotonic()
    while time.monotonic() < ends_s:
        if time.monotonic() >= next_sample_s:
            next_sample_s += SAMPLE_S
            status = stage.client.status()
            record.usages.append((time.monotonic(), usages(stage, status)))
            record.lags.append([c.label.lag_s for c in status.cages if c.label is not None])
        now_s = time.time()
        for message in reader.read[read:]:
            if message.topic.endswith("/behavior"):
                moment = datetime.fromisoformat(message.fields["time"]).timestamp()
                record.arrivals.append((now_s, now_s - moment))
        read = len(reader.read)
        time.sleep(0.005)
    record.usages.append((time.monotonic(), usages(stage, stage.client.status())))


def usages(stage: RackStage, status: RackStatus) -> dict[str, Usage]:
    """Return the usage of each process of the rack."""
    workers = [cage.worker for cage in status.cages] + list(status.workers)
    pids = {worker.name: worker.pid for worker in workers}
    pids["supervisor"] = stage.pid_of("supervisor")
    return {name: usage_of(pid) for name, pid in pids.items() if pid is not None}


def frames_lost(data: Path) -> int:
    lost = 0
    for path in data.glob("[0-9][0-9]/*/*.json"):
        lost += sum(gap["frames_lost"] for gap in json.loads(path.read_text())["gaps"])
    return lost


def report(record: Record, lost: int, clips: list[Path], cages: int) -> None:
    (first_s, first), (last_s, last) = record.usages[0], record.usages[-1]
    span_s = last_s - first_s
    print(f"{cages} cages, {span_s:.0f} s: {lost} frames lost")
    latencies = sorted(latency for _, latency in record.arrivals)
    print(
        f"latency capture -> subscriber, {len(latencies)} events: "
        f"median {statistics.median(latencies):.2f} s, "
        f"p99 {latencies[int(len(latencies) * 0.99)]:.2f} s, max {latencies[-1]:.2f} s"
    )
    thirds = [record.lags[: len(record.lags) // 3], record.lags[-(len(record.lags) // 3) :]]
    early, late = (statistics.mean(max(lags) for lags in part) for part in thirds if part)
    print(f"largest lag of a cage, mean of the first third {early:.2f} s, of the last {late:.2f} s")
    one_minute = min(
        range(len(record.usages)), key=lambda i: abs(record.usages[i][0] - first_s - 60)
    )
    print("process         share of a core   memory after 1 min and at the end (MB)")
    shares = {}
    for name in first:
        shares[name] = (last[name].cpu_s - first[name].cpu_s) / span_s
        then, now = record.usages[one_minute][1][name].memory, last[name].memory
        print(f"{name:15s} {shares[name]:8.1%} {then / 1e6:20.1f} {now / 1e6:10.1f}")
    print(f"{'all':15s} {sum(shares.values()):8.1%}")
    recorders = [share for name, share in shares.items() if name.startswith("recorder")]
    judged_s, copied_s = judge_plainly(clips[0]), copy_plainly(clips[0])
    print(
        f"classifier / decode, preprocess and judge in one plain loop: "
        f"{shares['classifier'] / (judged_s * FPS * cages):.2f}"
    )
    print(
        f"recorder / copying the same packets with bare PyAV: "
        f"{statistics.mean(recorders) / (copied_s * FPS):.1f}"
    )


def judge_plainly(clip: Path) -> float:
    """Return processor seconds a frame, one thread."""
    classifier = Classifier(find_model(DEFAULT_MODEL), "cpu")
    spec = classifier.card.preprocessing
    preprocessor = Preprocessor(spec, None)
    bands = []
    started_s = time.process_time()
    frames = 0
    with open_video(clip) as video:
        for frame in video.frames():
            assert frame.picture is not None
            frames += 1
            bands.append(preprocessor.band(frame.picture.luma, full_range=frame.picture.full_range))
            if len(bands) == spec.stack_length:
                classifier.probabilities(np.stack(bands)[None])
                bands.clear()
    return (time.process_time() - started_s) / frames


def copy_plainly(clip: Path) -> float:
    """Return processor seconds a frame, with the muxer's options of the recorder."""
    target = clip.with_suffix(".copy.mkv")
    options = {"cluster_time_limit": "0", "flush_packets": "1"}
    started_s = time.process_time()
    frames = 0
    with av.open(str(clip)) as source, av.open(str(target), "w", options=options) as sink:
        stream = sink.add_stream_from_template(source.streams.video[0])
        for packet in packets_of(source):
            packet.stream = stream
            sink.mux(packet)
            frames += 1
    return (time.process_time() - started_s) / frames


def packets_of(source: av.container.InputContainer) -> "Iterator[av.Packet]":  # type: ignore[type-arg]
    return (packet for packet in source.demux(video=0) if packet.size)


if __name__ == "__main__":
    main()
