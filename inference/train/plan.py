"""What to train and for how long."""

from dataclasses import dataclass, field

from inference.train.augment import Augmentation
from inference.train.network import NetworkName


@dataclass(frozen=True, slots=True)
class Plan:
    """One training run; together with the clips it decides everything about the outcome."""

    network: NetworkName
    epochs: int
    steps: int
    """Minibatches an epoch."""
    per_behavior: int
    """Stacks of each of the eight behaviors in a minibatch."""
    seed: int = 0
    device: str = "cpu"
    augmentation: Augmentation = field(default_factory=Augmentation)
    validation_stacks: int = 2000
    """About how many stacks of the held-out mice are judged after each epoch but the last."""
