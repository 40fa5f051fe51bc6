"""Trainings of a second, in this process or in ones that may be killed."""

import multiprocessing
import os
import socket
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import numpy as np
import torch

from inference.dataset.annotation import AnnotationFile
from inference.dataset.band_cache import Clip
from inference.dataset.source import ClipSource
from inference.ethogram import BEHAVIORS
from inference.label_file import write_annotation
from inference.preprocessing import Preprocessing
from inference.train.dataset import Split
from inference.train.loop import train
from inference.train.plan import Plan, changed, plan_of
from inference.train.process_group import joined_processes
from inference.train.progress import Progress, Trained, Watch

SPEC = Preprocessing()
PLAN = changed(
    plan_of("ours", "ethocnn-lite"), {"epochs": 2, "steps": 3, "minibatch": 8, "threads": 1}
)
QUIET = Watch(validation_stacks=0)
_PATIENCE_S = 50
_BOUT_FRAMES = 22
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["inference.train.loop", "inference.evaluate.drawing"])


def tiny_split(folder: Path) -> Split:
    """Return three clips to learn from and a short one held out; a behavior is a place."""
    folder.mkdir(exist_ok=True)
    return Split(tuple(_clip(folder, n) for n in (1, 2, 3)), (_clip(folder, 4, 33),))


def _clip(folder: Path, number: int, frames: int | None = None) -> Clip:
    generator = np.random.default_rng(number)
    codes = np.repeat(generator.permutation(len(BEHAVIORS)), _BOUT_FRAMES)[:frames]
    bands = np.full((len(codes), *SPEC.band_shape), 128, np.uint8)
    for band, code in zip(bands, codes, strict=True):
        top, left = 10 + 60 * (code // 4), 10 + 60 * (code % 4)
        band[top : top + 40, left : left + 40] = generator.integers(60)
    video = folder / f"{number:02d}_20180418_1200_s0_n{len(codes)}.mkv"
    if not video.exists():  # several processes ask for the same clips
        write_annotation(folder / f"{video.stem}_map.csv", codes)
        video.write_bytes(bytes(number))
    file = AnnotationFile(folder / f"{video.stem}_map.csv")
    source = ClipSource(video.stem, video, f"{number:02d}", video.stem, file, file)
    return Clip(source, bands, codes, codes)


def train_here(
    folder: Path, plan: Plan = PLAN, watch: Watch = QUIET, teacher: Path | None = None
) -> Trained:
    """Train on the tiny split in `folder`/run."""
    return train(
        tiny_split(folder / "clips"), plan, SPEC, folder / "run", watch=watch, teacher=teacher
    )


class TrainingProcess:
    """A training in a process of its own; its state is saved after every step."""

    def __init__(
        self, folder: Path, plan: Plan = PLAN, *, rank: int = 0, count: int = 1, port: int = 0
    ) -> None:
        tiny_split(folder / "clips")
        self._steps, told = _processes.Pipe(duplex=False)
        environment = {
            "RANK": str(rank),
            "WORLD_SIZE": str(count),
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": str(port),
        }
        self.process: ForkServerProcess = _processes.Process(
            target=_train, args=(folder, plan, told, environment), daemon=True
        )
        self.process.start()
        told.close()

    def wait_for_step(self, number: int) -> None:
        """Wait until so many steps were taken in this process, or it said its last word."""
        for _ in range(number):
            assert self._steps.poll(_PATIENCE_S), "the training does not go on"
            if isinstance(self._steps.recv(), str):
                return

    def kill(self) -> None:
        """End it with SIGKILL."""
        self.process.kill()
        self.process.join(_PATIENCE_S)

    def finish(self) -> str:
        """Wait for its end; return the sentence it ended with, empty if all went well."""
        last: str | int = ""
        try:
            while self._steps.poll(_PATIENCE_S):
                last = self._steps.recv()
        except EOFError:
            pass
        self.process.join(_PATIENCE_S)
        return last if isinstance(last, str) else "ended in silence"


def _train(folder: Path, plan: Plan, told: Connection, environment: dict[str, str]) -> None:
    os.environ.update(environment)

    def tell(progress: Progress) -> None:
        if progress.record is None:
            told.send(progress.step)

    watch = Watch(report=tell, validation_stacks=0, save_every_s=0)
    split = tiny_split(folder / "clips")
    try:
        with joined_processes("cpu") as processes:
            train(split, plan, SPEC, folder / "run", processes=processes, watch=watch)
    except Exception as error:  # a child's outermost frame
        told.send(f"{type(error).__name__}: {error}")
        raise
    told.send("")


def kept(run: Path, epoch: int = PLAN.epochs) -> dict[str, Any]:
    """Return everything that a training keeps of an epoch."""
    found: dict[str, Any] = torch.load(run / "epochs" / f"{epoch:03d}.pt", weights_only=True)
    return found


def is_same(one: object, other: object) -> bool:
    """Say whether two kept states are equal to the last bit."""
    if isinstance(one, torch.Tensor):
        assert isinstance(other, torch.Tensor)
        return one.dtype == other.dtype and one.numpy().tobytes() == other.numpy().tobytes()
    if isinstance(one, dict):
        assert isinstance(other, dict)
        return one.keys() == other.keys() and all(is_same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        assert isinstance(other, list | tuple)
        return len(one) == len(other) and all(map(is_same, one, other))
    return one == other


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
