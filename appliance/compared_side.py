"""One of two models that are compared: judged now, or read from an earlier evaluation."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.earlier_report import report_beside
from appliance.model_evaluation import Exam, examine, open_model
from appliance.model_folder import MODEL_SUFFIX
from inference.error import EvaluationError
from inference.evaluate.prediction_file import PredictionFile, read_predictions
from inference.evaluate.report import ModelFacts
from inference.evaluate.report_folder import find_predictions
from inference.provider import Provider


@dataclass(frozen=True, slots=True)
class Side:
    """A model and what it said."""

    facts: ModelFacts
    files: Sequence[PredictionFile]
    data_set: str
    """The folder's name; empty if unknown."""


def side_of(name: str, exam: Exam | None, provider: Provider) -> Side:
    """Return what a model said: a model is judged by `exam`, predictions are read.

    Raises InferenceError.
    """
    is_model = name.endswith(MODEL_SUFFIX) or not Path(name).exists()
    if not is_model:
        return _read(Path(name))
    if exam is None:
        what = "is a model" if name.endswith(MODEL_SUFFIX) else "does not exist"
        raise EvaluationError(f"{name} {what}: a model is compared on the clips of a --dataset")
    result = examine(open_model(name, provider), exam)
    judged = PredictionFile(Path(name), result.about, result.predictions)
    return Side(result.facts, [judged], exam.data_set.folder.resolve().name)


def _read(path: Path) -> Side:
    files = [read_predictions(file) for file in find_predictions(path)]
    folder = path if path.is_dir() else path.parent
    models = sorted({file.about.model for file in files})
    report = report_beside(path)
    known = None if report is None else report.about.model
    if report is not None and known is not None and [known.identity] == models:
        return Side(known, files, report.about.data_set)
    identity = models[0] if len(models) == 1 else f"{files[0].about.protocol}: {folder.name}"
    return Side(ModelFacts(identity=identity), files, "")
