"""Writing an ONNX graph node by node."""

import hashlib
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from inference.model_card import INPUT_NAME, OUTPUT_NAME
from inference.seal import PRODUCER

_OPSET: Final = 18
_IR_VERSION: Final = 9


class GraphWriter:
    """A graph that grows; every method appends one operator and returns its output's name.

    Names are numbered in the order of the calls, so that the same calls give the same bytes.
    """

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}

    def constant(self, value: NDArray[np.generic]) -> str:
        """Store an array in the file, once however often it is used."""
        digest = hashlib.sha256(value.tobytes()).hexdigest()
        content = f"{value.dtype} {value.shape} {digest}"
        if content not in self._constants:
            name = f"constant_{len(self._constants)}"
            self._constants[content] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return self._constants[content].name

    def numbers(self, value: NDArray[np.float64]) -> str:
        """Store an array as float32."""
        return self.constant(value.astype(np.float32))

    def shape(self, *sizes: int) -> str:
        """Store integers, as operators like Reshape and Slice take them."""
        return self.constant(np.array(sizes, np.int64))

    def add(self, operator: str, inputs: Sequence[str], **attributes: Any) -> str:
        """Append any operator of the standard set."""
        name = f"{operator.lower()}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, list(inputs), [name], name, **attributes))
        return name

    def to_float(self, source: str) -> str:
        """Turn integers into float32."""
        return self.add("Cast", [source], to=TensorProto.FLOAT)

    def convolve(
        self,
        source: str,
        weight: NDArray[np.float64],
        bias: NDArray[np.float64],
        *,
        stride: int = 1,
        padding: tuple[int, int, int, int] = (0, 0, 0, 0),
    ) -> str:
        """Convolve with weight (out, in, height, width); padding is top, left, bottom, right."""
        inputs = [source, self.numbers(weight), self.numbers(bias)]
        return self.add("Conv", inputs, strides=[stride, stride], pads=list(padding))

    def reshape(self, source: str, *sizes: int) -> str:
        """See the same numbers as an array of other sizes."""
        return self.add("Reshape", [source, self.shape(*sizes)])

    def relu(self, source: str) -> str:
        """Clip at zero from below."""
        return self.add("Relu", [source])

    def pool(self, source: str) -> str:
        """Take the maximum of 3x3 at stride 2; an even width counts as one more column."""
        return self.add("MaxPool", [source], kernel_shape=[3, 3], strides=[2, 2], pads=[0, 0, 0, 1])

    def connect(self, source: str, weight: NDArray[np.float64], bias: NDArray[np.float64]) -> str:
        """Multiply rows (batch, in) by weight (out, in) and add bias."""
        inputs = [source, self.numbers(weight), self.numbers(bias)]
        return self.add("Gemm", inputs, transB=1)

    def finish(self, output: str, stacks: Sequence[int], logits: Sequence[int]) -> onnx.ModelProto:
        """Return the checked model whose input is uint8 `stacks` and whose output is `logits`."""
        nodes = [*self._nodes, helper.make_node("Identity", [output], [OUTPUT_NAME], "result")]
        graph = helper.make_graph(
            nodes,
            PRODUCER,
            [helper.make_tensor_value_info(INPUT_NAME, TensorProto.UINT8, list(stacks))],
            [helper.make_tensor_value_info(OUTPUT_NAME, TensorProto.FLOAT, list(logits))],
            list(self._constants.values()),
        )
        model = helper.make_model(
            graph,
            producer_name=PRODUCER,
            ir_version=_IR_VERSION,
            opset_imports=[helper.make_opsetid("", _OPSET)],
        )
        onnx.checker.check_model(model, full_check=True)
        return model
