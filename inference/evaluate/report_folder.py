"""The folder of an evaluation: predictions, report.json and report.html."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from disk.durable_file import write_durably
from inference.error import EvaluationError
from inference.evaluate.fold_file import FOLDS, read_folds
from inference.evaluate.prediction_file import FILE_NAME, read_predictions
from inference.evaluate.report import Report, as_json

REPORT_NAME: Final = "report.json"
PAGE_NAME: Final = "report.html"


def write_report(folder: Path, report: Report, *, with_prints: bool = False) -> None:
    """Write a report as JSON and as a page, each whole or not at all.

    `with_prints` adds its pictures as PNG for a paper. Raises OSError.
    """
    # Lazy imports: drawing takes a second, and a program that only reads reports does without it.
    from inference.evaluate.page import evaluation_page
    from inference.evaluate.report_picture import pictures_of

    folder.mkdir(parents=True, exist_ok=True)
    write_durably(folder / PAGE_NAME, evaluation_page(report).encode())
    if with_prints:
        for name, picture in pictures_of(report, "png").items():
            write_durably(folder / f"{name}.png", picture)
    write_durably(folder / REPORT_NAME, as_json(report).encode())


def read_report(path: Path) -> Report:
    """Read a report.json; raises EvaluationError, one sentence that names it."""
    try:
        return Report.model_validate_json(path.read_bytes())
    except OSError as error:
        raise EvaluationError(f"{path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "content"
        raise EvaluationError(f"{path} is no report: {place}: {first['msg']}") from error


def find_predictions(path: Path) -> list[Path]:
    """Return the prediction files that a path means, in the order of the folds.

    A file is itself; a folder means the one in it or, of a cross-validation, those of its folds.
    Raises EvaluationError if there is none, or if a fold is not finished.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise EvaluationError(f"{path} does not exist")
    is_folds = path.resolve().name == FOLDS
    for folder in (path, path.resolve().parent) if is_folds else (path,):
        if listed := _listed(folder):
            return _finished(folder, listed)
    patterns = [FILE_NAME, f"{FOLDS}/*/{FILE_NAME}"]
    if is_folds:
        patterns.append(f"*/{FILE_NAME}")
    for pattern in patterns:
        if found := sorted(path.glob(pattern)):
            return found
    raise EvaluationError(f"{path} holds no {FILE_NAME}, nor do folds in it")


def missing_folds(files: Sequence[Path]) -> list[str]:
    """Say of each cross-validation that prediction files are of which of its folds are not there.

    Raises EvaluationError.
    """
    given = {file.resolve() for file in files}
    places = {file.parent.parent for file in given}
    folders = {place.parent for place in places if place.name == FOLDS}
    sentences = []
    for folder in sorted(folders):
        listed = _listed(folder)
        if missing := [file.parent.name for file in listed if file not in given]:
            sentences.append(f"{_missing(missing, len(listed))}.")
    return sentences


def refuse_other_report(folder: Path, files: Sequence[Path]) -> None:
    """Keep a report away from predictions that it is not made from; raises EvaluationError."""
    here = _listed(folder) or [file for file in (folder / FILE_NAME,) if file.exists()]
    if here and {file.resolve() for file in here} != {file.resolve() for file in files}:
        raise EvaluationError(
            f"{folder} holds other predictions than those reported: choose another folder"
        )


def refuse_other_predictions(folder: Path, model: str) -> None:
    """Keep a model's predictions out of a cross-validation, and from replacing another model's.

    Raises EvaluationError.
    """
    place = folder.resolve()
    if _listed(place) or place in {file.parent for file in _listed(place.parent.parent)}:
        raise EvaluationError(f"{folder} is of a cross-validation: choose another folder")
    path = folder / FILE_NAME
    if path.exists() and (other := read_predictions(path).about.model) != model:
        raise EvaluationError(f"{path} holds predictions of {other}: choose another folder")


def _listed(folder: Path) -> list[Path]:
    """Return where a cross-validation's folds have their predictions, empty if it is none."""
    found = read_folds(folder)
    if found is None:
        return []
    return [folder / FOLDS / fold.name / FILE_NAME for fold in found.folds]


def _finished(folder: Path, listed: list[Path]) -> list[Path]:
    """Return the files of all folds; raises EvaluationError if some are not there yet."""
    missing = [file.parent.name for file in listed if not file.exists()]
    if missing:
        raise EvaluationError(
            f"{folder}: {_missing(missing, len(listed))}; name the finished ones to report them "
            "alone"
        )
    return listed


def _missing(names: Sequence[str], folds: int) -> str:
    verb = "is" if len(names) == 1 else "are"
    return f"{len(names)} of {folds} folds {verb} missing: {', '.join(names)}"
