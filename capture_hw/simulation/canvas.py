"""A plane of gray levels to draw soft shapes on, at twice the picture's resolution."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from capture_hw.simulation.rig import HEIGHT, WIDTH

SCALE = 2
_SHIFT = 4
Points = Sequence[tuple[float, float]]


class Canvas:
    """Levels as float32 of shape (SCALE * HEIGHT, SCALE * WIDTH); coordinates are scene pixels."""

    def __init__(self, level: float) -> None:
        """Start with one level everywhere."""
        self.plane: NDArray[np.float32] = np.full(
            (SCALE * HEIGHT, SCALE * WIDTH), level, np.float32
        )

    def fill(
        self, points: Points, level: float, opacity: float = 1.0, soft_px: float = 0.0
    ) -> None:
        """Fill a polygon."""
        self._blend(points, level, opacity, soft_px, width_px=0.0, closed=True)

    def line(
        self,
        points: Points,
        level: float,
        width_px: float,
        opacity: float = 1.0,
        soft_px: float = 0.0,
    ) -> None:
        """Draw an open line of some width."""
        self._blend(points, level, opacity, soft_px, width_px, closed=False)

    def box(
        self,
        left: float,
        top: float,
        right: float,
        bottom: float,
        level: float,
        opacity: float = 1.0,
        soft_px: float = 0.0,
    ) -> None:
        """Fill an upright rectangle."""
        corners = ((left, top), (right, top), (right, bottom), (left, bottom))
        self.fill(corners, level, opacity, soft_px)

    def _blend(
        self,
        points: Points,
        level: float,
        opacity: float,
        soft_px: float,
        width_px: float,
        *,
        closed: bool,
    ) -> None:
        scaled = np.array(points, np.float64) * SCALE
        margin = SCALE * (width_px + 3.0 * soft_px) + 4.0
        low = np.maximum(np.floor(scaled.min(axis=0) - margin), 0).astype(int)
        high = np.minimum(np.ceil(scaled.max(axis=0) + margin), self.plane.shape[::-1]).astype(int)
        if (high <= low).any():
            return
        mask = np.zeros((high[1] - low[1], high[0] - low[0]), np.uint8)
        corners = np.rint((scaled - low) * (1 << _SHIFT)).astype(np.int32)
        if closed:
            cv2.fillPoly(mask, [corners], 255, cv2.LINE_AA, _SHIFT)
        else:
            thickness = max(1, round(width_px * SCALE))
            cv2.polylines(mask, [corners], False, 255, thickness, cv2.LINE_AA, _SHIFT)
        weight = mask.astype(np.float32) * (opacity / 255.0)
        if soft_px > 0.0:
            weight = np.asarray(cv2.GaussianBlur(weight, (0, 0), soft_px * SCALE), np.float32)
        patch = self.plane[low[1] : high[1], low[0] : high[0]]
        patch += (level - patch) * weight


def arc(
    center: tuple[float, float],
    radius: tuple[float, float],
    start: float,
    end: float,
    steps: int = 12,
) -> list[tuple[float, float]]:
    """Return points of an elliptic arc; angles in degrees, 0 to the right, 90 downward."""
    angles = np.radians(np.linspace(start, end, steps))
    return [
        (center[0] + radius[0] * float(np.cos(a)), center[1] + radius[1] * float(np.sin(a)))
        for a in angles
    ]
