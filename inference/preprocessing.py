"""The declared way from a camera picture to the rows of a network's input that can differ.

One implementation serves training and running; its parameters travel inside the model file.
Source: DeepEthoProfile `nn/DataReaderAV.py`, `nn/FrameSelect.py` (facts only);
`docs/design/preprocessing.md` derives every number.
"""

from functools import lru_cache
from typing import Final, Literal, Self, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from inference.crop import CropRectangle
from inference.error import VideoError

Gray: TypeAlias = NDArray[np.uint8]

_RIG_SIZE: Final = (704, 576)
_PAL_SIZE: Final = (720, 576)
_PAL_MARGIN: Final = 8  # ITU-R BT.601: 720 samples a line, the active picture is the middle 704


class Preprocessing(BaseModel):
    """What happens to a picture before the network sees it.

    1. The luma plane is expanded to full range (16..235 -> 0..255) unless it is full range.
    2. `region` is cut out (of a picture of another size: see `region_of`) and scaled to the
       region's size if it has another.
    3. Black rows above and below make it a square of `canvas_side`.
    4. The square is resized to `size`, linear without antialiasing.
    5. Levels `contrast_low`..`contrast_high` are stretched to 0..255.
    6. The network divides by `divisor`.

    A picture of `size` x `size` is cut, padded and resized already: only levels are changed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    region: CropRectangle = CropRectangle(left=0, top=90, width=704, height=350)
    canvas_side: int = 704
    size: int = 256
    interpolation: Literal["linear"] = "linear"
    contrast_low: int = Field(default=10, ge=0, le=255)
    contrast_high: int = Field(default=170, ge=0, le=255)
    divisor: int = 256
    frames_per_second: int = Field(default=25, gt=0)
    stack_length: int = Field(default=11, gt=0)

    @model_validator(mode="after")
    def _check_that_the_band_falls_on_whole_pixels(self) -> Self:
        if self.region.width != self.canvas_side or self.region.height > self.canvas_side:
            raise ValueError("the region must be as wide as the canvas and not higher")
        if (self.canvas_side - self.region.height) % 2:
            raise ValueError("the region cannot be centered on the canvas")
        first, last = self.band_rows
        if any(row * self.canvas_side % self.size for row in (first, last)):
            raise ValueError("the band does not fall on whole pixels of the canvas")
        if self.contrast_low >= self.contrast_high:
            raise ValueError("contrast_low must be below contrast_high")
        return self

    @property
    def band_rows(self) -> tuple[int, int]:
        """First row and end row of the network's input that are not constantly black."""
        margin = (self.canvas_side - self.region.height) // 2
        first = margin * self.size // self.canvas_side
        return first, self.size - first

    @property
    def band_shape(self) -> tuple[int, int]:
        """Height and width of the band."""
        first, last = self.band_rows
        return last - first, self.size

    @property
    def stack_shape(self) -> tuple[int, int, int]:
        """Frames (oldest first), height and width of the band of one stack."""
        return self.stack_length, *self.band_shape


class Preprocessor:
    """Turn luma planes into bands; holds only tables and may be shared between threads."""

    def __init__(self, spec: Preprocessing, crop: CropRectangle | None = None) -> None:
        self._spec = spec
        self._crop = crop
        self._contrast = contrast_table(spec.contrast_low, spec.contrast_high)

    def band(self, luma: Gray, *, full_range: bool) -> Gray:
        """Return the band (128, 256) of a luma plane (height, width), freshly allocated.

        Raises VideoError if the crop rectangle of the configuration leaves the picture.
        """
        spec = self._spec
        if self._crop is None and luma.shape == (spec.size, spec.size):
            first, last = spec.band_rows
            return self._levels(luma[first:last], full_range=full_range)
        region = self._crop or region_of(spec, luma.shape[1], luma.shape[0])
        if region.left + region.width > luma.shape[1] or region.top + region.height > luma.shape[0]:
            raise VideoError(
                f"crop {region.left},{region.top},{region.width},{region.height} leaves the "
                f"picture of {luma.shape[1]}x{luma.shape[0]}"
            )
        cut = luma[region.top :, region.left :][: region.height, : region.width]
        if (region.width, region.height) != (spec.region.width, spec.region.height):
            cut = _fit(cut, spec.region.width, spec.region.height, full_range=full_range)
        if not full_range:
            cut = _lookup(cut, full_range_table())
        return _lookup(self._squeeze(cut), self._contrast)

    def _levels(self, rows: Gray, *, full_range: bool) -> Gray:
        """Return rows of a picture that has the network's size already, as the original did."""
        if not full_range:
            rows = _lookup(rows, full_range_table())
        return _lookup(rows, self._contrast)

    def _squeeze(self, cut: Gray) -> Gray:
        spec = self._spec
        first, last = (row * spec.canvas_side // spec.size for row in spec.band_rows)
        border = (last - first - spec.region.height) // 2
        padded = cv2.copyMakeBorder(cut, border, border, 0, 0, cv2.BORDER_CONSTANT, value=(0,))
        height, width = spec.band_shape
        return _gray(cv2.resize(padded, (width, height), interpolation=cv2.INTER_LINEAR))


def region_of(spec: Preprocessing, width: int, height: int) -> CropRectangle:
    """Return the part of a picture of this size that is shown to the network.

    The rig's own size: the declared region. A PAL line of 720: the same, of the active 704.
    Every other size, portrait too: the whole picture, to be fitted with its aspect kept.
    """
    region = spec.region
    if (width, height) == _RIG_SIZE:
        return region
    if (width, height) == _PAL_SIZE:
        return region.model_copy(update={"left": region.left + _PAL_MARGIN})
    return CropRectangle(left=0, top=0, width=width, height=height)


@lru_cache(maxsize=1)
def full_range_table() -> Gray:
    """Return the table (256,) that expands luma 16..235 to 0..255, as libswscale rounds it."""
    levels = np.arange(256)
    return np.clip(np.floor((levels - 16) * 255 / 219 + 0.5), 0, 255).astype(np.uint8)


def contrast_table(low: int, high: int) -> Gray:
    """Return the table (256,) that stretches low..high to 0..255, truncating as NumPy does."""
    table = np.zeros(256, np.uint8)
    table[low : high + 1] = np.linspace(0, 255, high - low + 1).astype(np.uint8)
    table[high + 1 :] = 255
    return table


def _fit(cut: Gray, width: int, height: int, *, full_range: bool) -> Gray:
    """Scale a picture into width x height, aspect kept, centered on black."""
    scale = min(width / cut.shape[1], height / cut.shape[0])
    inner = (max(1, round(cut.shape[1] * scale)), max(1, round(cut.shape[0] * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    fitted = np.full((height, width), 0 if full_range else 16, np.uint8)
    left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
    fitted[top : top + inner[1], left : left + inner[0]] = cv2.resize(
        cut, inner, interpolation=method
    )
    return fitted


def _lookup(picture: Gray, table: Gray) -> Gray:
    return _gray(cv2.LUT(picture, table))


def _gray(picture: NDArray[np.generic]) -> Gray:
    """Narrow OpenCV's loosely typed result."""
    return picture.astype(np.uint8, copy=False)
