"""Sensor noise, the same for the same seed and frame."""

import cv2
import numpy as np
from numpy.typing import NDArray

from capture_hw.simulation.rig import HEIGHT, WIDTH

_SHIFTS_Y, _SHIFTS_X = 96, 160
_BLACK, _WHITE = 16, 235
_HEADROOM = 255 - _WHITE
_MASK64 = (1 << 64) - 1


class Sensor:
    """Adds noise from a bank that is larger than the picture, at a place hashed from the frame."""

    def __init__(self, seed: int, sigma: float) -> None:
        """Draw the bank: noise of `sigma` luma levels, slightly correlated along a line."""
        self._seed = seed
        random = np.random.default_rng([seed, 2])
        shape = (HEIGHT + _SHIFTS_Y, WIDTH + _SHIFTS_X)
        noise = random.standard_normal(shape, dtype=np.float32)
        noise = np.asarray(cv2.blur(noise, (2, 1)), np.float32) * 0.9 + 0.6 * noise
        levels = np.rint(noise * (sigma / float(noise.std())))
        self._below = np.clip(-levels, 0, 60).astype(np.uint8)
        self._above = (np.clip(levels, 0, 60) + (_BLACK + _HEADROOM)).astype(np.uint8)

    def expose(self, picture: NDArray[np.uint8], frame: int) -> NDArray[np.uint8]:
        """Return a new noisy picture within 16..235; `picture` holds luma minus 16."""
        place = mix(self._seed, frame)
        y, x = (place >> 8) % _SHIFTS_Y, (place >> 32) % _SHIFTS_X
        window = np.s_[y : y + HEIGHT, x : x + WIDTH]
        noisy = np.asarray(cv2.subtract(picture, self._below[window]), np.uint8)
        cv2.add(noisy, self._above[window], dst=noisy)
        return np.subtract(noisy, np.uint8(_HEADROOM), out=noisy)


def mix(seed: int, number: int) -> int:
    """Return 64 well mixed bits of the pair. Source: splitmix64, Steele et al., OOPSLA 2014."""
    bits = (seed * 0x9E3779B97F4A7C15 + number * 0xD1B54A32D192ED03 + 0x632BE59BD9B4E019) & _MASK64
    bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & _MASK64
    bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & _MASK64
    return bits ^ (bits >> 31)
