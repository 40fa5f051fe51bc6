"""What stands still around a mouse, prepared to be found again in other pictures."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from capture_hw.picture_measure import Luma, Plane, scale_of, shrunk, squared_steps, steepness

_COARSER: Final = 2
"""Moves are looked for in a picture half as wide as the one whose steps are measured."""
_AROUND_PX: Final = 7
"""Half the window of the local mean: takes slow changes of light out."""
_TILE_PX: Final = 16
_LEAST_STRUCTURE: Final = 3.0
"""Levels: a tile of a bare wall looks like any other."""
_STILL_PART: Final = 0.5
_EDGE_PART: Final = 0.05
_LEAST_EDGE: Final = 16.0
"""Squared levels; less may be noise."""
_BORDER_PX: Final = 8
_LONGEST_SHIFT: Final = 0.25
"""Of width and height: more in common is needed to believe in a move."""
_CLEARLY_BETTER: Final = 0.08
"""Mean correlation that a move must explain, or there was none."""
_UNLIKE_TILES: Final = 0.4
"""Quantile of the tiles' correlations: a cage that was changed, with a nest over a fifth of the
picture, has 0.18 to 0.3 of its tiles unlike; a cover over half of the picture 0.45 to 0.55."""
_NEAR_PX: Final = range(-2, 3)
"""Around an estimated shift: where the still edges are looked for."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How the surroundings in a picture differ from those of the reference."""

    shift_px: float
    """Found in steps of about 4 px in a picture of 704 px; less than 4 counts as none."""
    likeness: float
    """Correlation that three of five tiles with structure reach, -1 to 1, the shift undone.

    What changes within the cage, or hides less, does not lower it much.
    """
    focus: float
    """Steepness of the still edges; 1.0 is the reference's."""


class Surroundings:
    """The still parts of a picture. Immutable, for any thread."""

    def __init__(self, picture: Luma, still: NDArray[np.bool_]) -> None:
        """Prepare; shapes (height, width). Raises ValueError if nothing stands out."""
        self._shape: Final = picture.shape
        self._scale: Final = scale_of(picture.shape[1])
        plane = shrunk(picture, self._scale)
        edges = _still_edges(plane, shrunk(still, self._scale))
        self._edges: Final = np.nonzero(edges)
        self._steepness: Final = steepness(plane, edges)
        small = _without_slow_light(shrunk(plane, _COARSER))
        weights = shrunk(still, self._scale * _COARSER)[: small.shape[0], : small.shape[1]]
        self._grid: Final = _Grid(small, weights)
        self._spectrum: Final = np.conj(_whitened(small * weights))
        if not self._grid.tiles.any() or self._steepness <= 0.0:
            raise ValueError("nothing in the picture stands still and stands out")

    @property
    def step_px(self) -> int:
        """Return in which steps a shift is found."""
        return self._scale * _COARSER

    def compare(self, luma: Luma) -> Comparison:
        """Return how a picture of the same shape differs. Raises ValueError for another shape."""
        if luma.shape != self._shape:
            raise ValueError(f"a picture of shape {luma.shape}, not {self._shape}")
        plane = shrunk(luma, self._scale)
        small = _without_slow_light(shrunk(plane, _COARSER))
        down, across = self._shift(small)
        found = self._grid.correlations(small, 0, 0)
        moved = self._grid.correlations(small, down, across)
        if moved.size and moved.mean() >= found.mean() + _CLEARLY_BETTER:
            found = moved
        else:
            down = across = 0
        return Comparison(
            shift_px=self.step_px * float(np.hypot(down, across)),
            likeness=float(np.quantile(found, _UNLIKE_TILES)),
            focus=self._focus(plane, _COARSER * down, _COARSER * across),
        )

    def _shift(self, small: Plane) -> tuple[int, int]:
        """Return how far down and across the picture lies, by phase correlation.

        Source: Kuglin and Hines, Proc. IEEE Conf. Cybernetics and Society, 1975.
        """
        height, width = small.shape
        found = np.fft.irfft2(_whitened(small) * self._spectrum, s=small.shape)
        rows = np.abs(np.fft.fftfreq(height)) <= _LONGEST_SHIFT
        columns = np.abs(np.fft.fftfreq(width)) <= _LONGEST_SHIFT
        found = np.where(rows[:, None] & columns[None, :], found, -np.inf)
        row, column = divmod(int(np.argmax(found)), width)
        return _signed(row, height), _signed(column, width)

    def _focus(self, plane: Plane, down: int, across: int) -> float:
        """Return the steepness where the still edges are found best, against the reference's."""
        height, width = plane.shape
        fine, coarse = squared_steps(plane, 1), squared_steps(plane, 4)
        best, there = 0.0, 0.0
        for y in _NEAR_PX:
            for x in _NEAR_PX:
                place = (
                    np.clip(self._edges[0] + (down + y), 0, height - 1),
                    np.clip(self._edges[1] + (across + x), 0, width - 1),
                )
                steps = float(fine[place].sum())
                if steps > best:
                    best, there = steps, float(coarse[place].sum())
        return best / max(there, best, 1.0) / self._steepness


