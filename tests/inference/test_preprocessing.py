"""The preprocessing is the original's, level by level."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydantic import ValidationError

from inference.crop import CropRectangle
from inference.error import VideoError
from inference.preprocessing import (
    Preprocessing,
    Preprocessor,
    contrast_table,
    full_range_table,
    region_of,
)

Picture = NDArray[np.uint8]


def the_original_way(luma: Picture) -> Picture:
    """Rewrite section 2 of the reference plainly: the whole square, floats where it has them."""
    gray = np.clip(np.rint((luma.astype(np.float64) - 16) * 255 / 219), 0, 255).astype(np.uint8)
    cut = gray[90:440]
    square = np.zeros((704, 704), np.uint8)
    square[177:527] = cut
    small = cv2.resize(square, (256, 256))
    stretched = np.clip((small.astype(np.float64) - 10) / 160 * 255, 0, 255)
    return stretched.astype(np.uint8)


def random_picture(seed: int) -> Picture:
    noise = np.random.default_rng(seed).integers(0, 256, (576, 704), dtype=np.uint8)
    return cv2.GaussianBlur(noise, (0, 0), 0.4 + seed % 7).astype(np.uint8)


@given(st.integers(0, 10_000))
def test_the_band_equals_the_original_preprocessing_on_every_pixel(seed: int) -> None:
    picture = random_picture(seed)
    band = Preprocessor(Preprocessing()).band(picture, full_range=False)
    assert np.array_equal(band, the_original_way(picture)[64:192])


@pytest.mark.parametrize(
    ("luma", "gray"), [(0, 0), (16, 0), (17, 1), (25, 10), (126, 128), (162, 170), (235, 255)]
)
def test_limited_luma_is_expanded_to_full_range(luma: int, gray: int) -> None:
    assert full_range_table()[luma] == gray


@pytest.mark.parametrize(
    ("gray", "level"),
    [(0, 0), (9, 0), (10, 0), (11, 1), (12, 3), (90, 127), (169, 253), (170, 255), (171, 255)],
)
def test_contrast_is_stretched_from_10_to_170_and_truncated(gray: int, level: int) -> None:
    assert contrast_table(10, 170)[gray] == level


def test_full_range_luma_is_not_expanded_again() -> None:
    limited = np.full((576, 704), 126, np.uint8)
    full = np.full((576, 704), 128, np.uint8)
    preprocessor = Preprocessor(Preprocessing())
    assert np.array_equal(
        preprocessor.band(limited, full_range=False), preprocessor.band(full, full_range=True)
    )


def test_a_pal_line_of_720_is_judged_by_its_active_704() -> None:
    picture = random_picture(3)
    wide = np.zeros((576, 720), np.uint8)
    wide[:, 8:712] = picture
    preprocessor = Preprocessor(Preprocessing())
    assert np.array_equal(
        preprocessor.band(wide, full_range=False), preprocessor.band(picture, full_range=False)
    )


@pytest.mark.parametrize("size", [(320, 240), (1280, 1024), (576, 704), (1, 1), (2000, 16)])
def test_another_size_is_fitted_whole_and_centered(size: tuple[int, int]) -> None:
    width, height = size
    band = Preprocessor(Preprocessing()).band(
        np.full((height, width), 255, np.uint8), full_range=True
    )
    lit = np.argwhere(band == 255)
    (top, left), (bottom, right) = lit.min(axis=0), lit.max(axis=0)
    assert abs((left + right) - 255) <= 2
    assert abs((top + bottom) - 127) <= 2
    shown = (right - left + 1) / (bottom - top + 1)
    if 0.1 < width / height < 10:
        assert shown == pytest.approx(width / height, rel=0.06)


def test_a_crop_of_the_configuration_shows_that_part_only() -> None:
    picture = np.zeros((1000, 1500), np.uint8)
    picture[300:650, 100:804] = random_picture(5)[90:440]
    crop = CropRectangle(left=100, top=300, width=704, height=350)
    assert np.array_equal(
        Preprocessor(Preprocessing(), crop).band(picture, full_range=False),
        Preprocessor(Preprocessing()).band(random_picture(5), full_range=False),
    )


def test_a_crop_outside_the_picture_is_refused_with_both_sizes() -> None:
    crop = CropRectangle(left=100, top=0, width=700, height=100)
    with pytest.raises(VideoError, match=r"crop 100,0,700,100 leaves the picture of 704x576"):
        Preprocessor(Preprocessing(), crop).band(np.zeros((576, 704), np.uint8), full_range=True)


def test_the_specification_survives_its_json() -> None:
    spec = Preprocessing()
    assert Preprocessing.model_validate_json(spec.model_dump_json()) == spec


def test_a_specification_whose_band_falls_between_pixels_is_refused() -> None:
    with pytest.raises(ValidationError, match="whole pixels"):
        Preprocessing(region=CropRectangle(left=0, top=90, width=704, height=352), size=250)


def test_the_region_of_the_rig_is_rows_90_to_440() -> None:
    assert region_of(Preprocessing(), 704, 576) == CropRectangle(
        left=0, top=90, width=704, height=350
    )
