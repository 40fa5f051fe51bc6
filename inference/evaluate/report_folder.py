"""The folder of an evaluation: predictions, report.json and report.html."""

from pathlib import Path
from typing import Final

from pydantic import ValidationError

from disk.durable_file import write_durably
from inference.error import EvaluationError
from inference.evaluate.prediction_file import FILE_NAME
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
    """Return the prediction files that a path means, by name.

    A file is itself; a folder means the one in it or, of a cross-validation, those of its folds.
    Raises EvaluationError if there is none.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise EvaluationError(f"{path} does not exist")
    for pattern in (FILE_NAME, f"folds/*/{FILE_NAME}", f"*/{FILE_NAME}"):
        if found := sorted(path.glob(pattern)):
            return found
    raise EvaluationError(f"{path} holds no {FILE_NAME}, nor do folds in it")
