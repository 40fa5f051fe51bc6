"""Levels and texture of a mouse's fur."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from capture_hw.simulation.camera import Camera
from capture_hw.simulation.look import Look

TEXTURE_SIZE = 512
DEPTH_STEPS_PER_PX = 5.0
"""Resolution of the table of levels over the depth below the outline."""
TEXTURE_MIDDLE = 24
FUZZ_MIDDLE = 32
_FUZZ_STEPS = 7.5
"""Deviation of the outline in steps of the edge plane."""


@dataclass(frozen=True, slots=True)
class Fur:
    """Luma of everything on a mouse; lumas are minus 16 like the picture they are painted on."""

    shade: NDArray[np.uint8]
    """Luma of the fur by depth below the outline, shape (256,)."""
    texture: NDArray[np.uint8]
    """Deviation of the fur from its shade plus TEXTURE_MIDDLE, shape (512, 512)."""
    fuzz: NDArray[np.uint8]
    """Turns the texture's value into a shift of the outline plus FUZZ_MIDDLE, shape (256,)."""
    ear: int
    ear_rim: int
    leg: int
    paw: int
    tail: int
    eye: int
    eye_px: float
    light_from_above: float
    """Luma by which the back is lighter than the belly."""


def grow_fur(seed: int, look: Look, camera: Camera) -> Fur:
    """Return the fur of a cage's mouse."""
    black = look.fur == "black"
    depth = np.arange(256) / DEPTH_STEPS_PER_PX
    if black:
        level = 16.0 + 26.0 * np.exp(-depth / 1.2) + 2.5 * np.exp(-((depth - 9.0) ** 2) / 60.0)
    else:
        level = 76.0 + 28.0 * np.exp(-depth / 3.0) + 25.0 * np.exp(-depth / 11.0)
        level *= min(1.0, look.panel_gain)
    curve = camera.luma_curve().astype(np.float64)
    luma = np.interp(level + look.fur_shift * (0.7 if black else 1.6), np.arange(256), curve)

    def drawn(level_black: float, level_white: float) -> int:
        shift = look.fur_shift * (1.0 if black else 1.6)
        return camera.luma((level_black if black else level_white) + shift) - 16

    shade = np.clip(np.rint(luma) - 16.0, 0, 255).astype(np.uint8)
    amplitude = 1.1 if black else 1.9
    fuzz = FUZZ_MIDDLE + (np.arange(256) - TEXTURE_MIDDLE) * (_FUZZ_STEPS / amplitude / 1.5)
    return Fur(
        shade=shade,
        texture=_texture(seed, amplitude),
        fuzz=np.clip(np.rint(fuzz), 0, 2 * FUZZ_MIDDLE).astype(np.uint8),
        ear=drawn(46, 110),
        ear_rim=drawn(34, 94),
        leg=drawn(18, 104),
        paw=drawn(66, 124),
        tail=drawn(62, 116),
        eye=drawn(36, 66),
        eye_px=1.2 if black else 2.0,
        light_from_above=3.0 if black else 14.0,
    )


def _texture(seed: int, amplitude: float) -> NDArray[np.uint8]:
    """Return hair that runs along x: long-grained noise with coarse patches, tiling."""
    random = np.random.default_rng([seed, 8])
    total = np.zeros((TEXTURE_SIZE, TEXTURE_SIZE))
    for along, across, part in ((1.8, 0.9, 1.0), (7.0, 2.5, 0.8), (30.0, 18.0, 0.8)):
        noise = random.standard_normal((TEXTURE_SIZE, TEXTURE_SIZE), dtype=np.float32)
        tiled = cv2.copyMakeBorder(noise, 96, 96, 96, 96, cv2.BORDER_WRAP)
        grain = cv2.GaussianBlur(tiled, (0, 0), along, sigmaY=across)[96:-96, 96:-96]
        total += part * grain / float(grain.std())
    return np.clip(np.rint(TEXTURE_MIDDLE + amplitude * total), 0, 48).astype(np.uint8)
