"""The graph that runs a trained EthoCNNLite."""

import onnx
from torch import nn

from inference.model_card import INPUT_NAME
from inference.preprocessing import Preprocessing
from inference.train.ethocnn_lite import EthoCNNLite
from inference.train.folding import array, linear_arrays, norm_after
from inference.train.graph import GraphWriter


def rewrite_lite(network: EthoCNNLite, spec: Preprocessing, batch: int) -> onnx.ModelProto:
    """Return the graph from uint8 stacks (batch, 11, 128, 256) to logits (batch, 8).

    The batch norms and the division by `spec.divisor` are multiplied into the weights.
    """
    graph = GraphWriter()
    stem_weight = array(network.stem_weight()) / spec.divisor
    weight, bias = norm_after(stem_weight, network.stem_norm)
    features = graph.convolve(
        graph.to_float(INPUT_NAME),
        weight,
        bias,
        stride=network.stem.stride[0],
        padding=(1, 1, 1, 1),
    )
    features = graph.relu(features)
    for convolution, norm in zip(network.convolutions, network.norms, strict=True):
        assert isinstance(convolution, nn.Conv2d)
        assert isinstance(norm, nn.BatchNorm2d)
        weight, bias = norm_after(array(convolution.weight), norm)
        features = graph.relu(
            graph.convolve(
                features, weight, bias, stride=convolution.stride[0], padding=(1, 1, 1, 1)
            )
        )
    features = graph.add("Flatten", [features])
    features = graph.relu(graph.connect(features, *linear_arrays(network.hidden)))
    logits = graph.connect(features, *linear_arrays(network.output))
    return graph.finish(logits, (batch, *spec.stack_shape), (batch, network.output.out_features))
