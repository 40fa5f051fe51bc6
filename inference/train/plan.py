"""What to train and how: together with the clips it decides everything about the outcome."""

from collections.abc import Mapping
from typing import Final, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from inference.difference import differing
from inference.error import TrainingError
from inference.ethogram import BEHAVIORS
from inference.train.augment import OUR_AUGMENTATION, PAPER_AUGMENTATION, Augmentation
from inference.train.lite_shape import LiteShape
from inference.train.network import NetworkName

Sampling: TypeAlias = Literal["paper", "even"]
"""How minibatches are drawn.

`paper`: exactly one stack of the rarest behavior, the others in turn, each at least twice as often
in an epoch; an epoch has as many minibatches as the rarest behavior has stacks.
`even`: equally many stacks of each behavior; an epoch has `steps` minibatches.
"""
LabelRule: TypeAlias = Literal["majority", "center-weighted"]
"""What a stack is learned as: the paper's rule, or what the original's code does."""
Optimizer: TypeAlias = Literal["sgd", "adamw"]
Precision: TypeAlias = Literal["float32", "bfloat16", "float16"]


LARGEST_RATE: Final = 100.0
"""No network learns at a higher one."""
_PAPER_PLACES: Final = 1 + 2 * (len(BEHAVIORS) - 1)
"""One for the rarest behavior, at least two for each other. Source: paper, Training."""


class Distillation(BaseModel):
    """Learning from another network's answers as well as from people's."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    teacher: str
    """SHA-256 of the teacher's checkpoint."""
    weight: float = Field(default=0.7, gt=0, le=1)
    """Part of the loss that is the distance to the teacher's answer."""
    temperature: float = Field(default=2.0, ge=1)
    """Softens both answers. Source: Hinton et al. 2015, section 2."""


class Plan(BaseModel):
    """One training run; the same plan on the same clips and kind of machine, the same weights."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    network: NetworkName
    epochs: int = Field(default=40, gt=0)
    seed: int = Field(default=0, ge=0)
    sampling: Sampling = "paper"
    steps: int | None = Field(default=None, gt=0)
    """Minibatches an epoch; None: as many as `sampling` asks for (`even` needs a number)."""
    minibatch: int = Field(default=16, ge=8)
    """Stacks."""
    label_rule: LabelRule = "majority"
    optimizer: Optimizer = "sgd"
    rate: float = Field(default=0.03, gt=0, le=LARGEST_RATE)
    decay: float = Field(default=0.99, gt=0, le=1)
    """Of the rate, an epoch (sgd); adamw falls by a cosine to zero."""
    augmentation: Augmentation = PAPER_AUGMENTATION
    precision: Precision = "float32"
    shards: int = Field(default=1, gt=0)
    """Parts of a minibatch that are normalized on their own: at most so many devices can share
    the work, and the outcome does not depend on how many do.
    """
    threads: int = Field(default=1, gt=0)
    """Of the processor in one step: another number rounds differently."""
    distillation: Distillation | None = None
    shape: LiteShape | None = None
    """Of `ethocnn-lite`, to compare variants; None: the shipped one's."""

    @model_validator(mode="after")
    def _check_that_the_shards_are_equal(self) -> Self:
        if self.minibatch % self.shards:
            raise ValueError(
                f"a minibatch of {self.minibatch} stacks cannot be cut into {self.shards} shards"
            )
        return self

    @model_validator(mode="after")
    def _check_that_the_sampling_can_be_followed(self) -> Self:
        stacks = f"a minibatch of {self.minibatch} stacks"
        if self.sampling == "paper":
            if self.minibatch < _PAPER_PLACES:
                raise ValueError(
                    f"{stacks} cannot hold one of the rarest behavior and two of each other: "
                    f"the sampling `paper` needs {_PAPER_PLACES}"
                )
        elif self.minibatch % len(BEHAVIORS):
            raise ValueError(f"{stacks} cannot hold equally many of {len(BEHAVIORS)} behaviors")
        elif self.steps is None:
            raise ValueError("the sampling `even` needs a number of minibatches an epoch")
        return self


PAPER: Final = "paper"
OURS: Final = "ours"


def plan_of(recipe: str, network: NetworkName) -> Plan:
    """Return the plan of a recipe by name.

    `paper`: the Methods of DeepEthoProfile, "Training". `ours`: what trained the shipped model.
    """
    if recipe == PAPER:
        return Plan(network=network)
    return Plan(
        network=network,
        epochs=20,
        sampling="even",
        steps=300,
        minibatch=64,
        optimizer="adamw",
        rate=2e-3,
        augmentation=OUR_AUGMENTATION,
    )


def changed(plan: Plan, changes: Mapping[str, object]) -> Plan:
    """Return the plan with other values for some of its fields; raises TrainingError."""
    try:
        return Plan.model_validate(plan.model_dump() | dict(changes))
    except ValidationError as error:
        raise TrainingError(sentence_of(error)) from error


def sentence_of(error: ValidationError) -> str:
    """Return what is wrong with a plan: where, and the first fault."""
    first = error.errors()[0]
    place = ".".join(map(str, first["loc"]))
    return f"{place}: {first['msg']}" if place else first["msg"].removeprefix("Value error, ")


def differences(here: Plan, there: Plan) -> list[tuple[str, object, object]]:
    """Return what two plans do not have in common: field, value here, value there."""
    return differing(here.model_dump(mode="json"), there.model_dump(mode="json"))
