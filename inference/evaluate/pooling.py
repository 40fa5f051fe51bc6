"""Whether the prediction files of one report belong together."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from inference.error import EvaluationError
from inference.evaluate.prediction import ClipPrediction
from inference.evaluate.prediction_file import PredictionFile
from inference.evaluate.protocol import EVALUATION


def shared_facts(folds: Sequence[PredictionFile]) -> tuple[str, float]:
    """Return protocol and frame rate, which must be those of all folds.

    Raises EvaluationError also for two model files, for a fold given twice, and for a clip that
    two files know otherwise, or that one model file would be judged by twice.
    """
    if not folds:
        raise EvaluationError("there are no predictions to report")
    first = folds[0]
    for other in folds[1:]:
        _check_facts(first, other)
    keys = sorted(fold.about.fold or str(fold.path.resolve()) for fold in folds)
    twice = [one for one, two in pairwise(keys) if one == two]
    if twice:
        raise EvaluationError(f"fold {twice[0]} is given more than once")
    _check_clips(folds)
    return first.about.protocol, first.about.frames_per_second


def names_of_folds(folds: Sequence[PredictionFile]) -> list[str]:
    """Return the folds' names; one of no cross-validation has its folder's, or its path."""
    names = [fold.about.fold or fold.path.resolve().parent.name for fold in folds]
    return [
        name if names.count(name) == 1 else str(fold.path)
        for name, fold in zip(names, folds, strict=True)
    ]


def _check_facts(first: PredictionFile, other: PredictionFile) -> None:
    for name in ("protocol", "frames_per_second"):
        one, two = getattr(first.about, name), getattr(other.about, name)
        if one != two:
            raise EvaluationError(
                f"{other.path} has {name.replace('_', ' ')} {two}, {first.path} {one}: "
                "they do not belong together"
            )
    if first.about.protocol == EVALUATION and first.about.model != other.about.model:
        raise EvaluationError(
            f"{other.path} is of model {other.about.model}, {first.path} of {first.about.model}: "
            "a report is of one model, two are compared by `ethoprofiler compare`"
        )


def _check_clips(folds: Sequence[PredictionFile]) -> None:
    """Refuse a clip that two files know otherwise, or that one model has judged twice."""
    known: dict[str, tuple[PredictionFile, ClipPrediction]] = {}
    for fold in folds:
        for clip in fold.predictions:
            file, before = known.setdefault(clip.clip, (fold, clip))
            if file is fold:
                continue
            if fold.about.protocol == EVALUATION:
                raise EvaluationError(
                    f"clip {clip.clip} is in {file.path} and in {fold.path}: "
                    "a model is judged by a clip once"
                )
            if difference := _difference(before, clip):
                raise EvaluationError(
                    f"clip {clip.clip} has another {difference} in {fold.path} than in {file.path}"
                )


def _difference(one: ClipPrediction, two: ClipPrediction) -> str:
    if not np.array_equal(one.truth, two.truth):
        return "truth"
    return next(
        (
            name
            for name in ("animal", "strain", "recording")
            if getattr(one, name) != getattr(two, name)
        ),
        "",
    )
