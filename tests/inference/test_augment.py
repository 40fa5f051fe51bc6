"""Augmented stacks still show the same behavior."""

from collections import Counter
from typing import Literal

import numpy as np
import pytest

from inference.preprocessing import Gray
from inference.train.augment import PAPER_AUGMENTATION, Augmentation, Augmenter

NOTHING = Augmentation()
LIGHT = Augmentation(contrast=0.2, brightness=16, noise=4)


@pytest.fixture
def stack() -> Gray:
    """Return a dark spot on gray that moves right by two pixels a frame."""
    frames = np.full((11, 32, 64), 120, np.uint8)
    for number, frame in enumerate(frames):
        frame[16:20, 20 + 2 * number : 24 + 2 * number] = 20
    return frames


@pytest.fixture
def noise() -> Gray:
    """Return a stack of which no two places are alike, none of it black."""
    return np.random.default_rng(4).integers(1, 256, (11, 32, 64), np.uint8)


def _apply(augmenter: Augmenter, stack: Gray, number: int, height: int = 32) -> Gray:
    out = np.full((11, height, 64), 77, np.uint8)
    augmenter.apply(stack, np.random.default_rng(number), out)
    return out


def test_no_change_is_no_change(stack: Gray) -> None:
    np.testing.assert_array_equal(_apply(Augmenter(NOTHING, 0), stack, 0), stack)


def test_all_frames_shift_alike_and_only_as_far_as_allowed(stack: Gray) -> None:
    augmenter = Augmenter(Augmentation(shift_x=8, shift_y=4), 0)
    shifts = set()
    for number in range(300):
        found = _apply(augmenter, stack, number)
        corners = [np.argwhere(frame < 50)[0] - (16, 20 + 2 * n) for n, frame in enumerate(found)]
        assert len({tuple(corner) for corner in corners}) == 1
        shifts.add(tuple(corners[0].tolist()))
    assert {down for down, _ in shifts} == set(range(-4, 5))
    assert {right for _, right in shifts} == set(range(-8, 9))


def test_what_a_shift_uncovers_repeats_the_edge(noise: Gray) -> None:
    augmenter = Augmenter(Augmentation(shift_x=8, shift_y=4), 0)
    padded = np.pad(noise, ((0, 0), (4, 4), (8, 8)), mode="edge")
    allowed = {
        padded[:, 4 - down : 36 - down, 8 - right : 72 - right].tobytes()
        for down in range(-4, 5)
        for right in range(-8, 9)
    }
    found = {_apply(augmenter, noise, number).tobytes() for number in range(300)}
    assert found <= allowed
    assert len(found) > 100


def test_what_a_shift_uncovers_is_black_as_in_the_paper(noise: Gray) -> None:
    augmenter = Augmenter(Augmentation(shift_x=8, shift_y=4, fill="black"), 0)
    padded = np.pad(noise, ((0, 0), (4, 4), (8, 8)))
    allowed = {
        padded[:, 4 - down : 36 - down, 8 - right : 72 - right].tobytes()
        for down in range(-4, 5)
        for right in range(-8, 9)
    }
    assert {_apply(augmenter, noise, number).tobytes() for number in range(300)} <= allowed


def test_on_a_higher_picture_the_band_moves_into_the_black_rows(noise: Gray) -> None:
    limits = PAPER_AUGMENTATION.model_copy(update={"flip": 0.0, "shift_x": 0})
    augmenter = Augmenter(limits, 0)
    tops: Counter[int] = Counter()
    for number in range(1000):
        found = _apply(augmenter, noise, number, height=256)
        rows = np.flatnonzero(found[0].any(axis=1))
        first = int(rows[0])
        np.testing.assert_array_equal(found[:, first : first + 32], noise)
        assert len(rows) == 32
        tops[first] += 1
    # The band of 32 begins at row 112; shifted by 0..80, up or down.
    assert (min(tops), max(tops)) == (32, 192)
    assert len(tops) > 140
    # A tenth is not shifted, and of the others one in 81 by nothing.
    assert tops[112] / 1000 == pytest.approx(0.1 + 0.9 / 81, abs=0.03)


