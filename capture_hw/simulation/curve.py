"""Smooth curves through a few points."""

import numpy as np
from numpy.typing import NDArray


def curve_weights(points: int, samples: int) -> NDArray[np.float64]:
    """Return weights of shape (samples, points) of a Catmull-Rom curve through all points."""
    weights = np.zeros((samples, points))
    for sample, at in enumerate(np.linspace(0.0, points - 1.0, samples)):
        index = min(points - 2, int(at))
        t = at - index
        blends = (
            (index - 1, -0.5 * t + t**2 - 0.5 * t**3),
            (index, 1.0 - 2.5 * t**2 + 1.5 * t**3),
            (index + 1, 0.5 * t + 2.0 * t**2 - 1.5 * t**3),
            (index + 2, -0.5 * t**2 + 0.5 * t**3),
        )
        for column, weight in blends:
            weights[sample, min(points - 1, max(0, column))] += weight
    return weights
