"""`folds.json`: what a cross-validation is of, so that it only ever goes on with the same."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from disk.durable_file import part_path, write_durably
from inference.error import EvaluationError
from inference.evaluate.fold import Fold, ProtocolName

FILE_NAME: Final = "folds.json"
_MOST_NAMED: Final = 5
_Value = TypeVar("_Value")


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
        named = "; ".join(clauses[:_MOST_NAMED])
        more = f"; {len(clauses) - _MOST_NAMED} more" if len(clauses) > _MOST_NAMED else ""
        raise EvaluationError(f"{path} is of another cross-validation: {named}{more}")


def _differences(here: FoldList, there: FoldList) -> Iterator[str]:
    for name in ("protocol", "layout", "frames_per_second"):
        yield from _clause(name.replace("_", " "), getattr(here, name), getattr(there, name))
    ours, theirs = dict(_flat(here.plan)), dict(_flat(there.plan))
    for name in sorted(ours.keys() | theirs.keys()):
        yield from _clause(name, ours.get(name), theirs.get(name))
    yield from _clause("number of folds", len(here.folds), len(there.folds))
    for mine, its in zip(here.folds, there.folds, strict=False):
        if mine != its:
            yield f"{mine.name} is of other clips than {its.name} there"


def _clause(name: str, here: _Value, there: _Value) -> Iterator[str]:
    if here != there:
        yield f"{name} is {here} here, {there} there"


def _flat(values: dict[str, JsonValue], prefix: str = "") -> Iterator[tuple[str, JsonValue]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value
