"""The whole state of a training as a checkpoint, from which it goes on to the same bits."""

import hashlib
import io
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import torch
from pydantic import ValidationError

from inference.error import TrainingError
from inference.train.checkpoint import write_checkpoint
from inference.train.history import EpochRecord
from inference.train.network import name_of
from inference.train.plan import Plan, differences
from inference.train.step import Learner

_DIGEST_BYTES: Final = 32


@dataclass(slots=True)
class Position:
    """How far a training has come."""

    epoch: int = 1
    """The one that is trained; one more than the plan's if all are."""
    step: int = 0
    """Minibatches of it that were learned."""
    steps: int = 0
    """Minibatches learned since the training began."""
    loss_sum: float = 0.0
    """Of the epoch's minibatches."""
    history: list[EpochRecord] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class TrainingState:
    """What a state file belongs to."""

    plan: Plan
    clips: str
    """SHA-256 of the list of clips."""


class StateDamaged(TrainingError):
    """A state file is not whole, or not one of ours; an older one may be."""


def write_state(
    path: Path,
    state: TrainingState,
    learner: Learner,
    position: Position,
    evaluation: Mapping[str, float],
) -> None:
    """Write the state, whole or not at all; `evaluation` holds figures of the held-out clips.

    Raises TrainingError; the state that stood there stays.
    """
    training = {
        "plan": state.plan.model_dump_json(),
        "clips": state.clips,
        "epoch": position.epoch,
        "step": position.step,
        "steps": position.steps,
        "loss_sum": position.loss_sum,
        "history": [tuple(record) for record in position.history],
        "optimizer": learner.optimizer.state_dict(),
        "scaler": learner.scaler.state_dict(),
    }
    epoch = len(position.history)
    write_checkpoint(path, learner.network, epoch, evaluation, learner.spec, training)


def restore_state(path: Path, state: TrainingState, learner: Learner) -> Position:
    """Put a learner into the state of a file and return how far it has come.

    Raises StateDamaged if the file is not whole, TrainingError if it is of another training.
    """
    content = _read(path)
    try:
        training = content["training"]
        plan, clips = Plan.model_validate_json(training["plan"]), training["clips"]
        position = Position(
            training["epoch"],
            training["step"],
            training["steps"],
            training["loss_sum"],
            [EpochRecord(*record) for record in training["history"]],
        )
        if content["network"] == name_of(learner.network) and plan == state.plan:
            learner.network.load_state_dict(content["state_dict"])
            learner.optimizer.load_state_dict(training["optimizer"])
            learner.scaler.load_state_dict(training["scaler"])
    except (KeyError, TypeError, ValueError, ValidationError, RuntimeError) as error:
        raise StateDamaged(f"{path} is not the state of a training") from error
    _check(path, state, TrainingState(plan, clips))
    return position


def _check(path: Path, wanted: TrainingState, found: TrainingState) -> None:
    if contradictions := differences(wanted.plan, found.plan):
        name, here, there = contradictions[0]
        raise TrainingError(f"{path} is of another training: {name} is {here} here, {there} there")
    if wanted.clips != found.clips:
        raise TrainingError(f"{path} is of a training on other clips")


def _read(path: Path) -> dict[str, Any]:
    """Return what was saved; its values are of any type until they are looked at."""
    try:
        held = path.read_bytes()
    except OSError as error:
        raise TrainingError(f"{path} cannot be read: {error.strerror}") from error
    content, digest = held[:-_DIGEST_BYTES], held[-_DIGEST_BYTES:]
    if hashlib.sha256(content).digest() != digest:
        raise StateDamaged(f"{path} is damaged")
    try:
        loaded = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, ValueError, LookupError, EOFError) as error:
        raise StateDamaged(f"{path} is not the state of a training") from error
    if not isinstance(loaded, dict):
        raise StateDamaged(f"{path} is not the state of a training")
    return loaded
