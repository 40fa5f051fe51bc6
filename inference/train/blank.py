"""Feature maps of a black picture: what the constant rows of every picture give."""

from copy import deepcopy
from dataclasses import dataclass
from typing import Self

import torch

from inference.train.ethocnn import EthoCNN
from inference.train.folding import Weights, array, norm_before


@dataclass(frozen=True, slots=True)
class BlankMaps:
    """Arrays (channel, row, column) over the whole height."""

    pooled1: Weights
    """After the first pooling, 63x63."""
    product2: Weights
    """After `c2` without its bias, 59x59."""
    pooled2: Weights
    """After bias, ReLU and the second pooling, 29x29."""
    product3: Weights
    """After `c3` without its bias, 27x27."""

    @classmethod
    def of(cls, network: EthoCNN) -> Self:
        """Run a copy of the network, in float64 and as it runs when trained."""
        exact = deepcopy(network).double().eval()
        with torch.inference_mode():
            black = torch.zeros(1, exact.bn1.num_features, 256, 256, dtype=torch.float64)
            picture = exact.bn1(black)
            stem = (exact.c11, exact.c13, exact.c14, exact.c12)
            pooled1 = exact.pool(torch.relu(torch.cat([layer(picture) for layer in stem], dim=1)))
            conv2 = exact.c2(exact.bn2(pooled1))
            pooled2 = exact.pool(torch.relu(conv2))
            conv3 = exact.c3(exact.bn3(pooled2))
        bias2 = norm_before(network.c2, network.bn2)[1][:, None, None]
        bias3 = norm_before(network.c3, network.bn3)[1][:, None, None]
        return cls(
            pooled1=array(pooled1[0]),
            product2=array(conv2[0]) - bias2,
            pooled2=array(pooled2[0]),
            product3=array(conv3[0]) - bias3,
        )
