"""What a model said of clips that it did not learn from, beside what people said."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.dataset.source import Codes

Probabilities = NDArray[np.float64]
"""A row for every stack, a column for every behavior, (stacks, 8), rows sum to 1."""


@dataclass(frozen=True, slots=True, eq=False)
class ClipPrediction:
    """One clip: the truth of every frame, and the network's answer for every stack of it."""

    clip: str
    animal: str
    strain: str
    """Empty if unknown."""
    recording: str
    truth: Codes
    """(frames,), 0..8."""
    probabilities: Probabilities
    stack_of_frame: NDArray[np.int64]
    """Row of `probabilities` that labels each frame, (frames,), 0 .. stacks - 1, never falling."""

    @property
    def labels(self) -> Codes:
        """The code 0..7 of every frame, (frames,)."""
        best: Codes = self.probabilities.argmax(axis=1)
        return best[self.stack_of_frame]

    @property
    def confidences(self) -> NDArray[np.float64]:
        """The probability of every frame's label, (frames,)."""
        return np.asarray(self.probabilities.max(axis=1)[self.stack_of_frame])


def stacks_of_frames(frames: int, length: int) -> NDArray[np.int64]:
    """Return which stack labels each frame: what is left at the end is a stack of its own."""
    return np.arange(frames) // length
