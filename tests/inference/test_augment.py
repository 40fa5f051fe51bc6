"""Augmented stacks still show the same behavior."""

import numpy as np
import pytest

from inference.preprocessing import Gray
from inference.train.augment import Augmentation, Augmenter

NOTHING = Augmentation(shift_x=0, shift_y=0, contrast=0, brightness=0, noise=0)


@pytest.fixture
def stack() -> Gray:
    """Return a dark spot on gray that moves right by two pixels a frame."""
    frames = np.full((11, 32, 64), 120, np.uint8)
    for number, frame in enumerate(frames):
        frame[16:20, 20 + 2 * number : 24 + 2 * number] = 20
    return frames


def test_no_change_is_no_change(stack: Gray) -> None:
    found = Augmenter(NOTHING, 0).apply(stack, np.random.default_rng(0))
    np.testing.assert_array_equal(found, stack)


def test_all_frames_shift_alike_and_only_as_far_as_allowed(stack: Gray) -> None:
    limits = Augmentation(shift_x=8, shift_y=4, contrast=0, brightness=0, noise=0)
    augmenter = Augmenter(limits, 0)
    generator = np.random.default_rng(0)
    shifts = set()
    for _ in range(200):
        found = augmenter.apply(stack, generator)
        corners = [np.argwhere(frame < 50)[0] - (16, 20 + 2 * n) for n, frame in enumerate(found)]
        assert len({tuple(corner) for corner in corners}) == 1
        shifts.add(tuple(corners[0].tolist()))
    assert {down for down, _ in shifts} == set(range(-4, 5))
    assert {right for _, right in shifts} == set(range(-8, 9))


def test_light_changes_as_one_and_noise_stays_small(stack: Gray) -> None:
    limits = Augmentation(shift_x=0, shift_y=0)
    augmenter = Augmenter(limits, 1)
    generator = np.random.default_rng(0)
    for _ in range(20):
        found = augmenter.apply(stack, generator).astype(float)
        still = found[:, :12]
        assert np.abs(still.mean(axis=(1, 2)) - still.mean()).max() < 1.0
        assert still.std() < 5
        assert abs(still.mean() - 120) < 20
