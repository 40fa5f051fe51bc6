"""What a model's card says of its training."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inference.train.dataset import Split
    from inference.train.plan import Plan


def summary_of(split: Split, plan: Plan) -> str:
    """Return what the network learned from, and how, one sentence."""
    learned = sorted({clip.source.animal for clip in split.training})
    return (
        f"Trained by `ethoprofiler train` on {len(split.training)} clips of animals "
        f"{', '.join(learned)}; {_figures(split)}; {plan.epochs} epochs, {plan.sampling} sampling, "
        f"{plan.label_rule} label rule, minibatches of {plan.minibatch} stacks{_shards(plan)}, "
        f"{plan.optimizer} at {plan.rate:g}, {plan.precision}, seed {plan.seed}{_taught(plan)}."
    )


def held_out_in(split: Split) -> str:
    """Return the animals that are left out of training, `none` if there are none."""
    animals = sorted({clip.source.animal for clip in split.held_out})
    return f"animal {', '.join(animals)}" if animals else "none"


def has_figures(split: Split) -> bool:
    """Say whether a training on a split is judged: something that is left out must have a truth."""
    return any(clip.truth is not None for clip in split.held_out)


def _figures(split: Split) -> str:
    if not split.held_out:
        return "no animal was left out"
    if not has_figures(split):
        return f"{held_out_in(split)} was left out and not judged"
    judged = sorted({clip.source.animal for clip in split.held_out if clip.truth is not None})
    return f"the figures are of animal {', '.join(judged)}, left out of training"


def _shards(plan: Plan) -> str:
    return f" in {plan.shards} shards" if plan.shards > 1 else ""


def _taught(plan: Plan) -> str:
    if plan.distillation is None:
        return ""
    return f", taught by the network {plan.distillation.teacher[:12]}"
