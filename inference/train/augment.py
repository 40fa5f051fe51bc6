"""Random changes of a stack that do not change its behavior."""

from typing import Final, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from inference.preprocessing import Gray

_NOISE_SAMPLES: Final = 1 << 22


class Augmentation(BaseModel):
    """Random changes of a stack; all its frames change alike."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    share: float = Field(default=1.0, ge=0, le=1)
    """Part of the stacks that are shifted."""
    shift_x: int = Field(default=0, ge=0)
    shift_y: int = Field(default=0, ge=0)
    """Largest, in pixels of the network's 256 x 256 input; either sign."""
    fill: Literal["black", "edge"] = "edge"
    """What a shift uncovers."""
    flip: float = Field(default=0.0, ge=0, le=1)
    """Part of the stacks that are mirrored left to right."""
    contrast: float = Field(default=0.0, ge=0)
    """Relative."""
    brightness: float = Field(default=0.0, ge=0)
    """Levels."""
    noise: float = Field(default=0.0, ge=0)
    """Standard deviation in levels."""


PAPER_AUGMENTATION: Final = Augmentation(share=0.9, shift_x=20, shift_y=80, fill="black", flip=0.2)
"""Source: paper, Training; the numbers are those of `nn/FrameSelect.py` (facts only)."""
OUR_AUGMENTATION: Final = Augmentation(shift_x=8, shift_y=4, contrast=0.2, brightness=16, noise=4)
"""Keeps hopper, spout and lid recognizable by their place.

There is no mirror image: food is on the left and water on the right, which tells eat from drink.
"""


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
