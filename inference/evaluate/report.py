"""The report of an evaluation: every figure of a set of predictions, in one document."""

import json
from typing import Any, Final, Literal, TypeAlias

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from inference.evaluate.bootstrap import FigureIntervals
from inference.evaluate.bout_agreement import BoutAgreement
from inference.evaluate.calibration import Calibration
from inference.evaluate.distribution import Distributions
from inference.evaluate.figures import BehaviorFigures, GroupFigures, Spread
from inference.evaluate.reference import PAPER, Reference
from inference.evaluate.temperature import TemperatureScaling

SCHEMA: Final = "ethoprofiler.evaluation/1"
_DECIMALS: Final = 6
"""More would differ between machines that add up in another order."""
_SMALL: Final = frozenset({"p_value"})
"""Values that may be far below a millionth: they get as many digits instead."""
_EXACT: Final = frozenset({"plan"})
"""What was set, not computed."""

SmoothingKind: TypeAlias = Literal["none", "kernel", "path"]
"""`kernel`: averaged with the neighbors; `path`: the most likely sequence."""
Matrix: TypeAlias = tuple[tuple[int, ...], ...]
"""Frames by truth (row) and label (column)."""
Shares: TypeAlias = tuple[tuple[float, ...], ...]
"""A matrix with each row divided by its sum; a row without frames is 0."""


class Part(BaseModel):
    """What all parts of a document share."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class ModelFacts(Part):
    """What was judged; what only a model file says is None for a network in training."""

    identity: str
    """`<name>@<hash>`, or a network and the SHA-256 of its weights."""
    version: str | None = None
    network: str | None = None
    parameters: int | None = None
    multiplications: int | None = None
    """Of one stack."""
    file_bytes: int | None = None
    sha256: str | None = None
    """The seal."""
    provenance: str | None = None
    license: str | None = None


class About(Part):
    """Where a report comes from; said by who makes it."""

    created: AwareDatetime
    software: str
    model: ModelFacts | None = None
    """None: each fold has its own, named with its figures."""
    data_set: str = ""
    """The folder's name; empty if only the predictions are known."""
    layout: str = ""
    plan: dict[str, JsonValue] | None = None
    """How the folds' networks were trained."""


class ClipCounts(Part):
    """What was judged, each clip once however many folds judged it.

    Clips of `none` alone are left out.
    """

    clips: int
    animals: tuple[str, ...]
    recordings: int
    frames: int
    none_frames: int
    """Frames whose truth is `none`: in no figure."""
    seconds: float


class AnimalFigures(Part):
    """One animal."""

    strain: str
    figures: GroupFigures


class FoldFigures(Part):
    """One fold, and what was judged in it."""

    model: str
    figures: GroupFigures


class SmoothingFigures(Part):
    """What one kind of smoothing makes of the same answers."""

    kind: SmoothingKind
    frame_accuracy: float
    macro_accuracy: float
    bout_f1: float | None
    """Of bouts that share at least half of their union."""
    label_bouts: int


class Report(Part):
    """Everything that is known of a set of predictions; shares are 0..1."""

    schema_: Literal["ethoprofiler.evaluation/1"] = Field(default=SCHEMA, alias="schema")
    about: About
    protocol: str
    remarks: tuple[str, ...]
    """What a reader must know before believing the figures."""
    judged: ClipCounts
    all: GroupFigures
    macro_f1: float | None
    intervals: FigureIntervals
    """Over animals."""
    behaviors: tuple[BehaviorFigures, ...]
    confusion: Matrix
    confusion_shares: Shares
    animals: tuple[AnimalFigures, ...]
    frame_spread: Spread | None
    macro_spread: Spread | None
    strains: tuple[GroupFigures, ...]
    """The paper's Table 1; empty if no strain is known."""
    folds: tuple[FoldFigures, ...]
    bouts: BoutAgreement
    calibration: Calibration
    temperature: TemperatureScaling | None
    """None if fewer than two animals were judged."""
    distribution: Distributions
    smoothing: tuple[SmoothingFigures, ...]
    """The labels as they are first."""
    references: tuple[Reference, ...] = PAPER
    """The paper's own figures, on its own data."""


def as_json(document: BaseModel) -> str:
    """Return a report or a comparison as JSON, computed floats with six decimals."""
    content = _rounded(document.model_dump(mode="json", by_alias=True))
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _rounded(node: Any, name: str = "") -> Any:
    if isinstance(node, float):
        return float(f"{node:.{_DECIMALS}g}") if name in _SMALL else round(node, _DECIMALS)
    if isinstance(node, list):
        return [_rounded(item, name) for item in node]
    if isinstance(node, dict):
        return {
            key: value if key in _EXACT else _rounded(value, key) for key, value in node.items()
        }
    return node
