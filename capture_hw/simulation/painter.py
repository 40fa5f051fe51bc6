"""Paints a mouse into a picture."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from capture_hw.simulation import posture as base
from capture_hw.simulation.camera import Camera
from capture_hw.simulation.curve import curve_weights
from capture_hw.simulation.flesh import Flesh, Region
from capture_hw.simulation.fur import FUZZ_MIDDLE, TEXTURE_MIDDLE, Fur
from capture_hw.simulation.posture import Posture
from capture_hw.simulation.rig import HEIGHT, WIDTH

_SHIFT = 4
_ONE = 1 << _SHIFT
_MARGIN_PX = 10
_SOFT_STEPS = 26.0
"""Width of the outline's ramp in steps of the edge plane."""
_TAIL_SAMPLES = 14
_EAR_OPACITY = 170
_TAIL_OPACITY = 215
"""Thin skin lets some of the backlight through; 255 would let none."""

Plane = NDArray[np.uint8]


class Painter:
    """Paints one mouse; owns its brushes."""

    def __init__(self, camera: Camera, fur: Fur, soft: float) -> None:
        """Prepare brushes; `soft` widens the outline's ramp (1.0 is about one pixel)."""
        self._camera = camera
        self._fur = fur
        self._flesh = Flesh(fur)
        steps = np.arange(256) - 128.0 - FUZZ_MIDDLE
        ramp = 0.5 + steps / (_SOFT_STEPS * soft)
        self._outline = np.rint(255.0 * np.clip(ramp, 0.0, 1.0)).astype(np.uint8)
        self._tail_weights = curve_weights(5, _TAIL_SAMPLES)

    def paint(self, picture: Plane, visibility: Plane, posture: Posture) -> None:
        """Paint `posture` (scene coordinates) into `picture` where `visibility` lets it show."""
        seen = self._seen(posture)
        region = _region(seen)
        edge, fur = self._flesh.draw(seen, region)
        texture = self._texture(seen, region)
        body = np.asarray(
            cv2.LUT(cv2.add(edge, cv2.LUT(texture, self._fur.fuzz)), self._outline), np.uint8
        )
        coat = np.maximum(cv2.add(fur, texture), TEXTURE_MIDDLE) - np.uint8(TEXTURE_MIDDLE)
        behind = np.zeros_like(body)
        place = seen - (region.x, region.y, 0.0)
        paint = np.full_like(body, self._fur.leg)
        self._draw_tail(behind, paint, place)
        _draw_limbs(behind, place)
        cv2.copyTo(coat, body, paint)
        self._draw_ear(behind, paint, place, base.FAR_EAR)
        self._draw_ear(behind, paint, place, base.EAR)
        mask = np.asarray(cv2.max(body, behind), np.uint8)
        self._draw_paw(mask, paint, place[base.FORE_PAW], 2.5)
        self._draw_paw(mask, paint, place[base.HIND_PAW], 5.0)
        self._draw_eye(paint, place)
        window = np.s_[region.y : region.y + region.height, region.x : region.x + region.width]
        mask = np.asarray(cv2.multiply(mask, visibility[window], scale=1 / 255), np.uint8)
        under = cv2.multiply(picture[window], cv2.bitwise_not(mask), scale=1 / 255)
        picture[window] = cv2.add(under, cv2.multiply(paint, mask, scale=1 / 255))

    def _seen(self, posture: Posture) -> Posture:
        seen = np.empty_like(posture)
        seen[:, :2] = posture[:, :2] @ self._camera.matrix[:, :2].T + self._camera.matrix[:, 2]
        seen[:, 2] = posture[:, 2] * self._camera.zoom
        return seen

    def _texture(self, seen: Posture, region: Region) -> Plane:
        """Return the hair that moves and turns with the trunk."""
        trunk = seen[base.SHOULDER] - seen[base.HIP]
        length = max(1.0, math.hypot(trunk[0], trunk[1]))
        cos, sin = trunk[0] / length, trunk[1] / length
        x, y = seen[base.LOIN, 0] - region.x, seen[base.LOIN, 1] - region.y
        middle = 256.0
        matrix = np.array(
            [[cos, sin, middle - cos * x - sin * y], [-sin, cos, middle + sin * x - cos * y]]
        )
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        size = (region.width, region.height)
        return np.asarray(
            cv2.warpAffine(
                self._fur.texture, matrix, size, flags=flags, borderMode=cv2.BORDER_WRAP
            ),
            np.uint8,
        )

    def _draw_tail(self, mask: Plane, paint: Plane, place: Posture) -> None:
        points = np.vstack((place[base.RUMP], place[base.TAIL : base.EAR]))
        points[0, 2] = points[1, 2] * 1.3
        curve = self._tail_weights @ points
        along = np.gradient(curve[:, :2], axis=0)
        along /= np.maximum(1e-6, np.hypot(along[:, 0], along[:, 1]))[:, None]
        side = np.stack((-along[:, 1], along[:, 0]), axis=1) * curve[:, 2:]
        outline = np.vstack((curve[:, :2] + side, (curve[:, :2] - side)[::-1]))
        cv2.fillPoly(mask, [_fixed(outline)], _TAIL_OPACITY, cv2.LINE_AA, _SHIFT)
        wider = np.vstack((curve[:, :2] + 2.0 * side, (curve[:, :2] - 2.0 * side)[::-1]))
        cv2.fillPoly(paint, [_fixed(wider)], self._fur.tail, cv2.LINE_AA, _SHIFT)

    def _draw_paw(self, mask: Plane, paint: Plane, paw: NDArray[np.float64], length: float) -> None:
        center, axes = _fixed_point(paw[0], paw[1]), (round(length * _ONE), round(2.6 * _ONE))
        _draw_ellipse(mask, center, axes, 0.0, 255)
        _draw_ellipse(paint, center, (axes[0] + _ONE, axes[1] + _ONE), 0.0, self._fur.paw)

    def _draw_ear(self, mask: Plane, paint: Plane, place: Posture, row: int) -> None:
        x, y, radius = place[row]
        head = place[base.HEAD]
        angle = math.degrees(math.atan2(y - head[1], x - head[0]))
        center = _fixed_point(x, y)
        axes = (round(radius * _ONE), round(0.74 * radius * _ONE))
        rim = self._fur.ear_rim
        wider = (axes[0] + _ONE, axes[1] + _ONE)
        _draw_ellipse(mask, center, axes, angle, _EAR_OPACITY)
        _draw_ellipse(paint, center, wider, angle, rim)
        if row == base.EAR:
            inner = (round(axes[0] * 0.75), round(axes[1] * 0.7))
            _draw_ellipse(paint, center, inner, angle, self._fur.ear)

    def _draw_eye(self, paint: Plane, place: Posture) -> None:
        head, muzzle, ear = place[base.HEAD], place[base.MUZZLE], place[base.EAR]
        x = head[0] + 0.55 * (muzzle[0] - head[0]) + 0.16 * (ear[0] - head[0])
        y = head[1] + 0.55 * (muzzle[1] - head[1]) + 0.16 * (ear[1] - head[1])
        radius = round(self._fur.eye_px * _ONE)
        cv2.circle(paint, _fixed_point(x, y), radius, self._fur.eye, -1, cv2.LINE_AA, _SHIFT)


