"""The outline and shading of a mouse's body: a smooth union of balls along its spine."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from capture_hw.simulation import posture as base
from capture_hw.simulation.curve import curve_weights
from capture_hw.simulation.fur import DEPTH_STEPS_PER_PX, Fur
from capture_hw.simulation.posture import Posture

_SPINE_SAMPLES = 25
_STIFFNESS = 4.0
"""Steepness of a ball's field; more makes the union of balls less smooth."""
_INFLATION = np.log(3.6)
"""Logarithm of how many balls overlap on a straight back; makes radii come out as given."""
_EDGE_STEPS_PER_PX = 16.0
_GRID_PX = 2


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the picture; all numbers are even."""

    x: int
    y: int
    width: int
    height: int


class Flesh:
    """Draws bodies on a grid of half the picture's resolution and enlarges them."""

    def __init__(self, fur: Fur) -> None:
        """Prepare the weights of the balls."""
        spine = curve_weights(base.THIGH, _SPINE_SAMPLES)
        self._weights = np.zeros((_SPINE_SAMPLES + 1, base.CORE))
        self._weights[:-1, : base.THIGH] = spine
        self._weights[-1, base.THIGH] = 1.0
        self._fur = fur

    def draw(self, seen: Posture, region: Region) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Return (edge, fur), both of the region's shape.

        `edge` is 128 on the outline and grows inward by _EDGE_STEPS_PER_PX; `fur` is luma.
        """
        inside_px = self._inside_px(seen, region)
        edge = np.clip(128.0 + _EDGE_STEPS_PER_PX * inside_px, 0.0, 200.0).astype(np.uint8)
        depth = np.clip(DEPTH_STEPS_PER_PX * inside_px, 0.0, 255.0).astype(np.uint8)
        fur = np.asarray(cv2.LUT(depth, self._fur.shade), np.uint8)
        fur = np.asarray(cv2.add(fur, self._light(seen, region)), np.uint8)
        size = (region.width, region.height)
        return (
            np.asarray(cv2.resize(edge, size, interpolation=cv2.INTER_LINEAR), np.uint8),
            np.asarray(cv2.resize(fur, size, interpolation=cv2.INTER_LINEAR), np.uint8),
        )

    def _inside_px(self, seen: Posture, region: Region) -> NDArray[np.float32]:
        """Return about how deep below the outline each grid point is, negative outside."""
        balls = (self._weights @ seen[: base.CORE]).astype(np.float32)
        x = region.x + 0.5 + np.arange(0, region.width, _GRID_PX, dtype=np.float32)
        y = region.y + 0.5 + np.arange(0, region.height, _GRID_PX, dtype=np.float32)
        inverse = 1.0 / balls[:, 2:]
        across = np.exp(-_STIFFNESS * ((x - balls[:, :1]) * inverse) ** 2)
        down = np.exp(_STIFFNESS - _STIFFNESS * ((y - balls[:, 1:2]) * inverse) ** 2)
        field = down.T @ across + np.float32(1e-9)
        radius = ((down * balls[:, 2:]).T @ across + np.float32(2e-8)) / field
        return np.asarray(
            radius * (np.log(field) - np.float32(_INFLATION)) * np.float32(0.5 / _STIFFNESS),
            np.float32,
        )

    def _light(self, seen: Posture, region: Region) -> NDArray[np.uint8]:
        rows = region.height // _GRID_PX
        y = region.y + _GRID_PX * np.arange(rows)
        top, bottom = float(seen[: base.CORE, 1].min()), float(seen[: base.CORE, 1].max())
        part = np.clip((bottom + 20.0 - y) / (bottom - top + 40.0), 0.0, 1.0)
        light = (self._fur.light_from_above * part).astype(np.uint8)
        return np.repeat(light[:, None], region.width // _GRID_PX, axis=1)
