"""Feature maps in a graph, channels outermost."""

from dataclasses import dataclass, replace

import numpy as np

from inference.train.folding import Weights
from inference.train.graph import GraphWriter


@dataclass(frozen=True, slots=True)
class Maps:
    """Float maps (1, channels * batch, height, width); a channel's maps of a batch are neighbors.

    This order makes a convolution over all stacks one matrix product. Operators leave columns on
    the right that hold no feature but something finite; `width` counts them.
    """

    name: str
    channels: int
    batch: int
    height: int
    width: int


def from_batch(graph: GraphWriter, stacks: str, sizes: tuple[int, int, int, int]) -> Maps:
    """Append the reordering of ordinary maps (batch, channels, height, width) of these sizes."""
    batch, channels, height, width = sizes
    swapped = graph.add("Transpose", [stacks], perm=[1, 0, 2, 3])
    return Maps(
        graph.reshape(swapped, 1, channels * batch, height, width), channels, batch, height, width
    )


def join(graph: GraphWriter, parts: list[Maps]) -> Maps:
    """Append the concatenation of batches."""
    first = parts[0]
    batch = sum(part.batch for part in parts)
    names = [
        graph.reshape(part.name, part.channels, part.batch, part.height, part.width)
        for part in parts
    ]
    joined = graph.add("Concat", names, axis=1)
    name = graph.reshape(joined, 1, first.channels * batch, first.height, first.width)
    return replace(first, name=name, batch=batch)


def surround(graph: GraphWriter, maps: Maps, above: Weights, below: Weights) -> Maps:
    """Append constant rows (channel, row, column) above and below; missing columns are zero."""
    parts = [
        graph.numbers(np.repeat(_widened(rows, maps.width), maps.batch, axis=0)[None])
        for rows in (above, below)
    ]
    name = graph.add("Concat", [parts[0], maps.name, parts[1]], axis=2)
    return replace(maps, name=name, height=maps.height + above.shape[1] + below.shape[1])


def crop(graph: GraphWriter, maps: Maps, height: int, width: int) -> Maps:
    """Keep the first rows and columns."""
    bounds = ((0, 0), (height, width), (2, 3))
    name = graph.add("Slice", [maps.name, *(graph.shape(*bound) for bound in bounds)])
    return replace(maps, name=name, height=height, width=width)


def extend(graph: GraphWriter, maps: Maps, height: int) -> Maps:
    """Append rows of zeros up to a height."""
    margins = graph.shape(0, 0, 0, 0, 0, 0, height - maps.height, 0)
    return replace(maps, name=graph.add("Pad", [maps.name, margins]), height=height)


def pool(graph: GraphWriter, maps: Maps) -> Maps:
    """Append the 3x3 pooling at stride 2; the result is half as wide."""
    height, width = (maps.height - 3) // 2 + 1, (maps.width - 2) // 2 + 1
    return replace(maps, name=graph.pool(maps.name), height=height, width=width)


def activate(graph: GraphWriter, maps: Maps, bias: Weights) -> Maps:
    """Append bias (channel,) and ReLU."""
    biases = graph.numbers(np.repeat(bias, maps.batch)[None, :, None, None])
    return replace(maps, name=graph.relu(graph.add("Add", [maps.name, biases])))


def flatten(graph: GraphWriter, maps: Maps) -> str:
    """Append the reordering to (batch, channels * height * width)."""
    pixels = maps.height * maps.width
    channels_first = graph.reshape(maps.name, maps.channels, maps.batch, pixels)
    swapped = graph.add("Transpose", [channels_first], perm=[1, 0, 2])
    return graph.add("Flatten", [swapped])


def _widened(rows: Weights, width: int) -> Weights:
    return np.pad(rows, ((0, 0), (0, 0), (0, width - rows.shape[2])))
