"""The networks by name."""

from typing import Literal, TypeAlias

from torch import Tensor
from torch.nn import functional

from inference.preprocessing import Preprocessing
from inference.train.ethocnn import EthoCNN
from inference.train.ethocnn_lite import EthoCNNLite
from inference.train.lite_shape import LiteShape

NetworkName: TypeAlias = Literal["ethocnn", "ethocnn-lite"]
Network: TypeAlias = EthoCNN | EthoCNNLite


def create_network(name: NetworkName, shape: LiteShape | None = None) -> Network:
    """Return a network with fresh random weights (drawn from torch's global generator).

    `shape` is of `ethocnn-lite`; None: the shipped one's.
    """
    return EthoCNN() if name == "ethocnn" else EthoCNNLite(shape=shape)


def name_of(network: Network) -> NetworkName:
    """Return the name that `create_network` takes."""
    return "ethocnn" if isinstance(network, EthoCNN) else "ethocnn-lite"


def logits_of(network: Network, stacks: Tensor, spec: Preprocessing) -> Tensor:
    """Return logits (batch, 8) of stacks, any dtype, levels 0..255.

    Stacks are bands (batch, 11, 128, 256) or whole pictures (batch, 11, 256, 256); of the latter
    `ethocnn-lite` sees the band.
    """
    scaled = stacks.float() / spec.divisor
    first, end = spec.band_rows
    is_whole = scaled.shape[2] == spec.size
    if isinstance(network, EthoCNNLite):
        return network.forward(scaled[:, :, first:end] if is_whole else scaled)
    if not is_whole:
        scaled = functional.pad(scaled, (0, 0, first, spec.size - end))
    return network.forward(scaled)
