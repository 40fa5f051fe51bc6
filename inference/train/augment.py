"""Random changes of a stack that do not change its behavior."""

from dataclasses import dataclass
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from inference.preprocessing import Gray

_NOISE_SAMPLES: Final = 1 << 22
_NOISE_SCALE: Final = 32
"""Levels of the kept noise in one standard deviation: up to four of them fit on either side."""
_GRAY: Final = 128


class Augmentation(BaseModel):
    """Random changes of a stack; all its frames change alike."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    share: float = Field(default=1.0, ge=0, le=1)
    """Part of the stacks that are shifted; the others are not mirrored either."""
    shift_x: int = Field(default=0, ge=0)
    shift_y: int = Field(default=0, ge=0)
    """Largest, in pixels of the network's 256 x 256 input; either sign."""
    fill: Literal["black", "edge"] = "edge"
    """What a shift uncovers."""
    flip: float = Field(default=0.0, ge=0, le=1)
    """Part of those stacks that are mirrored left to right."""
    contrast: float = Field(default=0.0, ge=0)
    """Relative."""
    brightness: float = Field(default=0.0, ge=0)
    """Levels."""
    noise: float = Field(default=0.0, ge=0)
    """Standard deviation in levels."""


PAPER_AUGMENTATION: Final = Augmentation(share=0.9, shift_x=20, shift_y=80, fill="black", flip=0.2)
"""Source: paper, Training; the numbers are those of `nn/FrameSelect.py` (facts only)."""
OUR_AUGMENTATION: Final = Augmentation(shift_x=8, shift_y=4, contrast=0.2, brightness=16, noise=4)
"""Keeps hopper, spout and lid recognizable by their place.

There is no mirror image: food is on the left and water on the right, which tells eat from drink.
"""


@dataclass(frozen=True, slots=True)
class _Change:
    """What happens to one stack."""

    right: int
    down: int
    is_mirrored: bool
    gain: float
    brightness: float
    noise: float
    noise_begin: int


class Augmenter:
    """Apply an augmentation; immutable, so any thread may."""

    def __init__(self, limits: Augmentation, seed: int) -> None:
        self._limits = limits
        self._changes_light = limits.contrast > 0 or limits.brightness > 0 or limits.noise > 0
        self._noise = np.full(_NOISE_SAMPLES, _GRAY, np.uint8)
        if limits.noise > 0:
            # Drawing noise afresh would cost more than the rest of a minibatch's assembly.
            noise = np.random.default_rng(seed).standard_normal(_NOISE_SAMPLES, np.float32)
            self._noise = np.clip(np.rint(noise * _NOISE_SCALE + _GRAY), 0, 255).astype(np.uint8)

    def apply(self, bands: Gray, generator: np.random.Generator, out: Gray) -> None:
        """Write a changed copy of a stack (frames, height, width) into `out`.

        `out` is as large, or higher: then the band is shifted on a black picture in whose middle
        it lies, and only what leaves the picture is lost; the fill must be black. In an `out` of
        the band's own height, what is shifted over its edge is lost.
        """
        change = self._draw(generator, bands.size)
        if change.is_mirrored:
            bands = _gray(cv2.flip(_as_rows(bands), 1)).reshape(bands.shape)
        if self._limits.fill == "edge":
            _shift_edge(bands, change.right, change.down, out)
            if self._changes_light:
                self._change_light(out, change, out)
            return
        if self._changes_light:
            lit = np.empty_like(bands)
            self._change_light(bands, change, lit)
            bands = lit
        _shift_black(bands, change.right, change.down, out)

    def _draw(self, generator: np.random.Generator, size: int) -> _Change:
        limits = self._limits
        is_shifted = generator.random() < limits.share
        right, down = (
            int(generator.integers(0, most + 1)) * (1 if generator.random() < 0.5 else -1)
            for most in (limits.shift_x, limits.shift_y)
        )
        return _Change(
            right=right if is_shifted else 0,
            down=down if is_shifted else 0,
            is_mirrored=generator.random() < limits.flip and is_shifted,
            gain=1 + limits.contrast * generator.uniform(-1, 1),
            brightness=limits.brightness * generator.uniform(-1, 1),
            noise=limits.noise * generator.uniform(0, 1),
            noise_begin=int(generator.integers(0, _NOISE_SAMPLES - size)),
        )

    def _change_light(self, bands: Gray, change: _Change, out: Gray) -> None:
        noise = self._noise[change.noise_begin :][: bands.size].reshape(_as_rows(bands).shape)
        noise_gain = change.noise / _NOISE_SCALE
        offset = change.brightness + _GRAY * (1 - change.gain - noise_gain)
        # One pass over bytes: gain * bands + noise_gain * noise + offset, rounded, 0..255.
        cv2.addWeighted(_as_rows(bands), change.gain, noise, noise_gain, offset, _as_rows(out))


def _shift_edge(bands: Gray, right: int, down: int, out: Gray) -> None:
    """Copy bands, shifted; what that uncovers repeats the edge."""
    assert out.shape == bands.shape
    rows_from, rows_to = _overlap(bands.shape[1], bands.shape[1], down)
    columns_from, columns_to = _overlap(bands.shape[2], bands.shape[2], right)
    out[:, rows_to, columns_to] = bands[:, rows_from, columns_from]
    out[:, rows_to, : columns_to.start] = out[:, rows_to, columns_to.start, None]
    out[:, rows_to, columns_to.stop :] = out[:, rows_to, columns_to.stop - 1, None]
    out[:, : rows_to.start] = out[:, rows_to.start, None]
    out[:, rows_to.stop :] = out[:, rows_to.stop - 1, None]


def _shift_black(bands: Gray, right: int, down: int, out: Gray) -> None:
    """Copy bands to the middle of a black picture, shifted."""
    margin = (out.shape[1] - bands.shape[1]) // 2
    rows_from, rows_to = _overlap(bands.shape[1], out.shape[1], margin + down)
    columns_from, columns_to = _overlap(bands.shape[2], out.shape[2], right)
    out.fill(0)
    out[:, rows_to, columns_to] = bands[:, rows_from, columns_from]


def _overlap(length: int, room: int, shift: int) -> tuple[slice, slice]:
    """Return which of `length` pixels are seen, and where, when they begin at `shift`."""
    begin, end = max(0, shift), min(room, length + shift)
    return slice(begin - shift, end - shift), slice(begin, end)


def _as_rows(bands: Gray) -> Gray:
    """Return the frames (frames, height, width) as one high picture, the same memory."""
    return bands.reshape(-1, bands.shape[2])


def _gray(picture: NDArray[np.generic]) -> Gray:
    """Narrow OpenCV's loosely typed result."""
    return picture.astype(np.uint8, copy=False)
