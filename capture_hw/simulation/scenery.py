"""The picture of a cage without bedding and without its mouse."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from capture_hw.simulation.camera import Camera, warp
from capture_hw.simulation.canvas import SCALE, Canvas
from capture_hw.simulation.look import Look
from capture_hw.simulation.shell import draw_shell
from capture_hw.simulation.surrounding import draw_surrounding


@dataclass(frozen=True, slots=True)
class Scenery:
    """What stands still."""

    picture: NDArray[np.uint8]
    """Luma, shape (HEIGHT, WIDTH)."""
    visibility: NDArray[np.uint8]
    """0 where hopper or rail hide the mouse, 255 where they do not, shape (HEIGHT, WIDTH)."""


def draw_scenery(seed: int, look: Look, camera: Camera) -> Scenery:
    """Draw a cage's scenery."""
    random = np.random.default_rng([seed, 3])
    canvas, cover = Canvas(110.0), Canvas(0.0)
    draw_surrounding(canvas, look, random)
    draw_shell(canvas, cover, look, random)
    blur = look.blur_px * SCALE
    scene = np.asarray(cv2.GaussianBlur(canvas.plane, (0, 0), blur), np.float32)
    hidden = np.asarray(cv2.GaussianBlur(cover.plane, (0, 0), blur), np.float32)
    visible = 255.0 - 255.0 * np.clip(warp(hidden, camera, SCALE), 0.0, 1.0)
    return Scenery(camera.shoot(warp(scene, camera, SCALE)), (visible + 0.5).astype(np.uint8))
