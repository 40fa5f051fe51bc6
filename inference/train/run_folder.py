"""The folder of one training: what it is of, how far it is, and that only one process writes."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError

from inference.error import TrainingError
from inference.train.clip_list import ClipList, contradictions
from inference.train.kept_file import keep_file
from inference.train.plan import Plan, differences
from inference.train.step import Learner
from inference.train.training_state import (
    Position,
    StateDamaged,
    TrainingState,
    restore_state,
)

_Content = TypeVar("_Content", bound=BaseModel)
PLAN_FILE: Final = "plan.json"
CLIPS_FILE: Final = "clips.json"
_MOST_NAMED: Final = 5
"""Of the differences between two trainings; the rest is counted."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The files of a training."""

    path: Path
    state: TrainingState

    @property
    def state_file(self) -> Path:
        """The newest whole state."""
        return self.path / "state.pt"

    @property
    def history_file(self) -> Path:
        """A row for each epoch."""
        return self.path / "history.csv"

    @property
    def curves_file(self) -> Path:
        """Its picture."""
        return self.path / "curves.svg"

    def epoch_file(self, epoch: int) -> Path:
        """Return the file of the state after an epoch (from 1)."""
        return self.path / "epochs" / f"{epoch:03d}.pt"

    def restore(self, learner: Learner) -> Position:
        """Put a learner into the newest state; return how far it has come, or the beginning.

        Raises TrainingError; of a damaged state it tells from which epoch one could go on.
        """
        try:
            if not self.state_file.exists():
                return Position()
            return restore_state(self.state_file, self.state, learner)
        except StateDamaged as error:
            raise TrainingError(f"{error}; {self._way_out()}") from error

    def _way_out(self) -> str:
        older = sorted((self.path / "epochs").glob("*.pt"))
        if not older:
            return "delete it to begin anew"
        return f"to go on after epoch {int(older[-1].stem)}, copy {older[-1]} to {self.state_file}"


@contextmanager
def open_run(path: Path, plan: Plan, clips: ClipList, *, writes: bool) -> Iterator[RunFolder]:
    """Create a run folder, or open one of the same plan and clips, and keep others out of it.

    Only the process that `writes` creates, compares and locks. Raises TrainingError.
    """
    folder = RunFolder(path, TrainingState(plan, clips.digest()))
    if not writes:
        yield folder
        return
    with _locked(path):
        refuse_other_plan(path, plan)
        listed = _read(path / CLIPS_FILE, ClipList)
        _refuse(path, list(contradictions(clips, listed)) if listed else [])
        _write(path / PLAN_FILE, plan)
        _write(path / CLIPS_FILE, clips)
        yield folder


def refuse_other_plan(path: Path, plan: Plan) -> None:
    """Raise TrainingError, naming what differs, if a run folder is of another plan."""
    stored = stored_plan(path)
    _refuse(path, _clauses(plan, stored) if stored else [])


def stored_plan(path: Path) -> Plan | None:
    """Return the plan of a run folder, None if there is no such folder; raises TrainingError."""
    return _read(path / PLAN_FILE, Plan)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock that the kernel frees when the process ends, however it ends."""
    try:
        (path / "epochs").mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise TrainingError(f"{path} is not a folder for files: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise TrainingError(f"{path}: another process is training there") from error
    try:
        yield
    finally:
        os.close(descriptor)


def _clauses(here: Plan, there: Plan) -> list[str]:
    return [
        f"{name} is {ours} here, {its} in {PLAN_FILE}"
        for name, ours, its in differences(here, there)
    ]


def _refuse(path: Path, clauses: list[str]) -> None:
    if not clauses:
        return
    named = "; ".join(clauses[:_MOST_NAMED])
    more = f"; {len(clauses) - _MOST_NAMED} more" if len(clauses) > _MOST_NAMED else ""
    raise TrainingError(f"{path} holds another training: {named}{more}")


def _read(file: Path, kind: type[_Content]) -> _Content | None:
    """Return what a file holds, None if there is no such file."""
    try:
        return kind.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise TrainingError(f"{file} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise TrainingError(f"{file} is damaged: {error.errors()[0]['msg']}") from error


def _write(file: Path, content: BaseModel) -> None:
    if not file.exists():
        keep_file(file, content.model_dump_json(indent=2).encode() + b"\n")
