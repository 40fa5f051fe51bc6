"""The networks by name."""

from typing import Literal, TypeAlias

from torch import Tensor
from torch.nn import functional

from inference.preprocessing import Preprocessing
from inference.train.ethocnn import EthoCNN
from inference.train.ethocnn_lite import EthoCNNLite

NetworkName: TypeAlias = Literal["ethocnn", "ethocnn-lite"]
Network: TypeAlias = EthoCNN | EthoCNNLite


def create_network(name: NetworkName) -> Network:
    """Return a network with fresh random weights (drawn from torch's global generator)."""
    return EthoCNN() if name == "ethocnn" else EthoCNNLite()


def name_of(network: Network) -> NetworkName:
    """Return the name that `create_network` takes."""
    return "ethocnn" if isinstance(network, EthoCNN) else "ethocnn-lite"


def logits_of(network: Network, bands: Tensor, spec: Preprocessing) -> Tensor:
    """Return logits (batch, 8) of bands (batch, 11, 128, 256), any dtype, levels 0..255."""
    scaled = bands.float() / spec.divisor
    if isinstance(network, EthoCNNLite):
        return network.forward(scaled)
    first, end = spec.band_rows
    return network.forward(functional.pad(scaled, (0, 0, first, spec.size - end)))
