"""From predictions to their report."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from inference.error import EvaluationError
from inference.ethogram import NONE_CODE
from inference.evaluate.bootstrap import figure_intervals
from inference.evaluate.bout_agreement import bout_agreement
from inference.evaluate.calibration import calibration_of
from inference.evaluate.confusion import (
    confusion_by_animal,
    confusion_by_strain,
    confusion_of,
    row_shares,
)
from inference.evaluate.distribution import distributions_of
from inference.evaluate.figures import behavior_figures, group_figures, macro_f1, spread_of
from inference.evaluate.prediction import ClipPrediction
from inference.evaluate.prediction_file import PredictionFile
from inference.evaluate.report import (
    About,
    AnimalFigures,
    ClipCounts,
    FoldFigures,
    Report,
    SmoothingFigures,
    SmoothingKind,
)
from inference.evaluate.smoothing import kernel_smoothed, smoothed_by_others
from inference.evaluate.temperature import TemperatureScaling, temperature_scaling

EVALUATION: Final = "evaluate"
"""The protocol of a model file that is judged on a data set."""
UNKNOWN_TRAINING: Final = (
    "A model file does not name the clips it has learned from. If clips of this data set are among "
    "them, or others of the same animals, the figures are better than those of new animals."
)
_SAME_ANIMALS: Final = {
    "clips": "The held-out clips are of the same animals and recordings as those learned from: "
    "figures of new animals are lower.",
    "halves": "The same animals may be on both sides of a fold: figures of new animals are lower.",
    "leave-one-recording-out": "Other recordings of the same animal may have been learned from: "
    "figures of new animals are lower.",
}


def build_report(folds: Sequence[PredictionFile], about: About) -> Report:
    """Return the report of one evaluation, or of all folds of a cross-validation together.

    A clip that several folds judged counts once for each. Raises EvaluationError if no frame can
    be judged, or if the folds are of different protocols or frame rates.
    """
    protocol, frames_per_second = _shared_facts(folds)
    clips = [clip for fold in folds for clip in fold.predictions]
    judged = [clip for clip in clips if (clip.truth != NONE_CODE).any()]
    if not judged:
        raise EvaluationError("no clip has a frame whose behavior is known")
    confusion = confusion_of(judged)
    by_animal = confusion_by_animal(judged)
    animals = group_figures(by_animal)
    strains = {strain: count for strain, count in confusion_by_strain(judged).items() if strain}
    intervals = figure_intervals(by_animal)
    behaviors = behavior_figures(confusion)
    strain_of = {clip.animal: clip.strain for clip in judged}
    return Report(
        about=about,
        protocol=protocol,
        remarks=tuple(_remarks(folds, protocol, intervals.remark)),
        judged=_counts(clips, frames_per_second),
        all=group_figures({"all": confusion})[0],
        macro_f1=macro_f1(behaviors),
        intervals=intervals,
        behaviors=behaviors,
        confusion=tuple(tuple(row) for row in confusion.tolist()),
        confusion_shares=tuple(tuple(row) for row in row_shares(confusion).tolist()),
        animals=tuple(
            AnimalFigures(strain=strain_of[figures.name], figures=figures) for figures in animals
        ),
        frame_spread=spread_of([figures.frame_accuracy for figures in animals]),
        macro_spread=spread_of([figures.macro_accuracy for figures in animals]),
        strains=group_figures(strains),
        folds=tuple(_folds(folds)),
        bouts=bout_agreement(judged, frames_per_second),
        calibration=calibration_of(judged),
        temperature=_temperature(judged),
        distribution=distributions_of(clips),
        smoothing=tuple(_smoothing(judged, frames_per_second)),
    )


def name_of_fold(fold: PredictionFile) -> str:
    """Return a fold's name; that of its folder if it was none of a cross-validation."""
    return fold.about.fold or fold.path.resolve().parent.name


def _shared_facts(folds: Sequence[PredictionFile]) -> tuple[str, float]:
    """Return protocol and frame rate, which must be those of all folds."""
    if not folds:
        raise EvaluationError("there are no predictions to report")
    first = folds[0]
    for other in folds[1:]:
        for name in ("protocol", "frames_per_second"):
            one, two = getattr(first.about, name), getattr(other.about, name)
            if one != two:
                raise EvaluationError(
                    f"{other.path} has {name.replace('_', ' ')} {two}, {first.path} {one}: "
                    "they do not belong together"
                )
    names = sorted(name_of_fold(fold) for fold in folds)
    twice = [one for one, two in pairwise(names) if one == two]
    if twice:
        raise EvaluationError(f"fold {twice[0]} is given more than once")
    return first.about.protocol, first.about.frames_per_second


def _remarks(folds: Sequence[PredictionFile], protocol: str, of_intervals: str) -> Iterable[str]:
    if protocol == EVALUATION:
        yield UNKNOWN_TRAINING
    if protocol in _SAME_ANIMALS:
        yield _SAME_ANIMALS[protocol]
    if of_intervals:
        yield of_intervals
    nothing = [
        clip.clip for fold in folds for clip in fold.predictions if (clip.truth == NONE_CODE).all()
    ]
    if nothing:
        yield f"Not judged, as every frame is none: {', '.join(nothing)}."


def _counts(clips: Sequence[ClipPrediction], frames_per_second: float) -> ClipCounts:
    frames = sum(len(clip.truth) for clip in clips)
    return ClipCounts(
        clips=len(clips),
        animals=tuple(sorted({clip.animal for clip in clips})),
        recordings=len({clip.recording for clip in clips}),
        frames=frames,
        none_frames=sum(int((clip.truth == NONE_CODE).sum()) for clip in clips),
        seconds=frames / frames_per_second,
    )


def _folds(folds: Sequence[PredictionFile]) -> Iterable[FoldFigures]:
    for fold in folds:
        confusion = confusion_of(fold.predictions)
        for figures in group_figures({name_of_fold(fold): confusion}):
            yield FoldFigures(model=fold.about.model, figures=figures)


def _temperature(clips: Sequence[ClipPrediction]) -> TemperatureScaling | None:
    if len({clip.animal for clip in clips}) < 2:
        return None
    return temperature_scaling(clips)


def _smoothing(
    clips: Sequence[ClipPrediction], frames_per_second: float
) -> Iterable[SmoothingFigures]:
    yield _smoothed("none", clips, frames_per_second)
    yield _smoothed("kernel", [kernel_smoothed(clip) for clip in clips], frames_per_second)
    if paths := smoothed_by_others(clips):
        yield _smoothed("path", paths, frames_per_second)


def _smoothed(
    kind: SmoothingKind, clips: Sequence[ClipPrediction], frames_per_second: float
) -> SmoothingFigures:
    (figures,) = group_figures({kind: confusion_of(clips)})
    bouts = bout_agreement(clips, frames_per_second).all
    return SmoothingFigures(
        kind=kind,
        frame_accuracy=figures.frame_accuracy,
        macro_accuracy=figures.macro_accuracy,
        bout_f1=bouts.alike.f1,
        label_bouts=bouts.label_bouts,
    )
