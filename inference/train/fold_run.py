"""One fold: a training in a run folder of its own, and its answers on what it left out."""

import hashlib
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import torch

from disk.durable_file import part_path
from inference.error import FolderInUse, TrainingError
from inference.evaluate.fold import Fold, ProtocolName
from inference.evaluate.prediction_file import FILE_NAME, PredictionsAbout, write_predictions
from inference.preprocessing import Preprocessing
from inference.train.dataset import Split, load_clips
from inference.train.finished_fold import is_finished
from inference.train.loop import train
from inference.train.network import Network, create_network, name_of
from inference.train.plan import Optimizer, Plan
from inference.train.process_group import alone
from inference.train.progress import Trained, Watch

_IN_USE_S: Final = 30.0
"""How long a process that still trains the fold may take to end, such as that of a killed run."""
_LOOK_AGAIN_S: Final = 0.2
_STATE_IN_WEIGHTS: Final[dict[Optimizer, int]] = {"sgd": 1, "adamw": 3}
"""The size of a whole state: the weights, and the optimizer's moments."""


@dataclass(frozen=True, slots=True)
class FoldTask:
    """Everything that a process needs to do one fold; crosses to it, wherever it runs."""

    fold: Fold
    protocol: ProtocolName
    plan: Plan
    spec: Preprocessing
    folder: Path
    """The fold's own, seen by all processes under this name."""
    cache: Path
    device: str
    teacher: Path | None
    validation_stacks: int
    software: str


def run_fold(task: FoldTask) -> None:
    """Train and judge a fold, or go on with it, or do nothing if it is finished.

    Waits for half a minute if another process is training it. Raises InferenceError, one sentence;
    what was saved stays.
    """
    if is_finished(task.folder):
        return
    split = Split(
        training=tuple(load_clips(task.fold.training, task.cache, task.spec)),
        held_out=tuple(load_clips(task.fold.held_out, task.cache, task.spec)),
    )
    trained = _trained(task, split)
    if trained is None:
        return
    about = PredictionsAbout(
        model=f"{name_of(trained.network)}@{weights_digest(trained.network)}",
        protocol=task.protocol,
        fold=task.fold.name,
        created=datetime.now(UTC),
        software=task.software,
        frames_per_second=task.spec.frames_per_second,
    )
    path = task.folder / FILE_NAME
    try:
        write_predictions(path, trained.predictions, about)
    except OSError as error:
        part_path(path).unlink(missing_ok=True)
        raise TrainingError(f"{path} cannot be written: {error.strerror}") from error


def bytes_to_write(task: FoldTask) -> int:
    """Return about how much a fold will take besides what is there: a state for each epoch."""
    with torch.device("meta"):
        network = create_network(task.plan.network, task.plan.shape)
    weights: int = sum(values.nbytes for values in network.state_dict().values())
    files = [task.folder / "state.pt", *(task.folder / "epochs").glob("*.pt")]
    there = sum(file.stat().st_size for file in files if file.exists())
    state = weights * _STATE_IN_WEIGHTS[task.plan.optimizer]
    return max(0, state * (task.plan.epochs + 1) - there)


def _trained(task: FoldTask, split: Split) -> Trained | None:
    """Return what is trained, None if another process has finished the fold meanwhile."""
    deadline_s = time.monotonic() + _IN_USE_S
    while not is_finished(task.folder):
        try:
            return train(
                split,
                task.plan,
                task.spec,
                task.folder,
                processes=alone(task.device),
                teacher=task.teacher,
                watch=Watch(validation_stacks=task.validation_stacks),
            )
        except FolderInUse as error:
            if time.monotonic() > deadline_s:
                raise TrainingError(
                    f"{task.folder}: another process is still training it, "
                    "and the same command finds it when that is done"
                ) from error
        time.sleep(_LOOK_AGAIN_S)
    return None


def weights_digest(network: Network) -> str:
    """Return the SHA-256 (hex) of all weights, in the order of their names."""
    digest = hashlib.sha256()
    for name, values in sorted(network.state_dict().items()):
        digest.update(name.encode())
        digest.update(values.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
