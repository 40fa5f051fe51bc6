"""The points of a mouse's body, and the ways to bend them.

A posture is a float64 array of shape (POINTS, 3): x forward, y up, radius, in pixels of a mouse of
normal size, the origin on the ground below its middle (below its hind feet when upright).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Posture = NDArray[np.float64]

RUMP, HIP, LOIN, CHEST, SHOULDER, NECK, HEAD, MUZZLE, NOSE, THIGH = range(10)
FORE_PAW, FAR_FORE_PAW, HIND_PAW, FAR_HIND_PAW = range(10, 14)
TAIL: Final = 14
EAR, FAR_EAR = 18, 19
POINTS: Final = 20
CORE: Final = 10
"""The first ten points carry flesh."""

_HEAD_POINTS: Final = [HEAD, MUZZLE, NOSE, EAR, FAR_EAR]


def between(first: Posture, second: Posture, part: float) -> Posture:
    """Return a new posture `part` (0..1) of the way from the first to the second."""
    return first + (second - first) * part


def turn_head(posture: Posture, radians: float) -> None:
    """Turn the head about the neck in place; positive raises the nose."""
    cos, sin = float(np.cos(radians)), float(np.sin(radians))
    pivot = posture[NECK, :2]
    offset = posture[_HEAD_POINTS, :2] - pivot
    posture[_HEAD_POINTS, :2] = pivot + offset @ np.array(((cos, sin), (-sin, cos)))


def lean(posture: Posture, slope: float) -> None:
    """Shift every point forward in place by `slope` times its height."""
    posture[:, 0] += slope * posture[:, 1]


def reach(posture: Posture, point: int, x: float, y: float) -> None:
    """Stretch an upright posture in place so that `point` comes to (x, y); the feet stay."""
    grown = y / posture[point, 1]
    shift = (x - posture[point, 0]) / posture[point, 1]
    posture[:, 0] += shift * posture[:, 1]
    posture[:, 1] *= grown
