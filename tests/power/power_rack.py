"""A whole rack on a logged disk: two cameras that are encoded, one whose H.264 is copied."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from capture_hw.h264 import H264Writer
from capture_hw.simulation.cage import SimulatedCage
from capture_hw.simulation.rig import FPS, HEIGHT, WIDTH
from disk.durable_file import write_durably
from tests.mosquitto import Mosquitto
from tests.power.logged_disk import DiskFiles, demand_means, logged_disk, run
from tests.power.promise import Notes, read_notes
from tests.rack.rack_text import rack_text, simulated
from tests.rack.stage import RackStage, everything_runs

CONFIG: Final = "rack.toml"
_SEGMENT_S: Final = 10
_KILLED_CAGE: Final = "02"
_KILL_RECORDER_AT: Final = 0.4
_KILL_CLASSIFIER_AT: Final = 0.6
_CLIP_S: Final = 20
_ROOT: Final = Path(__file__).parents[2]
_FAULTS: Final = (
    '[{ kind = "stall", after_s = 14, for_s = 2.5 }, { kind = "drop", after_s = 23, for_s = 1 }]'
)


@dataclass(frozen=True, slots=True)
class Life:
    """A rack's life on a logged disk."""

    folder: Path
    """For images and mounts."""
    files: DiskFiles
    notes: Notes
    killed_ns: dict[str, int]
    """When a cage's recorder was killed."""


def live(folder: Path, seconds: float) -> Life:
    """Let a rack live from its first start to its ordered stop, and observe it.

    On the way a recorder and the classifier are killed, so that repairs are logged too. Raises
    LaboratoryError.
    """
    demand_means()
    clip, mount, notes = _write_clip(folder / "clip.mkv"), folder / "mnt", folder / "notes.jsonl"
    with Mosquitto(folder / "broker") as broker, logged_disk(folder, mount) as files:
        write_durably(mount / CONFIG, _config_text(clip, broker.port).encode())
        (mount / "store").mkdir()
        with _observed(files.log, mount, notes), RackStage(mount / CONFIG) as stage:
            killed_ns = _live(stage, seconds)
    return Life(folder, files, read_notes(notes), killed_ns)


def _live(stage: RackStage, seconds: float) -> dict[str, int]:
    began_s = time.monotonic()
    stage.await_that(everything_runs, "everything runs")
    _wait_until(began_s + _KILL_RECORDER_AT * seconds)
    killed_ns = time.monotonic_ns()
    stage.kill(f"recorder-{_KILLED_CAGE}")
    _wait_until(began_s + _KILL_CLASSIFIER_AT * seconds)
    stage.kill("classifier")
    _wait_until(began_s + seconds)
    stage.end_recordings()
    stage.await_that(
        lambda s: s.publisher is not None and s.publisher.waiting == 0, "events are out"
    )
    stage.stop()
    return {_KILLED_CAGE: killed_ns}


def _write_clip(path: Path) -> Path:
    """Write the video that stands for a camera with H.264 of its own."""
    cage = SimulatedCage(3, routine="busy")
    with H264Writer(path, WIDTH, HEIGHT, FPS) as writer:
        for frame in range(round(_CLIP_S * FPS)):
            writer.write(cage.picture(frame), round(frame * 1000 / FPS))
    return path


def connect_to(config: Path, port: int) -> None:
    """Change the broker of a configuration."""
    text = re.sub(r"(?m)^port = \d+$", f"port = {port}", config.read_text())
    write_durably(config, text.encode())


@contextmanager
def without_sync(folder: Path) -> Iterator[None]:
    """Let every program that starts in the block believe that its syncs were done."""
    library = folder / "no_sync.so"
    run("cc", "-shared", "-fPIC", "-o", library, Path(__file__).with_name("no_sync.c"))
    os.environ["LD_PRELOAD"] = str(library)
    try:
        yield
    finally:
        del os.environ["LD_PRELOAD"]


def _config_text(clip: Path, port: int) -> str:
    cameras = (
        simulated(1).replace(" }", f", faults = {_FAULTS} }}"),
        simulated(2),
        f'{{ driver = "replay", file = "{clip}", copy = true }}',
    )
    return rack_text(cameras, port=port, segment_s=_SEGMENT_S)


@contextmanager
def _observed(log: Path, disk: Path, notes: Path) -> Iterator[None]:
    # Not preloaded with anything: it writes nothing on the disk that is logged.
    clean = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    command = [sys.executable, "-m", "tests.power.observer", *map(str, (log, disk, notes))]
    observer = subprocess.Popen(command, cwd=_ROOT, env=clean)
    try:
        yield
    finally:
        observer.send_signal(signal.SIGTERM)
        assert observer.wait(10) == 0, "the observer has failed"


def _wait_until(moment_s: float) -> None:
    time.sleep(max(0.0, moment_s - time.monotonic()))
