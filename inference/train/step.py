"""One step of a training: a function of weights, optimizer, plan and the step's number."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from inference.error import TrainingError
from inference.preprocessing import Preprocessing
from inference.train.arithmetic import precision_of, seed_torch
from inference.train.loss import loss_of
from inference.train.minibatch import Minibatch
from inference.train.network import Network, create_network, logits_of
from inference.train.optimization import create_optimizer, set_rate
from inference.train.plan import Plan
from inference.train.process_group import Processes
from inference.train.shard import (
    divided,
    joined,
    norms_of,
    own_shards,
    statistics_of,
    tracked_by,
)

_WEIGHT_STREAM: Final = 3
_DROPOUT_STREAM: Final = 4
"""First words of seeds, so that no other random choice of a training repeats these."""


class LearningFailed(TrainingError):
    """A step cannot be taken; the weights are as before it."""


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """What a step tells."""

    loss: float
    """Mean of the minibatch's stacks."""
    stop_wanted: bool
    """Of any process."""


class Learner:
    """A network that learns, with everything that a step changes. One thread."""

    def __init__(
        self, plan: Plan, spec: Preprocessing, processes: Processes, teacher: Network | None = None
    ) -> None:
        """Begin with random weights that the plan's seed decides; raises TrainingError."""
        self._plan, self.spec, self._processes = plan, spec, processes
        self._own = own_shards(plan.shards, processes.rank, processes.count)
        seed_torch(_WEIGHT_STREAM, plan.seed)
        self.network = create_network(plan.network, plan.shape).to(processes.device)
        self.optimizer = create_optimizer(self.network, plan)
        self.scaler = torch.amp.GradScaler(
            processes.device.type, enabled=plan.precision == "float16"
        )
        self._teacher = teacher.to(processes.device).eval() if teacher else None
        self._norms = norms_of(self.network)

    def step(
        self, parts: Sequence[Minibatch], number: int, rate: float, *, stop_wanted: bool = False
    ) -> StepOutcome:
        """Learn from a minibatch, of which `parts` are this process's shards, in order.

        `number` counts the steps since the training began. All processes must call it. Raises
        LearningFailed if loss or gradient is no number: the weights are then as before.
        """
        self.network.train()
        state = [*statistics_of(self._norms), *tracked_by(self._norms)]
        before = [values.clone() for values in state]
        total: Tensor | None = None
        for shard, part in zip(self._own, parts, strict=True):
            loss = self._descend(part, number, shard)
            results = self._results(loss) * (len(part[1]) / self._plan.minibatch)
            results[0] = stop_wanted
            for values, old in zip(state, before, strict=True):
                values.copy_(old)
            for arrived in self._processes.gather(results):
                total = arrived if total is None else total + arrived
        assert total is not None
        return self._apply(total, rate)

    def is_sound(self) -> bool:
        """Say whether every weight and statistic is a number."""
        return all(bool(values.isfinite().all()) for values in self.network.state_dict().values())

    @property
    def shards(self) -> int:
        """How many parts of a minibatch this process has."""
        return len(self._own)

    def _descend(self, part: Minibatch, number: int, shard: int) -> Tensor:
        """Compute the gradient of one shard; return its loss."""
        stacks, targets = (torch.from_numpy(values).to(self._processes.device) for values in part)
        answers = None
        if self._teacher is not None:
            with torch.inference_mode():
                answers = logits_of(self._teacher, stacks, self.spec)
        seed_torch(_DROPOUT_STREAM, self._plan.seed, number, shard)
        with precision_of(self._plan, self._processes.device):
            logits = logits_of(self.network, stacks, self.spec)
        loss = loss_of(logits.float(), targets, answers, self._plan.distillation)
        self.optimizer.zero_grad()
        self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        return loss.detach()

    def _results(self, loss: Tensor) -> Tensor:
        """Return a place for the wish to stop, loss, gradients and statistics of a shard."""
        gradients = [_gradient_of(values) for values in self.network.parameters()]
        return joined([torch.zeros_like(loss), loss, *gradients, *statistics_of(self._norms)])

    def _apply(self, total: Tensor, rate: float) -> StepOutcome:
        """Change weights and statistics by the sum of all shards."""
        stop_wanted, loss = bool(total[0] > 0), float(total[1])
        # In float16 an overflown gradient is ordinary: the scaler leaves the step out.
        checked = total[:2] if self.scaler.is_enabled() else total
        if not checked.isfinite().all():
            what = "gradient" if math.isfinite(loss) else "loss"
            raise LearningFailed(f"the {what} is no number any more (loss {loss:g})")
        parameters, statistics = list(self.network.parameters()), statistics_of(self._norms)
        changed = divided(total[2:], [*parameters, *statistics])
        for values, gradient in zip(parameters, changed, strict=False):
            values.grad = gradient
        for statistic, new in zip(statistics, changed[len(parameters) :], strict=True):
            statistic.copy_(new)
        for counter in tracked_by(self._norms):
            counter.add_(1)
        set_rate(self.optimizer, rate)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        return StepOutcome(loss, stop_wanted)


def _gradient_of(values: Tensor) -> Tensor:
    assert values.grad is not None
    return values.grad
