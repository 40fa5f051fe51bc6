"""Figures of each behavior, and of groups of animals beside each other."""

from collections.abc import Mapping, Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict

from inference.ethogram import BEHAVIORS
from inference.evaluate.confusion import Confusion, figures_of


class BehaviorFigures(BaseModel):
    """How well one behavior was labelled; shares 0..1, None where nothing was there to judge."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    behavior: str
    support: int
    """Frames of it by the truth."""
    labelled: int
    """Frames of it by the labels."""
    precision: float | None
    """Of the frames labelled so, those that are; None if none was labelled so."""
    recall: float | None
    """Of the frames that are it, those labelled so; None if it does not occur."""
    f1: float | None
    """2 hits / (support + labelled), the harmonic mean of both; None if neither occurs."""


class GroupFigures(BaseModel):
    """How well the frames of one animal, strain or fold were labelled: a row of Table 1."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    frames: int
    frame_accuracy: float
    macro_accuracy: float
    recalls: dict[str, float]


class Spread(BaseModel):
    """One figure of several animals, each counted alike however many frames it has."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    animals: int
    mean: float
    standard_deviation: float | None
    """With n - 1; None for one animal."""
    lowest: float
    highest: float


def behavior_figures(
    confusion: Confusion, names: Sequence[str] = BEHAVIORS
) -> tuple[BehaviorFigures, ...]:
    """Return precision, recall, F1 and support of each behavior, in the order of the codes."""
    support, labelled = confusion.sum(axis=1), confusion.sum(axis=0)
    return tuple(
        _of_behavior(name, int(support[code]), int(labelled[code]), int(confusion[code, code]))
        for code, name in enumerate(names)
    )


def macro_f1(figures: Sequence[BehaviorFigures]) -> float | None:
    """Return the mean F1 of the behaviors that occur in the truth; None if none does."""
    values = [figure.f1 for figure in figures if figure.support and figure.f1 is not None]
    return float(np.mean(values)) if values else None


def group_figures(
    counts: Mapping[str, Confusion], names: Sequence[str] = BEHAVIORS
) -> tuple[GroupFigures, ...]:
    """Return the figures of each group, in the order given; one without frames is left out."""
    return tuple(
        _of_group(group, confusion, names) for group, confusion in counts.items() if confusion.any()
    )


def spread_of(values: Sequence[float]) -> Spread | None:
    """Return mean and spread of one figure of each animal; None if there is no animal."""
    if not values:
        return None
    return Spread(
        animals=len(values),
        mean=float(np.mean(values)),
        standard_deviation=float(np.std(values, ddof=1)) if len(values) > 1 else None,
        lowest=min(values),
        highest=max(values),
    )


def _of_group(name: str, confusion: Confusion, names: Sequence[str]) -> GroupFigures:
    figures = figures_of(confusion, names)
    return GroupFigures(
        name=name,
        frames=int(confusion.sum()),
        frame_accuracy=figures.frame_accuracy,
        macro_accuracy=figures.macro_accuracy,
        recalls=figures.recalls,
    )


def _of_behavior(name: str, support: int, labelled: int, hits: int) -> BehaviorFigures:
    return BehaviorFigures(
        behavior=name,
        support=support,
        labelled=labelled,
        precision=hits / labelled if labelled else None,
        recall=hits / support if support else None,
        f1=2 * hits / (support + labelled) if support + labelled else None,
    )
