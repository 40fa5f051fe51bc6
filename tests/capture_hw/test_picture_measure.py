"""The figures of one picture."""

import cv2
import numpy as np
import pytest

from capture_hw.picture_measure import measure
from capture_hw.simulation.cage import SimulatedCage


def test_levels_are_counted_as_parts_of_the_picture() -> None:
    picture = np.full((576, 704), 100, np.uint8)
    picture[:144] = 235
    picture[144:216] = 16
    found = measure(picture)
    assert found.bright_part == 0.25
    assert found.dark_part == 0.125
    assert found.mean_luma == pytest.approx(0.25 * 235 + 0.125 * 16 + 0.625 * 100)


def test_sharpness_falls_with_blur_and_does_not_follow_the_light() -> None:
    picture = SimulatedCage(4, routine="busy").picture(0)
    dim = (16 + (picture.astype(np.float32) - 16) * 0.4).astype(np.uint8)
    blurred = np.asarray(cv2.GaussianBlur(picture, (0, 0), 4.0), np.uint8)
    assert measure(dim).sharpness == pytest.approx(measure(picture).sharpness, rel=0.05)
    assert measure(blurred).sharpness < 0.6 * measure(picture).sharpness
