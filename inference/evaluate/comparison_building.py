"""Putting a comparison together."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from inference.error import EvaluationError
from inference.ethogram import BEHAVIORS
from inference.evaluate.bootstrap import Interval, difference_intervals
from inference.evaluate.bout_agreement import bout_agreement
from inference.evaluate.calibration import calibration_of
from inference.evaluate.comparing import (
    Answers,
    clip_pairs,
    longest_stretches,
    mcnemar_of,
    pair_answers,
    rightness_of,
)
from inference.evaluate.comparison import BehaviorPairs, Comparison, GroupPairs, Pair
from inference.evaluate.confusion import (
    Confusion,
    confusion_by_animal,
    confusion_by_strain,
    confusion_of,
    figures_of,
)
from inference.evaluate.figures import BehaviorFigures, behavior_figures, macro_f1
from inference.evaluate.prediction_file import PredictionFile
from inference.evaluate.protocol import EVALUATION, SAME_ANIMALS, UNKNOWN_TRAINING
from inference.evaluate.report import ModelFacts

_ANY_RATE: Final = 1.0
"""Frames a second; how many bouts agree does not depend on it."""


def compare(
    first: tuple[ModelFacts, Sequence[PredictionFile]],
    second: tuple[ModelFacts, Sequence[PredictionFile]],
    *,
    data_set: str,
    created: datetime,
    software: str,
) -> Comparison:
    """Return how two models differ on the same clips.

    Raises EvaluationError unless both judged the same clips by the same truth at the same rate.
    """
    _check_rates(first[1], second[1])
    answers = [pair for pair in pair_answers(first[1], second[1]) if pair.is_judged.any()]
    if not answers:
        raise EvaluationError("no clip has a frame whose behavior is known")
    one, two = _Side(answers, 0), _Side(answers, 1)
    intervals = difference_intervals(one.by_animal, two.by_animal)
    return Comparison(
        created=created,
        software=software,
        data_set=data_set,
        first=first[0],
        second=second[0],
        remarks=tuple(_remarks(first[1], second[1], intervals.remark)),
        clips=len(answers),
        animals=tuple(one.by_animal),
        frames=int(one.confusion.sum()),
        figures=(
            _pair(
                "frame accuracy", one.frame_accuracy, two.frame_accuracy, intervals.frame_accuracy
            ),
            _pair(
                "macro accuracy", one.macro_accuracy, two.macro_accuracy, intervals.macro_accuracy
            ),
            _pair("macro F1", one.macro_f1, two.macro_f1),
            _pair("F1 of bouts", one.bout_f1, two.bout_f1),
            _pair("calibration error", one.calibration_error, two.calibration_error),
        ),
        behaviors=tuple(
            BehaviorPairs(
                behavior=name,
                recall=_pair("recall", a.recall, b.recall, intervals.recalls[name]),
                precision=_pair("precision", a.precision, b.precision, intervals.precisions[name]),
                f1=_pair("F1", a.f1, b.f1, intervals.f1s[name]),
            )
            for name, a, b in zip(BEHAVIORS, one.behaviors, two.behaviors, strict=True)
        ),
        strains=_groups(one.by_strain, two.by_strain),
        by_animal=_groups(one.by_animal, two.by_animal),
        rightness=rightness_of(answers),
        mcnemar=mcnemar_of(answers),
        by_clip=tuple(clip_pairs(answers)),
        stretches=tuple(longest_stretches(answers)),
    )


def _check_rates(first: Sequence[PredictionFile], second: Sequence[PredictionFile]) -> None:
    rates = sorted({file.about.frames_per_second for file in (*first, *second)})
    if len(rates) > 1:
        raise EvaluationError(
            f"the clips were judged at {' and '.join(f'{rate:g}' for rate in rates)} frames a "
            "second: only models that judged the same frames can be compared"
        )


def _remarks(
    first: Sequence[PredictionFile], second: Sequence[PredictionFile], of_intervals: str
) -> Iterable[str]:
    one, two = _protocols(first), _protocols(second)
    if one != two:
        yield (
            f"The first was judged by {' and '.join(one)}, the second by {' and '.join(two)}: they "
            "need not have learned from the same clips, which the difference shows too."
        )
    if EVALUATION in (*one, *two):
        yield UNKNOWN_TRAINING
    for side, protocols in (("The first", one), ("The second", two)):
        for protocol in protocols:
            if protocol in SAME_ANIMALS:
                yield f"{side}: {SAME_ANIMALS[protocol]}"
    if of_intervals:
        yield of_intervals


def _protocols(files: Iterable[PredictionFile]) -> list[str]:
    return sorted({file.about.protocol for file in files})


class _Side:
    """One model's figures; `place` says whose answers count, 0 or 1."""

    def __init__(self, answers: Sequence[Answers], place: int) -> None:
        clips = [(pair.first, pair.second)[place] for pair in answers]
        self.by_animal = confusion_by_animal(clips)
        self.by_strain = confusion_by_strain(clips)
        self.confusion = confusion_of(clips)
        figures = figures_of(self.confusion)
        self.frame_accuracy = figures.frame_accuracy
        self.macro_accuracy = figures.macro_accuracy
        self.behaviors: Sequence[BehaviorFigures] = behavior_figures(self.confusion)
        self.macro_f1 = macro_f1(self.behaviors)
        self.bout_f1 = bout_agreement(clips, _ANY_RATE).all.alike.f1
        self.calibration_error = calibration_of(clips).expected_error


def _pair(
    name: str, first: float | None, second: float | None, interval: Interval | None = None
) -> Pair:
    difference = None if first is None or second is None else second - first
    return Pair(name=name, first=first, second=second, difference=difference, interval=interval)


def _groups(
    first: Mapping[str, Confusion], second: Mapping[str, Confusion]
) -> tuple[GroupPairs, ...]:
    """Return both accuracies of each named group."""
    groups = []
    for name, confusion in first.items():
        if not name:
            continue
        one, two = figures_of(confusion), figures_of(second[name])
        groups.append(
            GroupPairs(
                name=name,
                frames=int(confusion.sum()),
                frame_accuracy=_pair("frame accuracy", one.frame_accuracy, two.frame_accuracy),
                macro_accuracy=_pair("macro accuracy", one.macro_accuracy, two.macro_accuracy),
            )
        )
    return tuple(groups)
