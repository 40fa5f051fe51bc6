"""What a model card tells of an evaluation."""

from typing import Final

from inference.error import EvaluationError
from inference.evaluate.bootstrap import Interval
from inference.evaluate.protocol import EVALUATION, UNKNOWN_ANIMALS, clause_on, is_taught
from inference.evaluate.report import Report

_DECIMALS: Final = 4


def card_figures(report: Report) -> dict[str, float]:
    """Return the report's figures by name, 0..1, intervals as `..._low` and `..._high`."""
    figures = {
        "frame_accuracy": report.all.frame_accuracy,
        **_ends("frame_accuracy", report.intervals.frame_accuracy),
        "macro_accuracy": report.all.macro_accuracy,
        **_ends("macro_accuracy", report.intervals.macro_accuracy),
        **{f"recall_{name}": value for name, value in report.all.recalls.items()},
    }
    return {name: round(value, _DECIMALS) for name, value in figures.items()}


def card_sentence(report: Report) -> str:
    """Say in one sentence of whom the figures are; raises EvaluationError if of a model file."""
    if report.protocol == EVALUATION:
        raise EvaluationError(
            "the report is of a model file, not of a cross-validation: "
            "a card takes the figures of networks trained alike"
        )
    animals = report.judged.animals
    clause = clause_on(
        report.protocol,
        are_animals_known=UNKNOWN_ANIMALS not in report.remarks,
        is_taught=is_taught(report.about.plan),
    )
    return (
        f"The figures are of {len(report.folds)} networks trained alike ({report.protocol}"
        f"{', data set ' + report.about.data_set if report.about.data_set else ''}), judged on "
        f"{report.judged.frames - report.judged.none_frames:,} frames of "
        f"{'animal' if len(animals) == 1 else 'animals'} {', '.join(animals)}{clause}."
    )


def _ends(name: str, interval: Interval | None) -> dict[str, float]:
    if interval is None:
        return {}
    return {f"{name}_low": interval.low, f"{name}_high": interval.high}
