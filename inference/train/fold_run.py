"""One fold: a training in a run folder of its own, and its answers on what it left out."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from disk.durable_file import part_path
from inference.error import TrainingError
from inference.evaluate.fold import Fold, ProtocolName
from inference.evaluate.prediction_file import FILE_NAME, PredictionsAbout, write_predictions
from inference.preprocessing import Preprocessing
from inference.train.dataset import Split, load_clips
from inference.train.loop import train
from inference.train.network import Network, name_of
from inference.train.plan import Plan
from inference.train.process_group import alone
from inference.train.progress import Watch


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


def is_finished(folder: Path) -> bool:
    """Say whether a fold's predictions are there, which are the last thing it writes."""
    return (folder / FILE_NAME).exists()


def run_fold(task: FoldTask) -> None:
    """Train and judge a fold, or go on with it, or do nothing if it is finished.

    Raises InferenceError, one sentence; what was saved stays.
    """
    if is_finished(task.folder):
        return
    split = Split(
        training=tuple(load_clips(task.fold.training, task.cache, task.spec)),
        held_out=tuple(load_clips(task.fold.held_out, task.cache, task.spec)),
    )
    trained = train(
        split,
        task.plan,
        task.spec,
        task.folder,
        processes=alone(task.device),
        teacher=task.teacher,
        watch=Watch(validation_stacks=task.validation_stacks),
    )
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


def weights_digest(network: Network) -> str:
    """Return the SHA-256 (hex) of all weights, in the order of their names."""
    digest = hashlib.sha256()
    for name, values in sorted(network.state_dict().items()):
        digest.update(name.encode())
        digest.update(values.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
