"""Paper bedding: thousands of crumbs, higher and lower where the mouse has pushed them."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from capture_hw.simulation.camera import Camera
from capture_hw.simulation.look import Look
from capture_hw.simulation.rig import FLOOR_Y, HEIGHT, WIDTH

_TOP, _BOTTOM = 330, 466
"""Scene rows that bedding can cover."""
_DRAW_SCALE = 2
_BACK_CRUMBS, _FRONT_CRUMBS = 2300, 800
_BACK_Y, _MIDDLE_Y, _FRONT_Y = 390.0, 430.0, 446.0
_IN_FRONT_Y = 419.0
"""Crumbs lying lower than this are nearer to the camera than the mouse."""
_LEVEL_Y = (386.0, 393.0, 403.0, 413.0, 421.0, 429.0, 437.0, 447.0)
_LEVELS = (182.0, 162.0, 140.0, 122.0, 104.0, 76.0, 47.0, 40.0)
_LEVEL_SPREAD = (26.0, 22.0, 15.0, 13.0, 13.0, 14.0, 9.0, 5.0)
"""Measured on Figure 2 of the paper: mean and deviation of the level over the height."""


@dataclass(frozen=True, slots=True)
class Bedding:
    """Crumbs on a flat floor with the maps that raise and lower them."""

    texture: NDArray[np.uint8]
    """Shape (rows, WIDTH, 3): luma, opacity, opacity of what lies in front of the mouse."""
    scene_x: NDArray[np.float32]
    scene_y: NDArray[np.float32]
    """Scene coordinates of the picture's pixels in `rows`, shape (rows, WIDTH)."""
    rows: slice
    column: NDArray[np.intp]
    """Scene column at the middle of each picture column, shape (WIDTH,)."""


