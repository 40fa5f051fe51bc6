"""Shards of a minibatch: normalized on their own, their results added in their order.

Decision: `docs/decisions/0013-shards.md`.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from inference.error import TrainingError


def own_shards(shards: int, rank: int, count: int) -> list[int]:
    """Return the shards of one of `count` processes, in order; raises TrainingError.

    Every process has as many; together, their first ones are the first `count` shards.
    """
    if shards % count:
        raise TrainingError(
            f"{shards} shards cannot be divided between {count} processes: start as many as "
            "divide the number of shards"
        )
    return list(range(rank, shards, count))


def norms_of(network: nn.Module) -> list[nn.BatchNorm2d]:
    """Return the batch norms of a network, in its order."""
    return [part for part in network.modules() if isinstance(part, nn.BatchNorm2d)]


def statistics_of(norms: Sequence[nn.BatchNorm2d]) -> list[Tensor]:
    """Return the running means and variances, not copied."""
    held = []
    for norm in norms:
        assert norm.running_mean is not None
        assert norm.running_var is not None
        held += [norm.running_mean, norm.running_var]
    return held


def tracked_by(norms: Sequence[nn.BatchNorm2d]) -> list[Tensor]:
    """Return the counters of minibatches, not copied."""
    return [norm.num_batches_tracked for norm in norms if norm.num_batches_tracked is not None]


def joined(tensors: Sequence[Tensor]) -> Tensor:
    """Return a copy of all numbers, one after the other, (numbers,) float32."""
    return torch.cat([tensor.detach().reshape(-1).float() for tensor in tensors])


def divided(numbers: Tensor, like: Sequence[Tensor]) -> list[Tensor]:
    """Return views of `numbers` (numbers,) in the shapes of the tensors they were joined from."""
    parts = torch.split(numbers, [tensor.numel() for tensor in like])
    return [part.view_as(tensor) for part, tensor in zip(parts, like, strict=True)]
