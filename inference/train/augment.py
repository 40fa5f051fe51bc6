"""Random changes of a stack that do not change its behavior."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from inference.preprocessing import Gray

_NOISE_SAMPLES: Final = 1 << 22


@dataclass(frozen=True, slots=True)
class Augmentation:
    """Largest changes; the defaults keep hopper, spout and lid recognizable by their place.

    There is no mirror image: food is on the left and water on the right, which tells eat from
    drink.
    """

    shift_x: int = 8
    shift_y: int = 4
    """Pixels of the band, of 256 and 128."""
    contrast: float = 0.2
    """Relative."""
    brightness: float = 16
    """Levels."""
    noise: float = 4
    """Standard deviation in levels."""


class Augmenter:
    """Apply an augmentation; immutable, so any thread may."""

    def __init__(self, limits: Augmentation, seed: int) -> None:
        self._limits = limits
        # Drawing noise afresh would cost more than the rest of a minibatch's assembly.
        self._noise = np.random.default_rng(seed).standard_normal(_NOISE_SAMPLES, np.float32)

    def apply(self, stack: Gray, generator: np.random.Generator) -> Gray:
        """Return a changed copy of a stack (frames, height, width); all frames change alike.

        What a shift uncovers repeats the edge.
        """
        limits = self._limits
        moved = _shift(
            stack,
            int(generator.integers(-limits.shift_x, limits.shift_x + 1)),
            int(generator.integers(-limits.shift_y, limits.shift_y + 1)),
        ).astype(np.float32)
        gain = 1 + limits.contrast * generator.uniform(-1, 1)
        moved *= np.float32(gain)
        moved += np.float32(limits.brightness * generator.uniform(-1, 1) + 128 * (1 - gain))
        offset = int(generator.integers(0, _NOISE_SAMPLES - moved.size))
        noise = self._noise[offset : offset + moved.size].reshape(moved.shape)
        moved += noise * np.float32(limits.noise * generator.uniform(0, 1))
        return np.clip(np.rint(moved), 0, 255).astype(np.uint8)


def _shift(stack: Gray, right: int, down: int) -> Gray:
    height, width = stack.shape[1:]
    rows = np.clip(np.arange(height) - down, 0, height - 1)
    columns = np.clip(np.arange(width) - right, 0, width - 1)
    return stack[:, rows[:, None], columns]
