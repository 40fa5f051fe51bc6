"""Writing a model file again with another card."""

from pathlib import Path

import onnx

from disk.durable_file import write_durably
from inference.error import ModelError
from inference.model_card import ModelCard
from inference.seal import verify_seal
from inference.train.export import model_bytes


def write_with_card(source: Path, card: ModelCard, output: Path) -> None:
    """Write the graph of a model file with another card, sealed; whole or not at all.

    Raises ModelError if the source is damaged or the file cannot be written.
    """
    verify_seal(source)
    write_sealed(onnx.load(source), card, output)


def write_sealed(model: onnx.ModelProto, card: ModelCard, output: Path) -> None:
    """Write a graph with its card, sealed, whole or not at all; raises ModelError."""
    del model.metadata_props[:]
    try:
        write_durably(output, model_bytes(model, card))
    except OSError as error:
        raise ModelError(f"{output} cannot be written: {error.strerror}") from error
