"""Counting the multiplications of a graph."""

import math

import onnx
from onnx import shape_inference


def count_multiplications(model: onnx.ModelProto) -> int:
    """Return the multiply-accumulate operations of one run of all convolutions and products.

    Element-wise operators are not counted, as is usual for networks.
    """
    graph = shape_inference.infer_shapes(model, strict_mode=True, data_prop=True).graph
    shapes: dict[str, tuple[int, ...]] = {
        constant.name: tuple(constant.dims) for constant in graph.initializer
    }
    for value in (*graph.input, *graph.value_info, *graph.output):
        shapes[value.name] = tuple(size.dim_value for size in value.type.tensor_type.shape.dim)
    total = 0
    for node in graph.node:
        if node.op_type == "Conv":
            total += math.prod(shapes[node.output[0]]) * math.prod(shapes[node.input[1]][1:])
        elif node.op_type in ("MatMul", "Gemm"):
            total += math.prod(shapes[node.output[0]]) * _inner_size(node, shapes[node.input[0]])
    return total


def _inner_size(node: onnx.NodeProto, left: tuple[int, ...]) -> int:
    transposed = any(item.name == "transA" and item.i for item in node.attribute)
    return left[-2] if transposed else left[-1]
