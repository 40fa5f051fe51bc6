"""A picture of the rig reaches the network as the original software showed it."""

import av
import cv2
import numpy as np
import pytest
from av.video.reformatter import ColorRange
from numpy.typing import NDArray

from inference.preprocessing import Preprocessing, Preprocessor, full_range_table

Picture = NDArray[np.uint8]


def _original(gray: Picture) -> Picture:
    """Rewrite the steps behind the decoder plainly, number by number, for 704 x 576."""
    square = np.zeros((704, 704), np.uint8)
    square[177 : 704 - 177] = gray[90:440]
    small = cv2.resize(square, (256, 256))
    table = [0] * 256
    for level in range(10, 171):
        table[level] = int((level - 10) * 255 / 160)
    for level in range(171, 256):
        table[level] = 255
    stretched: Picture = np.array(table, np.uint8)[small]
    return stretched


def _gray_of_swscale(pixel_format: str, color_range: ColorRange) -> Picture:
    """Let FFmpeg turn every luma value into gray as the original did, `to_ndarray("gray")`."""
    frame = av.VideoFrame(256, 16, pixel_format)
    for plane in frame.planes:
        np.frombuffer(memoryview(plane), np.uint8)[:] = 128
    luma = frame.planes[0]
    rows = np.frombuffer(memoryview(luma), np.uint8).reshape(-1, luma.line_size)
    rows[:, :256] = np.arange(256)
    frame.color_range = color_range
    gray = frame.to_ndarray(format="gray")
    return gray[0, :256].astype(np.uint8)


def test_limited_luma_becomes_the_gray_of_libswscale_on_every_value() -> None:
    found = _gray_of_swscale("yuv420p", ColorRange.MPEG)
    assert np.array_equal(full_range_table(), found)
    by_hand = [min(255, max(0, int((luma - 16) * 255 / 219 + 0.5))) for luma in range(256)]
    assert found.tolist() == by_hand


def test_full_range_luma_stays_what_it_is_on_every_value() -> None:
    assert _gray_of_swscale("yuvj420p", ColorRange.JPEG).tolist() == list(range(256))


@pytest.mark.parametrize("full_range", [False, True])
def test_every_luma_value_reaches_the_network_as_the_original_showed_it(full_range: bool) -> None:
    preprocessor = Preprocessor(Preprocessing())
    for luma in range(256):
        flat = np.full((576, 704), luma, np.uint8)
        gray = flat if full_range else full_range_table()[flat]
        band = preprocessor.band(flat, full_range=full_range)
        assert np.array_equal(band, _original(gray)[64:192]), luma


def test_the_window_of_contrast_is_luma_25_to_162() -> None:
    preprocessor = Preprocessor(Preprocessing())
    centers = [
        int(preprocessor.band(np.full((576, 704), luma, np.uint8), full_range=False)[64, 128])
        for luma in range(256)
    ]
    assert centers.index(max(centers)) == 162
    assert [centers[25], centers[26]] == [0, 3]


def test_every_pixel_of_the_picture_lands_where_the_original_put_it() -> None:
    columns, rows = np.meshgrid(np.arange(704), np.arange(576))
    preprocessor = Preprocessor(Preprocessing())
    for picture in (
        (columns * 255 // 703).astype(np.uint8),
        (rows * 255 // 575).astype(np.uint8),
        ((columns * 7 + rows * 13) % 256).astype(np.uint8),
        np.where((columns // 3 + rows // 5) % 2, 30, 150).astype(np.uint8),
    ):
        band = preprocessor.band(picture, full_range=True)
        assert np.array_equal(band, _original(picture)[64:192])


@pytest.mark.parametrize(("row", "is_seen"), [(89, False), (90, True), (439, True), (440, False)])
def test_the_region_ends_at_the_very_row(row: int, is_seen: bool) -> None:
    picture = np.zeros((576, 704), np.uint8)
    picture[row] = 255
    assert bool(Preprocessor(Preprocessing()).band(picture, full_range=True).any()) == is_seen


def test_outside_the_band_the_original_was_black_whatever_the_picture() -> None:
    whole = _original(np.full((576, 704), 255, np.uint8))
    assert not whole[:64].any()
    assert not whole[192:].any()
    assert whole[64:192].all()


def test_dividing_by_256_is_exact_in_the_original_s_half_precision() -> None:
    levels = np.arange(256, dtype=np.uint8)
    half = (levels.astype(np.float16) / np.float16(256)).astype(np.float32)
    assert np.array_equal(half, levels.astype(np.float32) / np.float32(Preprocessing().divisor))


@pytest.mark.parametrize("full_range", [False, True])
def test_a_picture_of_the_network_s_size_is_not_resized_again(full_range: bool) -> None:
    picture = np.arange(256 * 256, dtype=np.uint32).reshape(256, 256) * 7 % 256
    luma = picture.astype(np.uint8)
    gray = luma if full_range else full_range_table()[luma]
    levels = np.zeros(256, np.uint8)
    levels[10:171] = [(level - 10) * 255 // 160 for level in range(10, 171)]
    levels[171:] = 255
    band = Preprocessor(Preprocessing()).band(luma, full_range=full_range)
    assert np.array_equal(band, levels[gray][64:192])
