"""Trained weights from files: the authors' or our own checkpoints."""

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from pydantic import ValidationError
from torch import Tensor

from inference.error import ModelError
from inference.preprocessing import Preprocessing
from inference.train.ethocnn import EthoCNN
from inference.train.network import Network, NetworkName, create_network, name_of
from inference.train.plan import Plan

_HOLDERS: Final = ("state_dict", "model_state_dict", "model", "net", "network_state_dict")
"""Keys under which checkpoints usually hold the weights.

The authors' `step_N.model` are the weights themselves, their `check_N.model` a checkpoint.
"""
_PREFIX: Final = "module."
"""What torch.nn.DataParallel puts before every name."""
_VARIANCE: Final = "running_var"
"""How the names of batch norms' variances end."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint of `ethoprofiler train` holds for others than the training itself."""

    network: Network
    evaluation: dict[str, float]
    """Held-out figures by name, 0..1."""
    spec: Preprocessing
    """What the network was trained with."""
    plan: Plan | None
    """How it was trained; None if the file does not say, or holds another version's plan."""


def load_weights(path: Path) -> EthoCNN:
    """Return the paper's network with the weights of the authors' file.

    No code that the file may contain is run. Raises ModelError, one sentence, if the file cannot
    be read or its weights are not exactly those of the network.
    """
    network = EthoCNN()
    _fill(network, _weights_in(_read(path), path), path)
    return network.eval()


def load_checkpoint(path: Path) -> Checkpoint:
    """Return what a checkpoint that `ethoprofiler train` wrote holds, the network not training.

    One that names no preprocessing was trained with the usual. Raises ModelError as
    `load_weights` does.
    """
    content = _read(path)
    network = create_network(_network_name(content, path))
    _fill(network, _weights_in(content, path), path)
    evaluation, spec = _evaluation_in(content, path), _spec_in(content, path)
    return Checkpoint(network.eval(), evaluation, spec, _plan_in(content))


def load_network(path: Path) -> Network:
    """Return the network of a checkpoint, ours or the authors'.

    Raises ModelError as `load_weights` does.
    """
    if "network" in _read(path):
        return load_checkpoint(path).network
    return load_weights(path)


def _read(path: Path) -> dict[object, object]:
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise ModelError(f"{path} does not exist") from error
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}") from error
    except pickle.UnpicklingError as error:
        raise ModelError(
            f"{path} is not a file of plain weights: damaged, or it holds code, which is never run"
        ) from error
    except Exception as error:  # damaged bytes drive torch's unpickler into almost any of them
        raise ModelError(f"{path} is not a PyTorch weights file or is damaged") from error
    if not isinstance(content, Mapping):
        raise ModelError(f"{path} holds a {type(content).__name__}, not named weights")
    return dict(content)


def _weights_in(content: dict[object, object], path: Path) -> dict[str, Tensor]:
    """Return the weights of a file, which may be a checkpoint that holds them."""
    held = next(
        (held for key in _HOLDERS if isinstance(held := content.get(key), Mapping)), content
    )
    weights = {
        _printable(name).removeprefix(_PREFIX): value
        for name, value in dict(held).items()
        if isinstance(value, Tensor)
    }
    if not weights:
        raise ModelError(f"{path} holds no weights")
    return weights


def _spec_in(content: dict[object, object], path: Path) -> Preprocessing:
    if "preprocessing" not in content:
        return Preprocessing()
    try:
        return Preprocessing.model_validate_json(_json_of(content["preprocessing"]))
    except ValidationError as error:
        raise ModelError(f"{path}: its preprocessing is not one of ours") from error


def _plan_in(content: dict[object, object]) -> Plan | None:
    training = content.get("training")
    held = training.get("plan") if isinstance(training, dict) else None
    try:
        return Plan.model_validate_json(_json_of(held))
    except ValidationError:
        return None


def _json_of(value: object) -> str:
    return value if isinstance(value, str) else ""


def _evaluation_in(content: dict[object, object], path: Path) -> dict[str, float]:
    evaluation = content.get("evaluation", {})
    figures: dict[str, float] = {}
    if not isinstance(evaluation, dict):
        raise ModelError(f"{path}: its evaluation is not a list of named figures")
    for name, value in evaluation.items():
        if not isinstance(name, str) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise ModelError(f"{path}: its evaluation holds more than named figures from 0 to 1")
        figures[name] = float(value)
    return figures


def _fill(network: Network, weights: dict[str, Tensor], path: Path) -> None:
    """Copy the weights into the network if every one is there and fits."""
    own = network.state_dict()
    optional = {name for name in own if name.endswith("num_batches_tracked")}
    faults = [f"{name} is missing" for name in own if name not in weights and name not in optional]
    faults += [f"{name} is unexpected" for name in weights if name not in own]
    faults += [
        f"{name} is {_shape(weights[name])} where {_shape(own[name])} is expected"
        for name in own
        if name in weights and weights[name].shape != own[name].shape
    ]
    faults += [
        f"{name} is not plain numbers"
        for name in own
        if name in weights and not _is_plain(weights[name], own[name])
    ]
    if faults:
        raise ModelError(
            f"{path} does not hold the weights of {name_of(network)}: {_listed(faults)}"
        )
    converted = {name: value.to(own[name].dtype) for name, value in weights.items()}
    broken = [
        name
        for name, value in converted.items()
        if not value.isfinite().all() or (name.endswith(_VARIANCE) and (value < 0).any())
    ]
    if broken:
        raise ModelError(
            f"{path} holds weights that are not numbers, or variances below zero: {_listed(broken)}"
        )
    network.load_state_dict(own | converted)


def _is_plain(value: Tensor, own: Tensor) -> bool:
    """Return whether a tensor is dense numbers of the kind that the network holds there."""
    return (
        value.layout == torch.strided
        and value.device == own.device
        and value.dtype.is_floating_point == own.dtype.is_floating_point
        and not value.is_complex()
    )


def _network_name(content: dict[object, object], path: Path) -> NetworkName:
    name = content.get("network")
    if name == "ethocnn":
        return "ethocnn"
    if name == "ethocnn-lite":
        return "ethocnn-lite"
    raise ModelError(f"{path} is not a checkpoint of `ethoprofiler train`")


def _shape(values: Tensor) -> str:
    return "x".join(map(str, values.shape)) or "a single number"


def _printable(name: object) -> str:
    text = str(name)
    return text if text.isprintable() else ascii(text)


def _listed(faults: list[str]) -> str:
    return ", ".join(faults)
