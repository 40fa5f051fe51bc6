"""From predictions to their report."""

from collections.abc import Iterable, Sequence

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
from inference.evaluate.pooling import names_of_folds, shared_facts
from inference.evaluate.prediction import ClipPrediction
from inference.evaluate.prediction_file import PredictionFile
from inference.evaluate.protocol import (
    EVALUATION,
    SAME_ANIMALS,
    TAUGHT,
    UNKNOWN_ANIMALS,
    UNKNOWN_TRAINING,
    is_taught,
)
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


def build_report(
    folds: Sequence[PredictionFile], about: About, more_remarks: Sequence[str] = ()
) -> Report:
    """Return the report of one evaluation, or of all folds of a cross-validation together.

    A clip that several folds judged counts once for each, but once where clips are counted. Raises
    EvaluationError if no frame can be judged, or if the folds do not belong together.
    """
    protocol, frames_per_second = shared_facts(folds)
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
    strains_of = _strains_of_animals(judged)
    of_teacher = [TAUGHT] if is_taught(about.plan) else []
    remarks = _remarks(clips, protocol, strains_of, intervals.remark)
    once = list({clip.clip: clip for clip in judged}.values())
    return Report(
        about=about,
        protocol=protocol,
        remarks=(*more_remarks, *of_teacher, *remarks),
        judged=_counts(once, frames_per_second),
        all=group_figures({"all": confusion})[0],
        macro_f1=macro_f1(behaviors),
        intervals=intervals,
        behaviors=behaviors,
        confusion=tuple(tuple(row) for row in confusion.tolist()),
        confusion_shares=tuple(tuple(row) for row in row_shares(confusion).tolist()),
        animals=tuple(
            AnimalFigures(strain=", ".join(strains_of[figures.name]), figures=figures)
            for figures in animals
        ),
        frame_spread=spread_of([figures.frame_accuracy for figures in animals]),
        macro_spread=spread_of([figures.macro_accuracy for figures in animals]),
        strains=group_figures(strains),
        folds=tuple(_folds(folds)),
        bouts=bout_agreement(judged, frames_per_second),
        calibration=calibration_of(judged),
        temperature=_temperature(judged),
        distribution=distributions_of(once),
        smoothing=tuple(_smoothing(judged, frames_per_second)),
    )


def _strains_of_animals(clips: Iterable[ClipPrediction]) -> dict[str, list[str]]:
    """Return the strains that clips name for each animal, sorted; more than one is odd."""
    strains: dict[str, set[str]] = {}
    for clip in clips:
        strains.setdefault(clip.animal, set()).update({clip.strain} - {""})
    return {animal: sorted(names) for animal, names in strains.items()}


def _remarks(
    clips: Sequence[ClipPrediction],
    protocol: str,
    strains_of: dict[str, list[str]],
    of_intervals: str,
) -> Iterable[str]:
    if protocol == EVALUATION:
        yield UNKNOWN_TRAINING
    if protocol in SAME_ANIMALS:
        yield SAME_ANIMALS[protocol]
    if any(clip.animal == clip.recording for clip in clips):
        yield UNKNOWN_ANIMALS
    for animal, strains in sorted(strains_of.items()):
        if len(strains) > 1:
            yield (
                f"Animal {animal} is of strain {' and '.join(strains)}: if these are animals of "
                "one name, they count as one, and intervals are wrong."
            )
    if of_intervals:
        yield of_intervals
    nothing = sorted({clip.clip for clip in clips if (clip.truth == NONE_CODE).all()})
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
    for name, fold in zip(names_of_folds(folds), folds, strict=True):
        for figures in group_figures({name: confusion_of(fold.predictions)}):
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
