"""Judging a model file on a data set, with everything that a person should see of it."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import Progress

from appliance.fault_table import print_faults
from appliance.model_folder import find_model
from inference.classifier import Classifier
from inference.dataset.band_cache import check_room
from inference.dataset.check import inspect
from inference.dataset.opening import open_data_set
from inference.dataset.source import DataSet, Layout
from inference.error import EvaluationError
from inference.evaluate.judging import judge_clips, model_facts
from inference.evaluate.prediction import ClipPrediction
from inference.evaluate.prediction_file import PredictionsAbout
from inference.evaluate.protocol import EVALUATION
from inference.evaluate.report import About, ModelFacts
from inference.provider import Provider

SOFTWARE: Final = version("ethoprofiler")


@dataclass(frozen=True, slots=True)
class Exam:
    """What models are judged by, and how."""

    data_set: DataSet
    """Only the clips that are judged."""
    cache: Path
    jobs: int


@dataclass(frozen=True, slots=True)
class ExamResult:
    """What a model said of all clips."""

    facts: ModelFacts
    about: PredictionsAbout
    predictions: tuple[ClipPrediction, ...]


def prepare_exam(
    folder: Path,
    layout: str | None,
    animals: Sequence[str],
    cache: Path,
    jobs: int,
) -> Exam:
    """Open a data set, of `animals` only if there are any. Raises DataSetError, EvaluationError."""
    found = open_data_set(folder, None if layout is None else Layout(layout))
    known = sorted({clip.animal for clip in found.clips})
    if unknown := sorted(set(animals) - set(known)):
        raise EvaluationError(f"animal {unknown[0]} is not in {folder} ({', '.join(known)})")
    chosen = tuple(
        clip
        for clip in found.clips
        if clip.held_out_annotation is not None and (not animals or clip.animal in animals)
    )
    if not chosen:
        raise EvaluationError(f"{folder} has no clip that a model may be judged by")
    return Exam(replace(found, clips=chosen), cache, jobs)


@dataclass(frozen=True, slots=True)
class OpenModel:
    """A model file that has been loaded."""

    classifier: Classifier
    facts: ModelFacts


def open_model(model: str, provider: Provider) -> OpenModel:
    """Load a model file or a shipped model; raises ModelError."""
    path = find_model(model)
    classifier = Classifier(path, provider)
    return OpenModel(classifier, model_facts(path, classifier))


def examine(model: OpenModel, exam: Exam) -> ExamResult:
    """Judge a model, with a bar on a terminal.

    Raises ModelError, DataSetError, EvaluationError; faults of the data set are printed before.
    """
    classifier = model.classifier
    spec = classifier.card.preprocessing
    _refuse_faults(exam, spec.frames_per_second)
    check_room(exam.data_set.clips, exam.cache, spec)
    with _bars() as bars:
        task = bars.add_task(f"judging {classifier.card.name}", total=len(exam.data_set.clips))
        predictions = tuple(
            judge_clips(
                classifier,
                exam.data_set.clips,
                exam.cache,
                exam.jobs,
                lambda done, _: bars.update(task, completed=done),
            )
        )
    about = PredictionsAbout(
        model=classifier.identity(),
        protocol=EVALUATION,
        created=datetime.now(UTC).replace(microsecond=0),
        software=SOFTWARE,
        frames_per_second=spec.frames_per_second,
    )
    return ExamResult(model.facts, about, predictions)


def about_report(data_set: DataSet | None, facts: ModelFacts | None) -> About:
    """Return where a report that is made now comes from."""
    return About(
        created=datetime.now(UTC).replace(microsecond=0),
        software=SOFTWARE,
        model=facts,
        data_set="" if data_set is None else data_set.folder.resolve().name,
        layout="" if data_set is None else data_set.layout.value,
    )


def _refuse_faults(exam: Exam, frames_per_second: int) -> None:
    """Print what is wrong with the data set; refuse it unless only a training would mind."""
    with _bars() as bars:
        task = bars.add_task("checking", total=len(exam.data_set.clips))
        inspection = inspect(
            exam.data_set,
            lambda done, _: bars.update(task, completed=done),
            frames_per_second=frames_per_second,
        )
    folder = exam.data_set.folder
    # What is said of the folder is about learning: that a behavior is missing, or an animal alone.
    faults = [fault for fault in inspection.faults if fault.path != folder]
    print_faults(Console(stderr=True, markup=False, emoji=False), faults, folder)
    serious = sum(not fault.is_remark for fault in faults)
    if serious:
        is_one = serious == 1
        raise EvaluationError(
            f"{folder} has {serious} fault{'' if is_one else 's'}: "
            f"mend or remove {'it' if is_one else 'them'} first, nothing was judged"
        )


def _bars() -> Progress:
    return Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())
