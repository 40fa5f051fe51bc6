"""The comparison of two models that judged the same clips, as one document."""

from typing import Final, Literal

from pydantic import AwareDatetime, Field

from inference.evaluate.bootstrap import Interval
from inference.evaluate.report import ModelFacts, Part

COMPARISON_SCHEMA: Final = "ethoprofiler.comparison/1"


class Pair(Part):
    """One figure of both models, 0..1."""

    name: str
    first: float | None
    """None if it is not defined."""
    second: float | None
    difference: float | None
    """Second minus first."""
    interval: Interval | None
    """Of the difference, over animals that both were judged on; None if there is none."""


class BehaviorPairs(Part):
    """The figures of one behavior."""

    behavior: str
    recall: Pair
    precision: Pair
    f1: Pair


class GroupPairs(Part):
    """The figures of one strain or animal."""

    name: str
    frames: int
    frame_accuracy: Pair
    macro_accuracy: Pair


class Rightness(Part):
    """Frames by which of the two was right."""

    both: int
    first_only: int
    second_only: int
    neither: int


class McNemar(Part):
    """Stacks that only one labels as most of their frames are.

    It describes; it does not prove: stacks that follow each other are alike, so that chance is
    larger than the test assumes. Source: McNemar 1947, with the correction of Edwards 1948.
    """

    first_only: int
    second_only: int
    statistic: float
    p_value: float


class ClipPair(Part):
    """Where the two differ, clip by clip."""

    clip: str
    animal: str
    frames: int
    """Without `none`."""
    first_only: int
    second_only: int


class Stretch(Part):
    """Frames in a row that only one of the two labelled right, to look at."""

    clip: str
    first_frame: int
    last_frame: int
    truth: str
    first: str
    second: str


class Comparison(Part):
    """Everything about how two models differ."""

    schema_: Literal["ethoprofiler.comparison/1"] = Field(default=COMPARISON_SCHEMA, alias="schema")
    created: AwareDatetime
    software: str
    data_set: str
    """The folder's name; empty if only the predictions are known."""
    first: ModelFacts
    second: ModelFacts
    remarks: tuple[str, ...]
    clips: int
    animals: tuple[str, ...]
    frames: int
    figures: tuple[Pair, ...]
    behaviors: tuple[BehaviorPairs, ...]
    strains: tuple[GroupPairs, ...]
    by_animal: tuple[GroupPairs, ...]
    rightness: Rightness
    mcnemar: McNemar | None
    """None if the two cut the clips into other stacks."""
    by_clip: tuple[ClipPair, ...]
    """Those that differ most first."""
    stretches: tuple[Stretch, ...]
    """The longest first."""
