"""What a training tells while it runs, and what its caller may say to it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from inference.evaluate.confusion import Figures
from inference.evaluate.prediction import ClipPrediction
from inference.train.history import EpochRecord
from inference.train.network import Network

SAVE_EVERY_S: Final = 60.0
VALIDATION_STACKS: Final = 2000


@dataclass(frozen=True, slots=True)
class Progress:
    """The state after a step; `record` and `figures` (held-out animals) at an epoch's end."""

    epoch: int
    step: int
    steps: int
    """Of the epoch."""
    loss: float
    """Mean of the epoch so far."""
    rate: float
    record: EpochRecord | None = None
    figures: Figures | None = None


@dataclass(frozen=True, slots=True)
class Trained:
    """The network after its last epoch, with its answers on the held-out clips."""

    network: Network
    predictions: tuple[ClipPrediction, ...]
    """Empty if nothing was held out, or in a process that is not the first."""
    figures: Figures | None
    was_finished: bool
    """Before it was called: nothing was trained."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What the caller of a training wants to be told, and to say."""

    report: Callable[[Progress], None] = lambda _: None
    """Called after every step, in the first process only."""
    tell: Callable[[str], None] = lambda _: None
    """Called at the beginning with how often each behavior is drawn, some lines."""
    is_stop_wanted: Callable[[], bool] = lambda: False
    validation_stacks: int = VALIDATION_STACKS
    """About how many stacks of the held-out clips are judged after each epoch but the last, after
    which all are; 0: none. Decides nothing about the weights.
    """
    save_every_s: float = SAVE_EVERY_S