def test_a_band_that_leaves_the_picture_is_cut_off(noise: Gray) -> None:
    augmenter = Augmenter(Augmentation(shift_y=20, fill="black"), 0)
    for number in range(50):
        found = _apply(augmenter, noise, number, height=40)
        rows = np.flatnonzero(found[0].any(axis=1))
        assert len(rows) == min(32, 40 - rows[0], rows[-1] + 1)


def test_a_fifth_of_the_stacks_is_mirrored_as_a_whole(noise: Gray) -> None:
    augmenter = Augmenter(Augmentation(flip=0.2), 0)
    found = Counter(_apply(augmenter, noise, number).tobytes() for number in range(2000))
    assert set(found) == {noise.tobytes(), noise[:, :, ::-1].tobytes()}
    assert found[noise[:, :, ::-1].tobytes()] / 2000 == pytest.approx(0.2, abs=0.03)


def test_a_stack_that_is_not_shifted_is_not_mirrored(noise: Gray) -> None:
    """Source: `nn/FrameSelect.py`, whose flip stands under the coin of the shift (facts only)."""
    augmenter = Augmenter(Augmentation(share=0.5, shift_x=20, flip=1.0, fill="black"), 0)
    stays = [np.array_equal(_apply(augmenter, noise, number), noise) for number in range(400)]
    assert sum(stays) / 400 == pytest.approx(0.5, abs=0.08)


def test_light_changes_as_one_and_noise_stays_small(stack: Gray) -> None:
    augmenter = Augmenter(LIGHT, 1)
    means = []
    for number in range(100):
        still = _apply(augmenter, stack, number)[:, :12].astype(float)
        assert np.abs(still.mean(axis=(1, 2)) - still.mean()).max() < 1.0
        assert still.std() < 5
        means.append(still.mean())
    # Brightness up to 16 levels, contrast up to a fifth of the distance from middle gray.
    assert max(means) > 130
    assert min(means) < 110
    assert np.abs(np.array(means) - 120).max() < 18.5


def test_contrast_spreads_levels_around_middle_gray() -> None:
    steps = np.tile(np.repeat(np.arange(64, 192, 2, dtype=np.uint8), 32), (11, 1))
    stack = steps.reshape(11, 64, 32).transpose(0, 2, 1).copy()
    augmenter = Augmenter(Augmentation(contrast=0.2), 0)
    gains = []
    for number in range(50):
        found = _apply(augmenter, stack, number).astype(float) - 128
        gains.append(found[0, 0, -1] / (stack[0, 0, -1] - 128.0))
        expected = (stack - 128.0) * (found[0, 0, -1] - found[0, 0, 0]) / 126
        assert np.abs(found - expected).max() <= 1.5
    assert 0.8 <= min(gains) < 0.85
    assert 1.15 < max(gains) <= 1.2


def test_noise_is_normal_and_another_at_each_place() -> None:
    stack = np.full((11, 128, 256), 128, np.uint8)
    augmenter = Augmenter(Augmentation(noise=8), 0)
    out = np.empty_like(stack)
    deviations = []
    for number in range(20):
        augmenter.apply(stack, np.random.default_rng(number), out)
        left = out.astype(float) - 128
        deviations.append(left.std())
        assert abs(left.mean()) < 0.1
        assert (np.abs(left) > 3 * left.std() + 1).mean() < 0.003
        assert abs((left[0] * left[1]).mean()) < 0.03 * left.var() + 0.01
    assert min(deviations) < 2
    assert 6 < max(deviations) < 8.2


def test_light_does_not_change_the_black_that_is_always_there(noise: Gray) -> None:
    limits = Augmentation(fill="black", brightness=30, noise=8)
    found = _apply(Augmenter(limits, 0), noise, 3, height=64)
    assert not found[:, :16].any()
    assert not found[:, 48:].any()


@pytest.mark.parametrize("fill", ["edge", "black"])
def test_the_generator_alone_decides_and_the_source_stays_as_it_was(
    noise: Gray, fill: Literal["edge", "black"]
) -> None:
    limits = Augmentation(shift_x=8, flip=0.2, contrast=0.2, brightness=16, noise=4, fill=fill)
    augmenter = Augmenter(limits, 1)
    before = noise.copy()
    np.testing.assert_array_equal(_apply(augmenter, noise, 7), _apply(augmenter, noise, 7))
    assert not np.array_equal(_apply(augmenter, noise, 7), _apply(augmenter, noise, 8))
    np.testing.assert_array_equal(noise, before)