def draw_bedding(seed: int, look: Look, camera: Camera) -> Bedding:
    """Draw a cage's bedding as it lies when flat."""
    random = np.random.default_rng([seed, 4])
    level, opacity = _ground_layer(look)
    in_front = np.zeros_like(level)
    for corners, y, shade in _crumbs(look, random):
        fixed = [np.rint(corners * (16 * _DRAW_SCALE)).astype(np.int32)]
        cv2.fillPoly(level, fixed, shade, cv2.LINE_AA, 4)
        cv2.fillPoly(opacity, fixed, 255, cv2.LINE_AA, 4)
        if y > _IN_FRONT_Y:
            cv2.fillPoly(in_front, fixed, 255, cv2.LINE_AA, 4)
    size = (WIDTH, _BOTTOM - _TOP)
    planes = [
        cv2.GaussianBlur(
            cv2.resize(plane, size, interpolation=cv2.INTER_AREA), (0, 0), look.blur_px
        )
        for plane in (level, opacity, in_front)
    ]
    rows = slice(_TOP - 8, min(HEIGHT, _BOTTOM + 8))
    lit = planes[0].astype(np.float32) * camera.panel[_TOP:_BOTTOM]
    planes[0] = camera.luma_curve()[np.clip(lit + 0.5, 0, 255).astype(np.uint8)]
    scene_x, scene_y = _scene_coordinates(camera, rows)
    column = np.clip(np.rint(scene_x[len(scene_x) // 2]), 0, WIDTH - 1).astype(np.intp)
    return Bedding(np.dstack(planes), scene_x, scene_y, rows, column)


def lay_bedding(
    bedding: Bedding,
    height_px: NDArray[np.float64],
    picture: NDArray[np.uint8],
    visibility: NDArray[np.uint8],
) -> None:
    """Lay the bedding, raised by `height_px` (shape (WIDTH,)), into picture and visibility."""
    nominal = FLOOR_Y - _BACK_Y
    squeeze = (nominal / (nominal + height_px[bedding.column])).astype(np.float32)
    source_y = (FLOOR_Y - _TOP) - (FLOOR_Y - bedding.scene_y) * squeeze
    laid = cv2.remap(bedding.texture, bedding.scene_x, source_y, cv2.INTER_LINEAR)
    level, opacity, in_front = cv2.split(laid)
    band = picture[bedding.rows]
    rest = cv2.multiply(band, cv2.bitwise_not(opacity), scale=1 / 255)
    cv2.add(rest, cv2.multiply(level, opacity, scale=1 / 255), dst=band)
    seen = visibility[bedding.rows]
    cv2.multiply(seen, cv2.bitwise_not(in_front), dst=seen, scale=1 / 255)


def _scene_coordinates(
    camera: Camera, rows: slice
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    y, x = np.mgrid[rows, 0:WIDTH].astype(np.float64)
    inverse = np.asarray(cv2.invertAffineTransform(camera.matrix), np.float64)
    scene = [row[0] * x + row[1] * y + row[2] for row in inverse]
    return scene[0].astype(np.float32), scene[1].astype(np.float32)


def _ground_layer(look: Look) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return (level, opacity) of the closed layer below the loose crumbs."""
    height, width = (_BOTTOM - _TOP) * _DRAW_SCALE, WIDTH * _DRAW_SCALE
    y = _TOP + np.arange(height) / _DRAW_SCALE
    mean = np.clip(np.interp(y, _LEVEL_Y, _LEVELS) * look.bedding_gain, 0.0, 235.0)
    level = np.repeat(mean.astype(np.uint8)[:, None], width, axis=1)
    opacity = np.zeros_like(level)
    outline = (
        (128, 400),
        (100, 412),
        (66, 422),
        (60, 430),
        (92, 447),
        (615, 447),
        (646, 432),
        (646, 422),
        (612, 412),
        (586, 400),
    )
    fixed = np.rint((np.array(outline) - (0.0, _TOP)) * (16 * _DRAW_SCALE)).astype(np.int32)
    cv2.fillPoly(opacity, [fixed], 255, cv2.LINE_AA, 4)
    return level, opacity


def _crumbs(
    look: Look, random: np.random.Generator
) -> list[tuple[NDArray[np.float64], float, int]]:
    """Return corners (within the texture), scene y and shade of every crumb, far ones first."""
    count = _BACK_CRUMBS + _FRONT_CRUMBS
    y = np.sort(_BACK_Y + (_MIDDLE_Y - _BACK_Y) * random.random(_BACK_CRUMBS))
    top = _BACK_CRUMBS // 9
    y[:top] -= 9.0 * random.random(top) ** 2
    near_y = np.sort(_FRONT_Y - (_FRONT_Y - 416.0) * random.random(_FRONT_CRUMBS) ** 1.5)
    y = np.concatenate((y, near_y))
    nearness = np.clip((y - _BACK_Y) / (_IN_FRONT_Y - _BACK_Y), 0.0, 1.0)
    sag = np.clip((y - 436.0) / 12.0, 0.0, 1.0)
    left = 118.0 - 62.0 * nearness**1.4 + 34.0 * sag
    right = 596.0 + 58.0 * nearness**1.4 - 36.0 * sag
    x = left + (right - left) * random.random(count)
    shade = np.interp(y, _LEVEL_Y, _LEVELS) * look.bedding_gain
    shade += np.interp(y, _LEVEL_Y, _LEVEL_SPREAD) * random.standard_normal(count)
    shade[_BACK_CRUMBS:] *= 0.80
    size = look.crumb_px * (0.55 + 0.5 * random.random(count)) * (0.8 + 0.3 * nearness)
    crumbs = []
    for index in range(count):
        corners = _corners(float(size[index]), random)
        corners += (x[index], y[index] - _TOP)
        crumbs.append((corners, float(y[index]), int(np.clip(shade[index], 22, 235))))
    return crumbs


def _corners(size: float, random: np.random.Generator) -> NDArray[np.float64]:
    """Return a crumpled square piece of paper about `size` wide around the origin."""
    turn = float(random.uniform(0.0, np.pi / 2))
    angles = turn + np.arange(4) * (np.pi / 2) + random.uniform(-0.35, 0.35, 4)
    radius = size * random.uniform(0.45, 0.8, 4)
    return np.stack([radius * np.cos(angles), 0.9 * radius * np.sin(angles)], axis=1)
