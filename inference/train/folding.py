"""Trained weights as float64 arrays, with batch norms multiplied into them."""

from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

Weights: TypeAlias = NDArray[np.float64]


def array(values: Tensor) -> Weights:
    """Return a float64 copy."""
    return values.detach().cpu().to(torch.float64).numpy().copy()


def scale_shift(norm: nn.BatchNorm2d) -> tuple[Weights, Weights]:
    """Return scale and shift (channel,) of `norm` as it runs: `scale * x + shift`."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale = array(norm.weight) / np.sqrt(array(norm.running_var) + norm.eps)
    return scale, array(norm.bias) - scale * array(norm.running_mean)


def norm_after(weight: Weights, norm: nn.BatchNorm2d) -> tuple[Weights, Weights]:
    """Return weight and bias of an unbiased convolution (out, in, y, x) followed by `norm`."""
    scale, shift = scale_shift(norm)
    return weight * scale[:, None, None, None], shift


def norm_before(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> tuple[Weights, Weights]:
    """Return weight and bias of an unpadded convolution that takes the output of `norm`.

    Exact only without padding, because a pad is zero after the norm and not before it.
    """
    assert convolution.padding == (0, 0)
    scale, shift = scale_shift(norm)
    weight, bias = convolution_arrays(convolution)
    return weight * scale[:, None, None], bias + np.einsum("oiyx,i->o", weight, shift)


def convolution_arrays(convolution: nn.Conv2d) -> tuple[Weights, Weights]:
    """Return weight (out, in, y, x) and bias (out,)."""
    assert convolution.bias is not None
    return array(convolution.weight), array(convolution.bias)


def linear_arrays(layer: nn.Linear) -> tuple[Weights, Weights]:
    """Return weight (out, in) and bias (out,)."""
    return array(layer.weight), array(layer.bias)
