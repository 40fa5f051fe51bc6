"""Whether the networks of a report were trained as the one of a checkpoint."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from inference.error import ModelError
from inference.evaluate.report import Report
from inference.train.plan import Plan, differences
from inference.train.weights import Checkpoint

_INDIFFERENT: Final = "threads"
"""What decides the last bits of the weights, and nothing of how good they are."""


def check_trained_alike(checkpoint: Checkpoint, path: Path, report: Report) -> None:
    """Raise ModelError, one sentence that names what differs, unless both were trained alike."""
    if checkpoint.plan is None:
        raise ModelError(f"{path} does not say how it was trained, or not as this version does")
    try:
        plan = Plan.model_validate(report.about.plan)
    except ValidationError as error:
        raise ModelError(
            "the report does not say how its networks were trained, or not as this version does"
        ) from error
    clauses = [*_plan_clauses(checkpoint.plan, plan), *_rate_clauses(checkpoint, report)]
    if clauses:
        raise ModelError(
            f"the report is of networks trained otherwise than {path}: {'; '.join(clauses)}"
        )


def _plan_clauses(here: Plan, there: Plan) -> Iterator[str]:
    for name, ours, theirs in differences(here, there):
        if name != _INDIFFERENT:
            yield f"{name} is {ours} in the checkpoint, {theirs} in the report"


def _rate_clauses(checkpoint: Checkpoint, report: Report) -> Iterator[str]:
    ours = checkpoint.spec.frames_per_second
    theirs = round(report.judged.frames / report.judged.seconds, 3)
    if ours != theirs:
        yield f"frames per second are {ours} in the checkpoint, {theirs:g} in the report"