class _Grid:
    """The tiles that stand still and have something to be recognized by."""

    def __init__(self, small: Plane, weights: Plane) -> None:
        self._weights: Final = _tiled(weights)
        self._total: Final = self._weights.sum(axis=2)
        still = self._total >= _STILL_PART * _TILE_PX**2
        self._total[~still] = 1.0
        self._first: Final = self._centered(_tiled(small))
        self._power: Final = (self._weights * self._first**2).sum(axis=2)
        self.tiles: Final = still & (self._power >= _LEAST_STRUCTURE**2 * self._total)

    def correlations(self, small: Plane, down: int, across: int) -> Plane:
        """Return those of the tiles that are in sight after a shift, shape (tiles,), -1 to 1."""
        seen = _tiled(np.roll(small, (-down, -across), axis=(0, 1)))
        second = self._centered(seen)
        power = (self._weights * second**2).sum(axis=2)
        shared = (self._weights * self._first * second).sum(axis=2)
        found = shared / (np.sqrt(self._power * power) + self._total)
        in_sight = self.tiles & self._in_sight(down, across, small.shape)
        return np.asarray(found[in_sight], np.float32)

    def _centered(self, tiles: Plane) -> Plane:
        means = (self._weights * tiles).sum(axis=2) / self._total
        return np.asarray(tiles - means[:, :, None], np.float32)

    def _in_sight(self, down: int, across: int, shape: tuple[int, ...]) -> NDArray[np.bool_]:
        """Return the tiles that a shift does not move over the border, shape (rows, columns)."""
        rows, columns = self.tiles.shape
        top = np.arange(rows) * _TILE_PX + down
        left = np.arange(columns) * _TILE_PX + across
        inside_y = (top >= 0) & (top + _TILE_PX <= shape[0])
        inside_x = (left >= 0) & (left + _TILE_PX <= shape[1])
        return np.asarray(inside_y[:, None] & inside_x[None, :], np.bool_)


def _tiled(plane: Plane) -> Plane:
    """Return whole tiles, shape (rows, columns, pixels)."""
    rows, columns = plane.shape[0] // _TILE_PX, plane.shape[1] // _TILE_PX
    whole = plane[: rows * _TILE_PX, : columns * _TILE_PX]
    tiles = whole.reshape(rows, _TILE_PX, columns, _TILE_PX).swapaxes(1, 2)
    return tiles.reshape(rows, columns, _TILE_PX**2)


def _still_edges(plane: Plane, still: Plane) -> NDArray[np.bool_]:
    """Return the strongest steps that stand still, away from the border."""
    inner = np.zeros(plane.shape, np.bool_)
    inner[_BORDER_PX:-_BORDER_PX, _BORDER_PX:-_BORDER_PX] = True
    fine = np.where(inner & (still > 1.0 - 1e-3), squared_steps(plane, 1), 0.0)
    limit = max(float(np.quantile(fine, 1.0 - _EDGE_PART)), _LEAST_EDGE)
    return np.asarray(fine >= limit, np.bool_)


def _without_slow_light(small: Plane) -> Plane:
    """Subtract the local mean, taken from sums over windows."""
    window = 2 * _AROUND_PX + 1
    padded = np.pad(small, (_AROUND_PX + 1, _AROUND_PX), mode="edge").astype(np.float64)
    sums = padded.cumsum(axis=0).cumsum(axis=1)
    box = sums[window:, window:] - sums[:-window, window:]
    box += sums[:-window, :-window] - sums[window:, :-window]
    return np.asarray(small - box / window**2, np.float32)


def _whitened(small: Plane) -> NDArray[np.complex64]:
    """Return a spectrum of nearly equal amplitudes, of a picture that fades out at its border."""
    height, width = small.shape
    spectrum = np.fft.rfft2(small * np.hanning(height)[:, None] * np.hanning(width)[None, :])
    strength = np.abs(spectrum)
    return np.asarray(spectrum / (strength + max(float(strength.mean()), 1.0)), np.complex64)


def _signed(place: int, length: int) -> int:
    return place - length if place > length // 2 else place
