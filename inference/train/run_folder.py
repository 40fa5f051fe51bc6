"""The folder of one training: what it is of, how far it is, and that only one process writes."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError

from inference.difference import joined
from inference.error import FolderInUse, TrainingError
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
_STATE_FILE: Final = "state.pt"
_EPOCHS_FOLDER: Final = "epochs"


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The files of a training."""

    path: Path
    state: TrainingState
    clips: ClipList

    @property
    def state_file(self) -> Path:
        """The newest whole state."""
        return self.path / _STATE_FILE

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
        return self.path / _EPOCHS_FOLDER / f"{epoch:03d}.pt"

    def restore(self, learner: Learner) -> Position:
        """Put a learner into the newest state; return how far it has come, or the beginning.

        Raises TrainingError; of a damaged state it tells from which epoch one could go on.
        """
        try:
            if self.state_file.exists():
                return restore_state(self.state_file, self.state, learner)
        except StateDamaged as error:
            raise TrainingError(f"{error}; {self._way_out()}") from error
        if _is_begun(self.path):
            raise TrainingError(f"{self.state_file} is gone; {self._way_out()}")
        return Position()

    def claim(self) -> None:
        """Write what the folder is of; raises TrainingError."""
        _write(self.path / PLAN_FILE, self.state.plan)
        _write(self.path / CLIPS_FILE, self.clips)

    def _way_out(self) -> str:
        older = _epoch_files(self.path)
        if not older:
            return "delete it to begin anew"
        return f"to go on after epoch {int(older[-1].stem)}, copy {older[-1]} to {self.state_file}"


@contextmanager
def open_run(path: Path, plan: Plan, clips: ClipList, *, writes: bool) -> Iterator[RunFolder]:
    """Create a run folder, or open one, and keep others out of it.

    If something was learned in it, it must be of the same plan and clips. Only the process that
    `writes` creates, compares and locks. Raises TrainingError, FolderInUse if another process
    writes.
    """
    folder = RunFolder(path, TrainingState(plan, clips.digest()), clips)
    if not writes:
        yield folder
        return
    with _locked(path):
        refuse_other_plan(path, plan)
        if _is_begun(path):
            refuse_other_clips(path, clips)
        yield folder


def refuse_other_plan(path: Path, plan: Plan) -> None:
    """Raise TrainingError, naming what differs, if another plan was begun in a run folder."""
    stored = stored_plan(path) if _is_begun(path) else None
    _refuse(path, _clauses(plan, stored) if stored else [])


def refuse_other_clips(path: Path, clips: ClipList) -> None:
    """Raise TrainingError, naming what differs, if a run folder is of other clips."""
    stored = stored_clips(path)
    _refuse(path, list(contradictions(clips, stored)) if stored else [])


def stored_plan(path: Path) -> Plan | None:
    """Return the plan of a run folder, None if there is no such folder; raises TrainingError."""
    return _read(path / PLAN_FILE, Plan)


def stored_clips(path: Path) -> ClipList | None:
    """Return the clips of a run folder, None if there is no such folder; raises TrainingError."""
    return _read(path / CLIPS_FILE, ClipList)


def _is_begun(path: Path) -> bool:
    """Say whether anything was learned in a run folder."""
    return (path / _STATE_FILE).exists() or bool(_epoch_files(path))


def _epoch_files(path: Path) -> list[Path]:
    return sorted(file for file in (path / _EPOCHS_FOLDER).glob("*.pt") if file.is_file())


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock that the kernel frees when the process ends, however it ends."""
    try:
        (path / _EPOCHS_FOLDER).mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise TrainingError(f"{path} is not a folder for files: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise FolderInUse(f"{path}: another process is training there") from error
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
    raise TrainingError(f"{path} holds another training: {joined(clauses)}")


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
    """Write a file unless it says that already."""
    text = content.model_dump_json(indent=2).encode() + b"\n"
    if not file.exists() or file.read_bytes() != text:
        keep_file(file, text)
