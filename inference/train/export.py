"""Writing a trained network as a model file."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import onnx
from pydantic import ValidationError

from disk.durable_file import write_durably
from inference.error import ModelError
from inference.model_card import METADATA_KEY, ModelCard
from inference.preprocessing import Preprocessing
from inference.seal import seal
from inference.train.ethocnn_lite import EthoCNNLite
from inference.train.multiplication import count_multiplications
from inference.train.network import Network, NetworkName, name_of
from inference.train.rewrite import rewrite
from inference.train.rewrite_lite import rewrite_lite

_BATCH: Final = {"ethocnn": 8, "ethocnn-lite": 1}
"""Stacks a run, by speed and memory: see docs/design/network.md."""


@dataclass(frozen=True, slots=True)
class Attribution:
    """What only the person who trained a network can say for its card."""

    name: str
    version: str
    provenance: str
    license: str
    evaluation: dict[str, float] = field(default_factory=dict)


def export_model(
    network: Network, attribution: Attribution, output: Path, spec: Preprocessing | None = None
) -> ModelCard:
    """Write the model file of a trained network; return its card.

    The same weights and attribution give the same bytes. The file appears whole or not at all.
    Raises ModelError if the card would not be valid or the file cannot be written.
    """
    spec = spec or Preprocessing()
    batch = _BATCH[name_of(network)]
    network.eval()
    if isinstance(network, EthoCNNLite):
        model = rewrite_lite(network, spec, batch)
    else:
        model = rewrite(network, spec, batch)
    card = _card(
        name_of(network),
        attribution,
        spec,
        batch=batch,
        parameters=sum(values.numel() for values in network.parameters()),
        multiplications=count_multiplications(model) // batch,
    )
    try:
        write_durably(output, model_bytes(model, card))
    except OSError as error:
        raise ModelError(f"{output} cannot be written: {error.strerror}") from error
    return card


def check_attribution(attribution: Attribution) -> None:
    """Find out before hours of training that a card would not be valid; raises ModelError."""
    _card("ethocnn-lite", attribution, Preprocessing(), batch=1, parameters=1, multiplications=1)


def model_bytes(model: onnx.ModelProto, card: ModelCard) -> bytes:
    """Return the content of a model file: the graph with its card, sealed."""
    onnx.helper.set_model_props(model, {METADATA_KEY: card.as_json()})
    return seal(model.SerializeToString(deterministic=True))


def _card(
    network: NetworkName,
    attribution: Attribution,
    spec: Preprocessing,
    *,
    batch: int,
    parameters: int,
    multiplications: int,
) -> ModelCard:
    try:
        return ModelCard(
            name=attribution.name,
            version=attribution.version,
            network=network,
            preprocessing=spec,
            batch=batch,
            parameters=parameters,
            multiplications=multiplications,
            provenance=attribution.provenance,
            license=attribution.license,
            evaluation=attribution.evaluation,
        )
    except ValidationError as error:
        detail = error.errors()[0]
        raise ModelError(f"model card: {detail['loc'][0]}: {detail['msg']}") from error
