"""The small network for live labelling without an accelerator.

`docs/design/network.md` has the measurements behind its shape.
"""

import math
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from inference.train.lite_shape import LiteShape

_BAND: Final = (128, 256)
_STEM_SIDE: Final = 6
_CHANGE_GAIN: Final = 2.0
"""How much more than the mean picture the first layer is shown of what changes within a stack."""


class EthoCNNLite(nn.Module):
    """0.83 M parameters, 0.076 G multiplications a stack.

    The stem sees the stack as its mean picture and ten pictures of change, a fixed change of
    basis that costs nothing because it is multiplied into the stem's weights. The last layers
    see the whole feature map, not its average: the hopper is on the left, the spout on the right.
    """

    basis: Tensor

    def __init__(
        self, stack_length: int = 11, behaviors: int = 8, shape: LiteShape | None = None
    ) -> None:
        super().__init__()
        shape = shape or LiteShape()
        body, stride = shape.body, shape.stem_stride
        basis = _change_basis(stack_length) if shape.sees_change else torch.eye(stack_length)
        self.register_buffer("basis", basis, persistent=False)
        self.stem = nn.Conv2d(
            stack_length, shape.stem_filters, _STEM_SIDE, stride=stride, padding=1, bias=False
        )
        self.stem_norm = nn.BatchNorm2d(shape.stem_filters)
        widths = [shape.stem_filters, *(width for width, _ in body)]
        self.convolutions = nn.ModuleList(
            nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False)
            for before, (after, stride) in zip(widths, body, strict=False)
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(width) for width, _ in body)
        self.hidden = nn.Linear(widths[-1] * math.prod(_cells(shape)), 128)
        self.output = nn.Linear(128, behaviors)
        self.dropout = nn.Dropout(0.3)

    def forward(self, bands: Tensor) -> Tensor:
        """Return logits (batch, 8) of float bands (batch, 11, 128, 256) in 0..1."""
        features: Tensor = functional.conv2d(
            bands, self.stem_weight(), stride=self.stem.stride, padding=1
        )
        features = torch.relu(self.stem_norm(features))
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            features = torch.relu(norm(convolution(features)))
        hidden = torch.relu(self.hidden(self.dropout(features.flatten(1))))
        logits: Tensor = self.output(self.dropout(hidden))
        return logits

    def stem_weight(self) -> Tensor:
        """Return the stem's weights (filter, frame, row, column) on plain frames."""
        return torch.einsum("okyx,kf->ofyx", self.stem.weight, self.basis)


def _cells(shape: LiteShape) -> tuple[int, ...]:
    """Return height and width of the last feature map of a band."""
    sizes = tuple((size + 2 - _STEM_SIDE) // shape.stem_stride + 1 for size in _BAND)
    for _, stride in shape.body:
        sizes = tuple((size - 1) // stride + 1 for size in sizes)
    return sizes


def _change_basis(stack_length: int) -> Tensor:
    """Return the matrix (component, frame): row 0 the mean, then the cosine components.

    The rows 1.. are those of the orthonormal DCT-II times `_CHANGE_GAIN`; they are blind to
    anything that stands still.
    """
    component = torch.arange(stack_length, dtype=torch.float64)[:, None]
    frame = torch.arange(stack_length, dtype=torch.float64)[None, :]
    basis = torch.cos(math.pi / stack_length * (frame + 0.5) * component)
    basis *= math.sqrt(2 / stack_length) * _CHANGE_GAIN
    basis[0] = 1 / stack_length
    return basis.to(torch.float32)
