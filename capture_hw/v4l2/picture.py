"""From a buffer's bytes to pictures: limited-range luma, or access units."""

from dataclasses import dataclass
from typing import Final, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from capture_hw.driver.limited_luma import from_full_range
from capture_hw.error import PictureDamaged

PixelFormatName: TypeAlias = Literal["GREY", "NV12", "YUYV", "MJPEG", "H264"]
_QUANTIZATION_DEFAULT, _QUANTIZATION_FULL_RANGE = 0, 1
_COLORSPACE_JPEG, _COLORSPACE_RAW = 7, 11
"""Source: videodev2.h, enum v4l2_quantization and enum v4l2_colorspace."""


@dataclass(frozen=True, slots=True)
class PictureLayout:
    """How pictures lie in buffers, as the driver has set it."""

    pixel_format: PixelFormatName
    width: int
    height: int
    stride_bytes: int
    """From one row to the next; of no meaning for compressed pictures."""
    is_full_range: bool
    """Black is 0 and white is 255; of no meaning for compressed pictures, which say it themselves.
    """


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture, owned; its content is as `capture_hw.camera.CameraFormat` says."""

    content: NDArray[np.uint8] | bytes
    is_key: bool


class PictureReader(Protocol):
    """Makes pictures of buffers, one after the other; one thread at a time."""

    def read(self, content: memoryview, *, is_key: bool) -> Picture | None:
        """Return a buffer's picture; None if it was not meant to hold one.

        `content` is borrowed; `is_key` is what the driver says. Raises PictureDamaged.
        """


def picture_reader(layout: PictureLayout) -> PictureReader:
    """Return what reads pictures of this layout."""
    # Lazy imports: raw pictures need nothing of FFmpeg.
    if layout.pixel_format == "H264":
        from capture_hw.v4l2.coded_picture import CodedPictures

        return CodedPictures()
    if layout.pixel_format == "MJPEG":
        from capture_hw.v4l2.jpeg_picture import JpegPictures

        return JpegPictures(layout.width, layout.height)
    return RawPictures(layout)


class RawPictures:
    """Copies the luma out of GREY, NV12 and YUYV.

    Source: Linux media documentation, "Image Formats": GREY and the first plane of NV12 are luma,
    in YUYV every second byte is. Interlaced pictures come woven and stay so; an odd width or height
    loses its last column or row.
    """

    def __init__(self, layout: PictureLayout) -> None:
        self._layout: Final = layout
        self._row_bytes: Final = layout.width * (2 if layout.pixel_format == "YUYV" else 1)
        self._stride: Final = max(layout.stride_bytes, self._row_bytes)
        self._needed: Final = self._needed_bytes()

    def read(self, content: memoryview, *, is_key: bool) -> Picture | None:  # noqa: ARG002
        """Return the buffer's luma."""
        if len(content) < self._needed:
            raise PictureDamaged(f"{len(content)} bytes, and the picture needs {self._needed}")
        luma = self._luma(content)
        if self._layout.is_full_range:
            luma = from_full_range(luma)
        return Picture(luma, is_key=True)

    def _needed_bytes(self) -> int:
        """Return how many bytes a whole picture has, without padding behind its last row."""
        luma = self._stride * (self._layout.height - 1) + self._row_bytes
        if self._layout.pixel_format != "NV12":
            return luma
        rows_of_color = (self._layout.height + 1) // 2
        return luma + self._stride * rows_of_color

    def _luma(self, content: memoryview) -> NDArray[np.uint8]:
        """Return a new array (height, width) of the levels as they are."""
        size = self._layout.height & ~1, self._layout.width & ~1
        if self._layout.pixel_format != "YUYV":
            shape = np.ndarray(size, np.uint8, content, strides=(self._stride, 1))
            return shape.copy()
        # The low byte of each pair. Seven times as fast as taking every second byte, as measured;
        # an odd stride is as good, because x86 and Arm read unaligned words.
        pairs = np.ndarray(size, np.dtype("<u2"), content, strides=(self._stride, 2))
        return pairs.astype(np.uint8)


def is_full_range(pixel_format: str, quantization: int, colorspace: int) -> bool:
    """Say whether luma is full range; without a word on it gray, JPEG and raw sensors are.

    Source: videodev2.h, V4L2_MAP_QUANTIZATION_DEFAULT, which the kernel's own test pattern
    generator (v4l2-tpg-core.c) and v4l2-ctl apply to gray as to RGB; and "Colorspaces",
    V4L2_COLORSPACE_RAW, whose levels are a sensor's. Wrongly taken for full range, limited levels
    lose a seventh of their contrast; nothing is clipped either way.
    """
    if quantization == _QUANTIZATION_DEFAULT:
        return pixel_format == "GREY" or colorspace in (_COLORSPACE_JPEG, _COLORSPACE_RAW)
    return quantization == _QUANTIZATION_FULL_RANGE
