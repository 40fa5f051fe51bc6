"""How weights are changed by a gradient, and how fast."""

import math
from typing import Final

import torch

from inference.train.network import Network
from inference.train.plan import Plan

_ADAM_DECAY: Final = 0.05
"""Of the weights, relative to the rate."""
_WARM_UP: Final = 0.05
"""Part of all steps during which the rate of AdamW rises."""


def create_optimizer(network: Network, plan: Plan) -> torch.optim.Optimizer:
    """Return the plan's optimizer: the paper's descent without momentum, or AdamW."""
    if plan.optimizer == "sgd":
        return torch.optim.SGD(network.parameters(), lr=plan.rate)
    return torch.optim.AdamW(network.parameters(), lr=plan.rate, weight_decay=_ADAM_DECAY)


def rate_at(plan: Plan, epoch: int, step: int, steps: int) -> float:
    """Return the learning rate of step `step` (from 0) of the `steps` of `epoch` (from 1).

    `sgd`: constant within an epoch and multiplied by the decay after each, in the order in which
    PyTorch's ExponentialLR multiplies. Source: paper, Training; that it is an epoch's:
    `nn/TrainModel.py` (facts only). `adamw`: rises for a twentieth, then falls by half a cosine.
    """
    if plan.optimizer == "sgd":
        rate = plan.rate
        for _ in range(epoch - 1):
            rate *= plan.decay
        return rate
    done, total = (epoch - 1) * steps + step, plan.epochs * steps
    warm_up = max(1, round(_WARM_UP * total))
    if done < warm_up:
        return plan.rate * (done + 1) / warm_up
    return plan.rate * 0.5 * (1 + math.cos(math.pi * (done - warm_up) / max(1, total - warm_up)))


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Change weights at this rate from now on."""
    for group in optimizer.param_groups:
        group["lr"] = rate
