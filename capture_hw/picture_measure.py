"""The figures of a picture: levels, sharpness, and what is new in it since the one before."""

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Luma: TypeAlias = NDArray[np.uint8]
"""Limited-range luma, shape (height, width), both at least 64."""
Plane: TypeAlias = NDArray[np.float32]

BRIGHT_LEVEL: Final = 230
"""Limited-range white is 235; a saturated sensor's picture is within 5 of it after encoding."""
DARK_LEVEL: Final = 32
"""Limited-range black is 16; the noise of a dark sensor without gain stays below twice that."""
_DIM_LUMA: Final = 45.0
"""Below it a picture may be nothing but the noise of a sensor whose gain was turned up."""
_BLOCK_PX: Final = 8
"""A mean over 8 x 8 pixels has an eighth of their noise."""
_STRONGEST_STEPS: Final = 0.99
"""Quantile of steps between blocks: a cage has more edges than one in a hundred."""
_LEAST_STEP, _STEP_OF_NOISE = 2.0, 0.6
"""Levels, and part of the noise's sigma. Measured, before and after encoding at crf 23 to 28: noise
of sigma 2 to 15 alone stays 1 level below both together, a tenth of a cage's light 1.6 above."""
_SIGMA_OF_STEP: Final = 0.886
"""Sigma of noise for a mean step of 1 between neighbors: half the root of pi."""
_TILES_Y, _TILES_X = 9, 11
_UNCHANGED: Final = 0.02
"""Squared levels: less differs by rounding of decoded samples."""
_WIDTH_PX: Final = 352
"""Steps are measured in a picture of about this width, whatever the camera's."""
_FINE_PX, _COARSE_PX = 1, 4
"""At that width an edge of a focused camera is about one pixel wide."""
_EDGE_PART: Final = 0.05
"""Of the picture; its strongest edges stand far above noise."""
_LEAST_EDGE: Final = 1.0
"""Squared levels; a picture without edges has no sharpness."""


@dataclass(frozen=True, slots=True)
class Measures:
    """What one picture says by itself."""

    mean_luma: float
    bright_part: float
    """Over-exposed, 0 to 1."""
    dark_part: float
    """Without light, 0 to 1; 1 for a dim picture in which nothing stands out of the noise."""
    sharpness: float
    """Steepness of the strongest edges, about 0.05 to 1; much the same in other light."""


@dataclass(frozen=True, slots=True)
class Novelty:
    """What a picture has that the one before has not."""

    change: float
    """Mean difference, in levels."""
    novelty: float
    """Of the place that has changed most: part of its fine detail that is new, 0 to 1.

    1: nothing in common, as sensor noise has it. 0: the same.
    """


def measure(luma: Luma) -> Measures:
    """Return the figures of a picture, which is borrowed; a few ms for 704x576."""
    levels = np.bincount(luma.ravel(), minlength=256)
    plane = shrunk(luma, scale_of(luma.shape[1]))
    fine = squared_steps(plane, _FINE_PX)
    strongest = round(_EDGE_PART * fine.size)
    limit = np.partition(fine, -strongest, axis=None)[-strongest]
    edges = fine >= max(float(limit), _LEAST_EDGE)
    mean_luma = float(levels @ np.arange(256)) / luma.size
    is_noise = mean_luma < _DIM_LUMA and not _stands_out(luma)
    return Measures(
        mean_luma=mean_luma,
        bright_part=float(levels[BRIGHT_LEVEL:].sum()) / luma.size,
        dark_part=1.0 if is_noise else float(levels[: DARK_LEVEL + 1].sum()) / luma.size,
        sharpness=steepness(plane, edges),
    )


def scale_of(width: int) -> int:
    """Return by how much pictures of a width are shrunk before steps in them are measured."""
    return max(1, round(width / _WIDTH_PX))


def steepness(plane: Plane, edges: NDArray[np.bool_]) -> float:
    """Return how much of the steps over four pixels happens within one, where `edges` are.

    Both change alike with gain and offset. `plane` and `edges` have the same shape.
    """
    coarse = float(squared_steps(plane, _COARSE_PX)[edges].sum())
    return 0.0 if coarse <= 0.0 else float(squared_steps(plane, _FINE_PX)[edges].sum()) / coarse


def squared_steps(plane: Plane, reach_px: int) -> Plane:
    """Return the squared difference across and down over `reach_px`, centered, same shape."""
    squared = np.zeros_like(plane)
    before, after = (reach_px + 1) // 2, reach_px // 2
    height, width = plane.shape
    across = plane[:, reach_px:] - plane[:, :-reach_px]
    squared[:, after : width - before] += across * across
    down = plane[reach_px:] - plane[:-reach_px]
    squared[after : height - before] += down * down
    return squared


def shrunk(luma: NDArray[np.generic], factor: int) -> Plane:
    """Return means of `factor` x `factor` pixels, without what is left at the edge."""
    height, width = luma.shape[0] // factor, luma.shape[1] // factor
    whole = luma[: height * factor, : width * factor]
    rows = np.add.reduce(whole.reshape(height, factor, -1), axis=1, dtype=np.float32)
    sums = np.add.reduce(rows.reshape(height, width, factor), axis=2)
    return np.asarray(sums / np.float32(factor * factor), np.float32)


def compare_with_before(before: Luma, luma: Luma) -> Novelty:
    """Return what is new in a picture since another of the same shape.

    Neither the level of the difference nor the number of equal pixels tells a frozen picture from
    a sleeping mouse: an encoder gives a picture that stands still more bits from key frame to key
    frame, so that it goes on changing for seconds, and takes the noise away from a live one. But
    the fine detail that it adds to a frozen picture is the same each time, while noise is new.
    """
    difference = luma.astype(np.int16) - before
    detail, detail_before = _fine_detail(luma), _fine_detail(before)
    new = _tile_means((detail - detail_before) ** 2)
    all_of_it = _tile_means(detail**2 + detail_before**2)
    share = np.where(new < _UNCHANGED, 0.0, new / np.maximum(all_of_it, _UNCHANGED))
    return Novelty(change=float(np.abs(difference).mean()), novelty=min(1.0, float(share.max())))


def _stands_out(luma: Luma) -> bool:
    """Return whether anything in a picture is more than noise."""
    blocks = shrunk(luma, _BLOCK_PX)
    down, across = np.abs(np.diff(blocks, axis=0)), np.abs(np.diff(blocks, axis=1))
    step = np.quantile(np.concatenate([down.ravel(), across.ravel()]), _STRONGEST_STEPS)
    sigma = _SIGMA_OF_STEP * np.abs(np.diff(luma.astype(np.int16), axis=1)).mean()
    return bool(step > _LEAST_STEP + _STEP_OF_NOISE * sigma)


def _fine_detail(luma: Luma) -> Plane:
    """Return a picture without what its four neighbors say of each pixel."""
    plane = luma.astype(np.float32)
    around = plane[:-2, 1:-1] + plane[2:, 1:-1] + plane[1:-1, :-2] + plane[1:-1, 2:]
    return np.asarray(plane[1:-1, 1:-1] - around * np.float32(0.25), np.float32)


def _tile_means(plane: Plane) -> NDArray[np.float64]:
    height, width = plane.shape[0] // _TILES_Y, plane.shape[1] // _TILES_X
    tiles = plane[: height * _TILES_Y, : width * _TILES_X]
    means = tiles.reshape(_TILES_Y, height, _TILES_X, width).mean(axis=(1, 3), dtype=np.float64)
    return np.asarray(means, np.float64)
