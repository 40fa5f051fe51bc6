"""The training loop."""

import math
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from torch.nn import functional
from torch.optim.lr_scheduler import LambdaLR

from inference.dataset.band_cache import Clip
from inference.error import TrainingError
from inference.evaluate.confusion import Figures, confusion_of, figures_of
from inference.evaluate.prediction import ClipPrediction
from inference.preprocessing import Preprocessing
from inference.train.checkpoint import write_checkpoint
from inference.train.dataset import Split
from inference.train.minibatch import Minibatch, minibatches
from inference.train.network import Network, create_network, logits_of
from inference.train.plan import Plan
from inference.train.predict import predict

_SGD_RATE: Final = 0.03  # DeepEthoProfile, "Training"
_SGD_DECAY: Final = 0.99  # per epoch; likewise
_ADAM_RATE: Final = 2e-3
_ADAM_DECAY: Final = 0.05
_WARM_UP: Final = 0.05
"""Part of all steps during which the rate of AdamW rises."""


@dataclass(frozen=True, slots=True)
class Progress:
    """The state after a step; `figures` (held-out mice) only after an epoch's last step."""

    epoch: int
    step: int
    loss: float
    figures: Figures | None


@dataclass(frozen=True, slots=True)
class Trained:
    """The network after its last epoch, with its answers on the held-out clips."""

    network: Network
    predictions: tuple[ClipPrediction, ...]
    figures: Figures


def train(
    split: Split,
    plan: Plan,
    spec: Preprocessing,
    checkpoints: Path | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Trained:
    """Train a network; the same plan on the same clips gives the same one on the same machine.

    After every epoch a checkpoint is written into the folder `checkpoints`. The last epoch's
    network is returned, never the one that did best on the held-out mice. Raises TrainingError.
    """
    torch.manual_seed(plan.seed)
    network = create_network(plan.network).to(open_device(plan.device))
    optimizer, schedule = _optimizer(network, plan)
    every = max(1, _stacks_in(split.held_out, spec) // plan.validation_stacks)
    with closing(minibatches(split.training, plan, spec)) as batches:
        for epoch in range(1, plan.epochs + 1):
            for step in range(1, plan.steps + 1):
                loss = _descend(network, optimizer, next(batches), spec)
                schedule.step()
                if progress is not None and step < plan.steps:
                    progress(Progress(epoch, step, loss, None))
            part = every if epoch < plan.epochs else 1
            predictions = tuple(predict(network, split.held_out, spec, part))
            figures = figures_of(confusion_of(predictions))
            if checkpoints is not None:
                path = checkpoints / f"{plan.network}_{epoch:03d}.pt"
                write_checkpoint(path, network, epoch, figures.as_card())
            if progress is not None:
                progress(Progress(epoch, plan.steps, loss, figures))
    return Trained(network, predictions, figures)


def open_device(name: str) -> torch.device:
    """Return the device that PyTorch knows by this name; raises TrainingError if none works."""
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).item()
    except (RuntimeError, AssertionError) as error:
        raise TrainingError(f"device {name}: {str(error).splitlines()[0]}") from error
    return device


def _descend(
    network: Network, optimizer: torch.optim.Optimizer, batch: Minibatch, spec: Preprocessing
) -> float:
    """Take one step and return its loss."""
    network.train()
    device = next(network.parameters()).device
    stacks, targets = (torch.from_numpy(values).to(device) for values in batch)
    loss = functional.cross_entropy(logits_of(network, stacks, spec), targets)
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    return float(loss.detach())


def _optimizer(network: Network, plan: Plan) -> tuple[torch.optim.Optimizer, LambdaLR]:
    """Return the paper's descent for its network and AdamW with a cosine for ours."""
    if plan.network == "ethocnn":
        descent = torch.optim.SGD(network.parameters(), lr=_SGD_RATE)
        return descent, LambdaLR(descent, lambda step: _SGD_DECAY ** (step // plan.steps))
    adam = torch.optim.AdamW(network.parameters(), lr=_ADAM_RATE, weight_decay=_ADAM_DECAY)
    total = plan.epochs * plan.steps
    warm_up = max(1, round(_WARM_UP * total))

    def rate(step: int) -> float:
        if step < warm_up:
            return (step + 1) / warm_up
        return 0.5 * (1 + math.cos(math.pi * (step - warm_up) / max(1, total - warm_up)))

    return adam, LambdaLR(adam, rate)


def _stacks_in(clips: Sequence[Clip], spec: Preprocessing) -> int:
    return sum(-(-len(clip.codes) // spec.stack_length) for clip in clips)
