"""From what a person asked for to the plan of a training."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

    from appliance.training_options import TrainingOptions
    from inference.train.network import NetworkName
    from inference.train.plan import Plan

_CHANGES: Final = (
    "epochs",
    "steps",
    "minibatch",
    "rate",
    "label_rule",
    "seed",
    "shards",
    "precision",
)


def make_plan(options: TrainingOptions, run: Path | None = None) -> Plan:
    """Return the recipe's plan with what the person wants otherwise.

    Without a number of threads it is that of the training in the folder `run`, if there is one,
    else this process's share of the processor. Raises TrainingError.
    """
    from inference.train.plan import changed, plan_of
    from inference.train.run_folder import stored_plan
    from inference.train.teacher import teacher_digest

    network: NetworkName = "ethocnn" if options.network == "ethocnn" else "ethocnn-lite"
    recipe = options.recipe or ("paper" if network == "ethocnn" else "ours")
    wanted = {name: getattr(options, name) for name in _CHANGES}
    changes = {name: value for name, value in wanted.items() if value is not None}
    begun = stored_plan(run) if run else None
    changes["threads"] = options.threads or (begun.threads if begun else _own_threads())
    if options.teacher is not None:
        changes["distillation"] = {"teacher": teacher_digest(options.teacher)}
    return changed(plan_of(recipe, network), changes)


def _own_threads() -> int:
    """Return how many threads each process of `torchrun` on this machine may have."""
    here = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    return max(1, len(os.sched_getaffinity(0)) // here)
