"""The network of the paper, exact to padding and order.

Source: DeepEthoProfile, Methods "CNN description"; `nn/EthoCNN.py` for the order of the
concatenation, the padding and the dropout (facts only, see docs/design/network.md).
"""

from typing import Final

import torch
from torch import Tensor, nn

_STEM_FILTERS: Final = 32


class EthoCNN(nn.Module):
    """17,281,310 parameters, 4.188 G multiplications a stack.

    Attribute names are those of the published weights.
    """

    def __init__(self, stack_length: int = 11, behaviors: int = 8) -> None:
        super().__init__()
        frames, filters = stack_length, _STEM_FILTERS
        self.bn1 = nn.BatchNorm2d(frames)
        self.c11 = nn.Conv2d(frames, filters, (11, 1), stride=2, padding=(5, 0))
        self.c12 = nn.Conv2d(frames, filters, (1, 11), stride=2, padding=(0, 5))
        self.c13 = nn.Conv2d(frames, filters, (7, 3), stride=2, padding=(3, 1))
        self.c14 = nn.Conv2d(frames, filters, (3, 7), stride=2, padding=(1, 3))
        self.bn2 = nn.BatchNorm2d(4 * filters)
        self.c2 = nn.Conv2d(4 * filters, 256, 5)
        self.bn3 = nn.BatchNorm2d(256)
        self.c3 = nn.Conv2d(256, 384, 3)
        self.c32 = nn.Conv2d(384, 512, 3)
        self.c4 = nn.Conv2d(512, 256, 3)
        self.fc1 = nn.Linear(256 * 4 * 4, 2048)
        self.fc12 = nn.Linear(2048, 2048)
        self.fc2 = nn.Linear(2048, behaviors)
        self.pool = nn.MaxPool2d(3, stride=2)
        self.dropout = nn.Dropout(0.5)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return logits (batch, 8) of float pictures (batch, 11, 256, 256) in 0..1."""
        features: Tensor = self.bn1(pictures)
        stem = (self.c11, self.c13, self.c14, self.c12)
        features = torch.cat([torch.relu(layer(features)) for layer in stem], dim=1)
        features = self.pool(features)
        features = self.pool(torch.relu(self.c2(self.bn2(features))))
        features = self.pool(torch.relu(self.c3(self.bn3(features))))
        features = torch.relu(self.c32(features))
        features = self.pool(torch.relu(self.c4(features)))
        hidden = torch.relu(self.fc1(self.dropout(features.flatten(1))))
        hidden = torch.relu(self.fc12(self.dropout(hidden)))
        logits: Tensor = self.fc2(hidden)
        return logits