def _region(seen: Posture) -> Region:
    """Return the even-sized part of the picture that can change."""
    reach = seen[:, 2] * 1.3 + _MARGIN_PX
    left = max(0, 2 * int((seen[:, 0] - reach).min() / 2.0))
    top = max(0, 2 * int((seen[:, 1] - reach).min() / 2.0))
    right = min(WIDTH, 2 * math.ceil((seen[:, 0] + reach).max() / 2.0))
    bottom = min(HEIGHT, 2 * math.ceil((seen[:, 1] + reach).max() / 2.0))
    return Region(left, top, right - left, bottom - top)


def _draw_ellipse(
    plane: Plane, center: tuple[int, int], axes: tuple[int, int], degrees: float, level: int
) -> None:
    cv2.ellipse(plane, center, axes, degrees, 0.0, 360.0, level, -1, cv2.LINE_AA, _SHIFT)


def _draw_limbs(mask: Plane, place: Posture) -> None:
    limbs = (
        (base.CHEST, base.FAR_FORE_PAW, 7.0),
        (base.THIGH, base.FAR_HIND_PAW, 7.0),
        (base.SHOULDER, base.FORE_PAW, 8.0),
        (base.THIGH, base.HIND_PAW, 10.0),
    )
    for root, paw, half_px in limbs:
        _draw_limb(mask, place[root], place[paw], half_px)


def _draw_limb(
    plane: Plane, root: NDArray[np.float64], paw: NDArray[np.float64], half_px: float
) -> None:
    """Draw a leg that tapers from `half_px` at the root to the paw's radius."""
    x, y = paw[0] - root[0], paw[1] - root[1]
    length = max(1e-6, math.hypot(x, y))
    side_x, side_y = -y / length, x / length
    thin = min(half_px, paw[2])
    corners = (
        (root[0] + half_px * side_x, root[1] + half_px * side_y),
        (paw[0] + thin * side_x, paw[1] + thin * side_y),
        (paw[0] - thin * side_x, paw[1] - thin * side_y),
        (root[0] - half_px * side_x, root[1] - half_px * side_y),
    )
    cv2.fillConvexPoly(plane, _fixed(np.array(corners)), 255, cv2.LINE_AA, _SHIFT)


def _fixed(points: NDArray[np.float64]) -> NDArray[np.int32]:
    return np.rint(points * _ONE).astype(np.int32)


def _fixed_point(x: float, y: float) -> tuple[int, int]:
    return round(x * _ONE), round(y * _ONE)
