"""The graph that runs a trained EthoCNN: the same function with a quarter of the arithmetic.

1. Half of the picture is black. Rows of feature maps that see no other row are constants of the
   weights: they are computed once, here, on a black picture.
2. The batch norms before unpadded convolutions are multiplied into them.
3. The four large convolutions are Winograd's.
4. Bias and ReLU come after the pooling, which is the same and less to do.

Rows are those of the whole picture: a live row sees a row of the band. `docs/design/network.md`
derives them.
"""

from typing import Final

import numpy as np
import onnx

from inference.model_card import INPUT_NAME
from inference.preprocessing import Preprocessing
from inference.train.blank import BlankMaps
from inference.train.ethocnn import EthoCNN
from inference.train.feature_map import (
    Maps,
    activate,
    crop,
    extend,
    flatten,
    from_batch,
    join,
    pool,
    surround,
)
from inference.train.folding import (
    Weights,
    convolution_arrays,
    linear_arrays,
    norm_before,
    scale_shift,
)
from inference.train.graph import GraphWriter
from inference.train.winograd import Winograd

_BAND_ROWS: Final = (64, 192)
_STEM_ROWS: Final = (28, 101)
"""Rows of the stem, of 128, that the live rows 14..49 of its pooling see."""
_STEM_REACH: Final = 5
"""Rows that the tallest kernel of the stem sees on either side."""


def rewrite(network: EthoCNN, spec: Preprocessing, batch: int) -> onnx.ModelProto:
    """Return the graph from uint8 stacks (batch, 11, 128, 256) to logits (batch, 8)."""
    assert spec.band_rows == _BAND_ROWS
    blank = BlankMaps.of(network)
    graph = GraphWriter()
    maps = _second_layer(graph, network, blank, _first_layer(graph, network, spec), batch)
    maps = _third_layer(graph, network, blank, maps)
    weight, bias = convolution_arrays(network.c32)
    maps = Winograd(graph, weight, side=4).convolve(extend(graph, maps, 20))
    maps = activate(graph, crop(graph, maps, 12, 12), bias)
    weight, bias = convolution_arrays(network.c4)
    maps = Winograd(graph, weight, side=3).convolve(extend(graph, maps, 15))
    maps = activate(graph, crop(graph, pool(graph, maps), 4, 4), bias)
    hidden = graph.relu(graph.connect(flatten(graph, maps), *linear_arrays(network.fc1)))
    hidden = graph.relu(graph.connect(hidden, *linear_arrays(network.fc12)))
    logits = graph.connect(hidden, *linear_arrays(network.fc2))
    return graph.finish(logits, (batch, *spec.stack_shape), (batch, network.fc2.out_features))


def _first_layer(graph: GraphWriter, network: EthoCNN, spec: Preprocessing) -> str:
    """Append everything up to the first pooling; return its live rows (batch, 128, 36, 64).

    The picture gets its black rows and the batch norm explicitly: the zeros with which the
    convolutions pad the columns come after it.
    """
    first, end = 2 * _STEM_ROWS[0] - _STEM_REACH, 2 * _STEM_ROWS[1] - 1 + _STEM_REACH
    above, below = _BAND_ROWS[0] - first, end - _BAND_ROWS[1]
    picture = graph.add("Pad", [INPUT_NAME, graph.shape(0, 0, above, 0, 0, 0, below, 0)])
    scale, shift = (values[:, None, None] for values in scale_shift(network.bn1))
    picture = graph.add("Mul", [graph.to_float(picture), graph.numbers(scale / spec.divisor)])
    picture = graph.add("Add", [picture, graph.numbers(shift)])
    pooled = []
    for layer in (network.c11, network.c13, network.c14, network.c12):
        reach, sideways = (side // 2 for side in layer.kernel_size)
        unseen = _STEM_REACH - reach
        bounds = (unseen, end - first - unseen, 2)
        seen = picture
        if unseen:
            seen = graph.add("Slice", [picture, *(graph.shape(bound) for bound in bounds)])
        weight, bias = convolution_arrays(layer)
        features = graph.convolve(seen, weight, bias, stride=2, padding=(0, sideways, 0, sideways))
        pooled.append(graph.pool(graph.relu(features)))
    return graph.add("Concat", pooled, axis=1)


def _second_layer(
    graph: GraphWriter, network: EthoCNN, blank: BlankMaps, pooled: str, batch: int
) -> Maps:
    """Append c2 and the second pooling; return its live rows 4..24.

    Stack by stack, because the products of one stack (10 MB) still fit into a processor's cache.
    """
    weight, bias = norm_before(network.c2, network.bn2)
    convolution = Winograd(graph, weight, side=4)
    above, below = blank.pooled1[:, 10:14], _with_zeros(blank.pooled1[:, 50:54], 4)
    parts = []
    for stack in range(batch):
        bounds = (stack, stack + 1, 0)
        part = graph.add("Slice", [pooled, *(graph.shape(bound) for bound in bounds)])
        maps = from_batch(graph, part, (1, weight.shape[1], 36, 64))
        maps = convolution.convolve(surround(graph, maps, above, below))
        maps = surround(graph, maps, blank.product2[:, 8:10], blank.product2[:, 50:51])
        parts.append(activate(graph, pool(graph, maps), bias))
    return join(graph, parts)


def _third_layer(graph: GraphWriter, network: EthoCNN, blank: BlankMaps, maps: Maps) -> Maps:
    """Append c3 and the third pooling; return all its 13 rows, which are live."""
    above, below = blank.pooled2[:, 2:4], _with_zeros(blank.pooled2[:, 25:27], 5 + 2)
    weight, bias = norm_before(network.c3, network.bn3)
    maps = Winograd(graph, weight, side=4).convolve(surround(graph, maps, above, below))
    maps = surround(graph, crop(graph, maps, 23, 32), blank.product3[:, :2], blank.product3[:, 25:])
    return activate(graph, pool(graph, maps), bias)


def _with_zeros(rows: Weights, count: int) -> Weights:
    """Add rows that only fill up tiles."""
    return np.pad(rows, ((0, 0), (0, count), (0, 0)))
