"""How the scene becomes luma: the camera's place, its tone curve, its range."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from capture_hw.simulation.look import Look
from capture_hw.simulation.rig import HEIGHT, WIDTH

_LUMA_BLACK = 16.0
_LUMA_SPAN = 219.0
"""Limited range. Source: ITU-R BT.601-7, section 2.5.3."""


@dataclass(frozen=True, slots=True)
class Camera:
    """Maps scene coordinates (x, y) to picture pixels and scene levels to luma."""

    matrix: NDArray[np.float64]
    """Shape (2, 3): rotation and zoom, then shift."""
    zoom: float
    gamma: float
    panel: NDArray[np.float32]
    """Shape (HEIGHT, WIDTH): brightness of the backlight relative to the nominal one."""

    def luma(self, level: float) -> int:
        """Return the luma of a scene level 0..255 that the backlight's unevenness spares."""
        return int(self.luma_curve()[min(255, max(0, round(level)))])

    def luma_curve(self) -> NDArray[np.uint8]:
        """Return the luma of each scene level, shape (256,)."""
        levels = np.linspace(0.0, 1.0, 256) ** self.gamma
        return (_LUMA_BLACK + _LUMA_SPAN * levels + 0.5).astype(np.uint8)

    def shoot(self, scene: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Return the luma of scene levels 0..255 of shape (HEIGHT, WIDTH) as lit by the panel."""
        levels = np.clip(scene * self.panel, 0.0, 255.0)
        return np.asarray(self.luma_curve()[(levels + 0.5).astype(np.uint8)], np.uint8)


def place_camera(look: Look) -> Camera:
    """Return the camera of a cage."""
    center_x, center_y = WIDTH / 2.0, 335.0
    angle = math.radians(look.camera_degrees)
    cos, sin = look.camera_zoom * math.cos(angle), look.camera_zoom * math.sin(angle)
    shift_x = center_x + look.camera_x - cos * center_x + sin * center_y
    shift_y = center_y + look.camera_y - sin * center_x - cos * center_y
    matrix = np.array([[cos, -sin, shift_x], [sin, cos, shift_y]])
    return Camera(matrix, look.camera_zoom, look.gamma, _panel(look))


def warp(plane: NDArray[np.float32], camera: Camera, scale: float) -> NDArray[np.float32]:
    """Return a scene plane drawn at `scale` pixels per scene pixel as the camera sees it."""
    matrix = camera.matrix.copy()
    matrix[:, :2] /= scale
    matrix[:, 2] += matrix[:, :2] @ np.full(2, (scale - 1.0) / -2.0)
    border = cv2.BORDER_REPLICATE
    seen = cv2.warpAffine(plane, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR, borderMode=border)
    return np.asarray(seen, np.float32)


def _panel(look: Look) -> NDArray[np.float32]:
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    across, down = x / (WIDTH / 2.0) - 1.0, (y - 265.0) / 180.0
    fall = look.vignette * (0.6 * across**2 + 0.4 * np.clip(down, -1.5, 1.5) ** 2)
    slope = look.panel_slope_x * across + look.panel_slope_y * np.clip(down, -1.5, 1.5)
    return np.asarray(look.panel_gain * (1.0 - fall + slope), np.float32)
