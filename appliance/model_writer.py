"""Writing a model file whose answers are proven."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from appliance.model_folder import MODEL_SUFFIX
from disk.durable_file import part_path, publish
from inference.error import ModelError

if TYPE_CHECKING:
    from pathlib import Path

    from inference.preprocessing import Preprocessing
    from inference.train.export import Attribution
    from inference.train.network import Network

_PARITY_STACKS: Final = 32
_LARGEST_DIFFERENCE: Final = 1e-3
"""Of a log probability between a network and its model file; float32 alone gives about 1e-5."""


def check_output(output: Path) -> None:
    """Find out before hours of work that a model file could not be written or found.

    Raises ModelError, one sentence.
    """
    if output.suffix != MODEL_SUFFIX:
        raise ModelError(f"{output} does not end in {MODEL_SUFFIX}")
    part = part_path(output)
    try:
        if output.is_dir():
            raise ModelError(f"{output} is a folder")
        if not output.resolve().parent.is_dir():
            raise ModelError(f"{output.parent} is not a folder")
        part.touch()
        part.unlink()
    except OSError as error:
        raise ModelError(f"{output} cannot be written: {error.strerror}") from error


def write_model(
    network: Network, attribution: Attribution, output: Path, spec: Preprocessing | None = None
) -> str:
    """Export a network if the result answers as the network does; return a sentence about it.

    `spec` is what it was trained with, None the usual.

    Raises ModelError; what stood at `output` before is then untouched.
    """
    # Lazy imports: torch is heavy and optional, ONNX Runtime costs half a second.
    from inference.classifier import Classifier
    from inference.determinism import random_stacks
    from inference.train.export import export_model
    from inference.train.parity import compare

    check_output(output)
    part = part_path(output)
    try:
        card = export_model(network, attribution, part, spec)
        stacks = random_stacks(_PARITY_STACKS, card.preprocessing.stack_shape, seed=0)
        parity = compare(network, Classifier(part, "cpu"), stacks)
        _check_difference(output, parity.largest_difference)
        publish(part, output)
    except OSError as error:
        raise ModelError(f"{output} cannot be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
    return (
        f"{output}: {card.name} {card.version}, {card.parameters:,} parameters, "
        f"{card.multiplications / 1e6:,.0f} M multiplications a stack; on {parity.stacks} random "
        f"stacks {parity.agreement:.0%} of the labels as the network's, "
        f"log probabilities within {parity.largest_difference:.1e}"
    )


def _check_difference(output: Path, difference: float) -> None:
    if not difference <= _LARGEST_DIFFERENCE:  # nan is none of <, = and >
        raise ModelError(
            f"{output} was not written: its answers would differ from the network's by "
            f"{difference:.1e} (log probability)"
        )
