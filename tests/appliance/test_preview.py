"""A camera's picture for people."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from appliance.preview import PreviewError, picture_text, shown, write_png
from inference.crop import CropRectangle

CROP = CropRectangle(left=4, top=2, width=8, height=6)


def ramp() -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    return np.tile(np.linspace(16, 235, 16).astype(np.uint8), (12, 1))


def test_limited_levels_are_spread_over_the_whole_range() -> None:
    levels = shown(ramp(), None)
    assert levels.min() == 0
    assert levels.max() == 255
    assert shown(np.full((2, 2), 5, np.uint8), None).max() == 0


def test_the_crop_has_an_edge_and_a_shaded_outside() -> None:
    levels = shown(np.full((12, 16), 235, np.uint8), CROP)
    assert levels[0, 0] == 127
    assert levels[2, 4] == 255
    inner = shown(np.full((12, 16), 126, np.uint8), CROP)
    assert inner[4, 6] == 128
    assert (inner[2, 4], inner[7, 11], inner[7, 12]) == (255, 255, 64)


def test_a_crop_beyond_the_picture_is_still_shown() -> None:
    levels = shown(ramp(), CropRectangle(left=10, top=8, width=90, height=90))
    assert levels[11, 15] == 255


@pytest.mark.parametrize(("left", "top"), [(0, 12), (16, 0), (0, 600), (700, 600)])
def test_a_picture_outside_of_the_crop_is_only_shaded(left: int, top: int) -> None:
    levels = shown(ramp(), CropRectangle(left=left, top=top, width=10, height=10))
    np.testing.assert_array_equal(levels, shown(ramp(), None) // 2)


@pytest.mark.parametrize(("left", "top", "bright"), [(0, 11, (11, 9)), (15, 0, (9, 15))])
def test_a_crop_that_begins_at_the_last_line_is_drawn_there(
    left: int, top: int, bright: tuple[int, int]
) -> None:
    levels = shown(
        np.full((12, 16), 16, np.uint8), CropRectangle(left=left, top=top, width=10, height=10)
    )
    assert levels[bright] == 255
    assert levels.sum() == 10 * 255


def test_text_is_as_wide_as_asked_and_keeps_the_aspect() -> None:
    lines = picture_text(np.zeros((576, 704), np.uint8), 60).plain.splitlines()
    assert {len(line) for line in lines} == {60}
    assert len(lines) == 24


def test_text_shows_the_mean_of_what_a_character_covers() -> None:
    levels = np.zeros((4, 4), np.uint8)
    levels[:2] = 255
    (line,) = [span.style for span in picture_text(levels, 2).spans[:1]]
    assert str(line) == "color(231) on color(16)"


def test_a_png_is_the_picture(tmp_path: Path) -> None:
    levels = shown(ramp(), None)
    write_png(tmp_path / "cage.png", levels)
    read = cv2.imread(str(tmp_path / "cage.png"), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(read, levels)


def test_a_png_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(PreviewError, match=r"cage.png: cannot be written: No such file"):
        write_png(tmp_path / "away" / "cage.png", shown(ramp(), None))
