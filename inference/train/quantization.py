"""Rewriting a model to integers of 8 bits, by ONNX Runtime's quantization.

Weights per channel, in 7 bits: a processor with AVX2 and without VNNI adds products of 8 x 8 bits
in pairs to 16 bits, which overflow; in 7 bits the answers are the same on every processor.
Source: ONNX Runtime, "Quantize ONNX models", "When and why do I need to try U8U8?".
"""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)

from inference.error import ModelError
from inference.model_card import INPUT_NAME, ModelCard
from inference.preprocessing import Gray
from inference.seal import PRODUCER, verify_seal
from inference.train.card_change import write_sealed

_QUANTIZABLE: Final = "ethocnn-lite"
_PREPARED: Final = ("onnx.quant.pre_process", "onnxruntime.quant")
"""Tells the quantizer that nothing is left to fold or infer, so that it gives no advice."""
_WHITE: Final = np.float32(255)


def quantize(source: Path, card: ModelCard, stacks: Gray, output: Path) -> None:
    """Write the model file `source` in integers, with `card`, sealed, whole or not at all.

    The ranges between the layers are those of `stacks` (n, 11, 128, 256), uint8, n > 0. The last
    layer stays in floating point, so that two behaviors do not tie. Raises ModelError.
    """
    verify_seal(source)
    check_quantizable(source, card)
    model = _quantized(_prepared(source), stacks)
    write_sealed(model, card.model_copy(update={"precision": "int8"}), output)


def check_quantizable(source: Path, card: ModelCard) -> None:
    """Find out before hours of decoding that a model cannot be quantized; raises ModelError.

    The graph of `ethocnn` multiplies transformed numbers, whose ranges are too wide for 8 bits.
    """
    if card.network != _QUANTIZABLE:
        raise ModelError(
            f"{source} is {card.network}, whose fast graph has no use of 8 bits: "
            f"only {_QUANTIZABLE} can be quantized"
        )
    if card.precision == "int8":
        raise ModelError(f"{source} is int8 already")


def _prepared(source: Path) -> onnx.ModelProto:
    model = onnx.load(source)
    del model.metadata_props[:]
    key, value = _PREPARED
    onnx.helper.set_model_props(model, {key: value})
    return onnx.shape_inference.infer_shapes(model)


def _quantized(model: onnx.ModelProto, stacks: Gray) -> onnx.ModelProto:
    last = [node.name for node in model.graph.node if node.op_type == "Gemm"][-1]
    (first,) = (node.output[0] for node in model.graph.node if node.op_type == "Cast")
    levels = {"rmin": np.float32(0), "rmax": _WHITE}
    with TemporaryDirectory() as folder:
        output = Path(folder) / "quantized.onnx"
        quantize_static(
            model,
            output,
            _Stacks(stacks, model.graph.input[0].type.tensor_type.shape.dim[0].dim_value),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=[last],
            extra_options={"TensorQuantOverrides": {first: [levels]}},
        )
        found = onnx.load(output)
    found.producer_name, found.producer_version = PRODUCER, ""
    return found


class _Stacks(CalibrationDataReader):  # type: ignore[misc]  # ONNX Runtime has no types
    """Hands stacks out as ONNX Runtime asks for them, in batches of the graph's size."""

    def __init__(self, stacks: Gray, batch: int) -> None:
        self._batches: Iterator[Gray] = (
            np.resize(stacks[first : first + batch], (batch, *stacks.shape[1:]))
            for first in range(0, len(stacks), batch)
        )

    def get_next(self) -> dict[str, Any] | None:
        """Return the next batch, None after the last."""
        batch = next(self._batches, None)
        return None if batch is None else {INPUT_NAME: batch}
