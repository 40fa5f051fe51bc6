"""Pictures that carry their own number, and known levels, through any codec.

The upper half is the number: 16 blocks, black for 0 and white for 1, the lowest bit to the left.
The lower half is a wedge of 16 grays. Limited range.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

WIDTH: Final = 352
HEIGHT: Final = 288
LEVELS: Final = np.linspace(16, 235, 16).round().astype(np.uint8)
_BITS: Final = 16
_BLOCK: Final = WIDTH // _BITS
_HALF: Final = HEIGHT // 2
_EDGE: Final = 4
"""Of a block, left out when it is measured: the codec blurs it."""


def numbered(number: int) -> NDArray[np.uint8]:
    """Draw the picture with this number, (height, width)."""
    bits = number >> np.arange(_BITS) & 1
    upper = np.where(bits == 1, 235, 16).astype(np.uint8)
    rows = np.stack([np.repeat(upper, _BLOCK), np.repeat(LEVELS, _BLOCK)])
    return np.repeat(rows, _HALF, axis=0)


def number_in(luma: NDArray[np.uint8]) -> int:
    """Read the number of a picture."""
    bits = _block_means(luma[:_HALF]) > 125
    return int((bits.astype(int) << np.arange(_BITS)).sum())


def levels_in(luma: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Measure the 16 grays of a picture."""
    return _block_means(luma[_HALF:])


def _block_means(half: NDArray[np.uint8]) -> NDArray[np.float64]:
    blocks = half[_EDGE:-_EDGE].reshape(-1, _BITS, _BLOCK)[:, :, _EDGE:-_EDGE]
    means: NDArray[np.float64] = blocks.mean(axis=(0, 2))
    return means
