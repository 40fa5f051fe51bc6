"""`folds.json`: what a cross-validation is of, so that it only ever goes on with the same."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from disk.durable_file import part_path, write_durably
from inference.difference import differing, joined
from inference.error import EvaluationError
from inference.evaluate.fold import Fold, ProtocolName

FILE_NAME: Final = "folds.json"
FOLDS: Final = "folds"
"""The folder beside it: one for each fold."""


class ListedFold(BaseModel):
    """One fold by the names of its clips."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    training: tuple[str, ...]
    held_out: tuple[str, ...]


class FoldList(BaseModel):
    """A cross-validation before any of it is done."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_: Literal["ethoprofiler.folds/1"] = Field(default="ethoprofiler.folds/1", alias="schema")
    protocol: ProtocolName
    layout: str
    frames_per_second: int
    plan: dict[str, JsonValue]
    """How each fold is trained; clips and annotations are in the folds' own folders."""
    folds: tuple[ListedFold, ...]


def listed(folds: Sequence[Fold]) -> tuple[ListedFold, ...]:
    """Return folds by the names of their clips."""
    return tuple(
        ListedFold(
            name=fold.name,
            training=tuple(clip.name for clip in fold.training),
            held_out=tuple(clip.name for clip in fold.held_out),
        )
        for fold in folds
    )


def read_folds(folder: Path) -> FoldList | None:
    """Return what a folder is of, None if it holds no cross-validation; raises EvaluationError."""
    path = folder / FILE_NAME
    try:
        return FoldList.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise EvaluationError(f"{path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "content"
        raise EvaluationError(f"{path} is damaged: {place}: {first['msg']}") from error


def claim(folder: Path, wanted: FoldList) -> None:
    """Write what a folder will be of, or make sure that it is of the same already.

    Raises EvaluationError that names what differs.
    """
    path = folder / FILE_NAME
    found = read_folds(folder)
    if found is None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            text = wanted.model_dump_json(by_alias=True, indent=1) + "\n"
            write_durably(path, text.encode())
        except OSError as error:
            part_path(path).unlink(missing_ok=True)
            raise EvaluationError(f"{path} cannot be written: {error.strerror}") from error
        return
    clauses = list(_differences(wanted, found))
    if clauses:
        raise EvaluationError(f"{path} is of another cross-validation: {joined(clauses)}")


def _differences(here: FoldList, there: FoldList) -> Iterator[str]:
    for name, ours, theirs in differing(_settings(here), _settings(there)):
        yield f"{name} is {ours} here, {theirs} there"
    for mine, its in zip(here.folds, there.folds, strict=False):
        if mine != its:
            yield f"{mine.name} is of other clips than {its.name} there"


def _settings(folds: FoldList) -> dict[str, object]:
    return {
        "protocol": folds.protocol,
        "layout": folds.layout,
        "frames per second": folds.frames_per_second,
        **folds.plan,
        "number of folds": len(folds.folds),
    }
