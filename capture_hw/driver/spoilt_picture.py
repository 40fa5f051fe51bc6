"""What optics and exposure out of order do to a simulated camera's picture."""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from capture_hw.camera_config import FaultKind

_Picture: TypeAlias = NDArray[np.uint8]
_BLACK: Final = 16
_WHITE: Final = 235
_GAIN: Final = 4.0
_BLUR_PX: Final = 4.0
"""Sigma: a focus ring turned by a few degrees."""
_SHIFT_PX: Final = (24, 10)
"""Across and down: somebody has touched the camera."""
_COVERED_PART: Final = 0.6
_COVER_LEVEL: Final = 60
_NOISE_HALF: Final = 4
"""Levels; noise of the sensor, which lies behind the optics."""


def spoil(kind: FaultKind, picture: _Picture, random: np.random.Generator) -> _Picture:
    """Return a new picture with a fault of `SPOILING`; limited range, as the one it is made of."""
    return _SPOILERS[kind](picture, random)


def _bright(picture: _Picture, _: np.random.Generator) -> _Picture:
    """Multiply light; what is brighter than a quarter of white saturates."""
    lit = cv2.addWeighted(picture, _GAIN, picture, 0.0, _BLACK * (1.0 - _GAIN))
    return np.asarray(np.minimum(lit, _WHITE), np.uint8)


def _blurred(picture: _Picture, random: np.random.Generator) -> _Picture:
    blurred = cv2.GaussianBlur(picture, (0, 0), _BLUR_PX)
    return _with_noise(np.asarray(blurred, np.uint8), random)


def _shifted(picture: _Picture, _: np.random.Generator) -> _Picture:
    across, down = _SHIFT_PX
    height, width = picture.shape
    padded = np.pad(picture, ((down, 0), (across, 0)), mode="edge")
    return padded[:height, :width].copy()


def _covered(picture: _Picture, random: np.random.Generator) -> _Picture:
    covered = picture.copy()
    hidden = covered[:, : round(_COVERED_PART * picture.shape[1])]
    hidden[:] = _with_noise(np.full_like(hidden, _COVER_LEVEL), random)
    return covered


def _with_noise(picture: _Picture, random: np.random.Generator) -> _Picture:
    noise = random.integers(0, 2 * _NOISE_HALF + 1, size=picture.shape, dtype=np.uint8)
    noisy = np.clip(picture, _BLACK + _NOISE_HALF, _WHITE - _NOISE_HALF) + noise
    return np.asarray(noisy - np.uint8(_NOISE_HALF), np.uint8)


_SPOILERS: Final[Mapping[FaultKind, Callable[[_Picture, np.random.Generator], _Picture]]] = {
    "bright": _bright,
    "blur": _blurred,
    "shift": _shifted,
    "cover": _covered,
}
SPOILING: Final = tuple(_SPOILERS)
"""The faults that this module knows."""
