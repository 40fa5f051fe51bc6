"""The network whose answers another one learns."""

import hashlib
from pathlib import Path

from inference.error import ModelError, TrainingError
from inference.train.network import Network
from inference.train.plan import Plan
from inference.train.weights import load_network


def teacher_digest(file: Path) -> str:
    """Return the SHA-256 (hex) by which a plan knows its teacher; raises TrainingError."""
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise TrainingError(f"{file} cannot be read: {error.strerror}") from error


def open_teacher(plan: Plan, file: Path | None) -> Network | None:
    """Return the teacher that the plan names, None if it names none; raises TrainingError."""
    if plan.distillation is None:
        return None
    if file is None:
        raise TrainingError(f"the plan needs the teacher with SHA-256 {plan.distillation.teacher}")
    if teacher_digest(file) != plan.distillation.teacher:
        raise TrainingError(f"{file} is not the plan's teacher: its SHA-256 is another one")
    try:
        return load_network(file)
    except ModelError as error:
        raise TrainingError(str(error)) from error
