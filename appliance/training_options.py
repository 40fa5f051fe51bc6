"""Options of the commands that train networks."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import Any, Final

import click

from appliance.layout_option import layout_option

_NETWORKS: Final = ("ethocnn", "ethocnn-lite")
_LARGEST_SEED: Final = 2**64 - 1
"""Source: torch.manual_seed."""
_PATH: Final = click.Path(path_type=Path)


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """What a person asked for; None is the recipe's."""

    network: str
    recipe: str | None
    epochs: int | None
    steps: int | None
    minibatch: int | None
    rate: float | None
    label_rule: str | None
    seed: int | None
    shards: int | None
    threads: int | None
    precision: str | None
    teacher: Path | None
    device: str
    layout: str | None
    frames_per_second: int
    cache: Path | None
    validation_stacks: int


_OPTIONS: Final = (
    click.option(
        "--network", type=click.Choice(_NETWORKS), default="ethocnn-lite", show_default=True
    ),
    click.option(
        "--recipe",
        type=click.Choice(("paper", "ours")),
        help="The paper's way to train, or ours.  [default: paper for ethocnn, else ours]",
    ),
    click.option("--epochs", type=click.IntRange(1), help="[default: the recipe's: 40, ours 20]"),
    click.option(
        "--steps",
        type=click.IntRange(1),
        help="Minibatches an epoch.  [default: the rarest behavior's stacks, ours 300]",
    ),
    click.option(
        "--minibatch",
        type=click.IntRange(8),
        help="Stacks in one: for paper 15 or more, for ours a multiple of 8.  "
        "[default: 16, ours 64]",
    ),
    click.option(
        "--rate",
        type=click.FloatRange(0, 100, min_open=True),
        help="Learning rate.  [default: 0.03, ours 0.002]",
    ),
    click.option(
        "--label-rule",
        type=click.Choice(("majority", "center-weighted")),
        help="What a stack is learned as: the paper's rule, or its code's.  [default: majority]",
    ),
    click.option("--seed", type=click.IntRange(0, _LARGEST_SEED), help="[default: 0]"),
    click.option(
        "--shards",
        type=click.IntRange(1),
        help="Parts of a minibatch that processes may share.  [default: 1]",
    ),
    click.option(
        "--threads",
        type=click.IntRange(1),
        help="Of the processor.  [default: the begun training's, or all]",
    ),
    click.option(
        "--precision",
        type=click.Choice(("float32", "bfloat16", "float16")),
        help="Of the arithmetic; weights stay float32.  [default: float32]",
    ),
    click.option(
        "--teacher", type=_PATH, help="Checkpoint of a network whose answers are learned as well."
    ),
    click.option("--device", default="cpu", show_default=True, help="As PyTorch names it."),
    layout_option,
    click.option(
        "--frames-per-second",
        type=click.IntRange(1),
        default=25,
        show_default=True,
        help="Of the clips; the model will want as many.",
    ),
    click.option(
        "--cache", type=_PATH, help="Folder for decoded clips.  [default: the user's cache]"
    ),
    click.option(
        "--validation-stacks",
        type=click.IntRange(0),
        default=2000,
        show_default=True,
        help="Judged after each epoch but the last; 0: none.",
    ),
)


def training_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of a training, as one argument `options`."""
    names = [field.name for field in fields(TrainingOptions)]

    @wraps(command)
    def call(**given: Any) -> None:  # click passes every option by name
        chosen = {name: given.pop(name) for name in names}
        command(options=TrainingOptions(**chosen), **given)

    decorated = call
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated
