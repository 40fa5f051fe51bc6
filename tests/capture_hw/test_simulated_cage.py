"""The simulated cage: reproducible pictures whose truth can be seen in the pixels."""

import hashlib
import subprocess
import sys
from functools import cache
from typing import Final, get_args

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from capture_hw.simulation.behavior import BehaviorName, Fur
from capture_hw.simulation.cage import SimulatedCage
from capture_hw.simulation.look import draw_look

_SEED: Final = 11
_FIVE_MINUTES: Final = 7500
_SPOUT_TIP: Final = (399.0, 282.0)
"""In the published rig's picture, which `spread=0` draws."""
_LID_Y, _GROUND_Y = 158, 421
_LIVELY: Final[tuple[BehaviorName, ...]] = ("groom", "micromovement", "walk")


@cache
def _cage(fur: Fur = "black") -> SimulatedCage:
    return SimulatedCage(_SEED, fur=fur, spread=0.0, routine="busy")


@cache
def _truth() -> NDArray[np.str_]:
    return np.array([_cage().behavior(frame) for frame in range(_FIVE_MINUTES)])


def _frames(behavior: BehaviorName, count: int = 4) -> list[int]:
    """Return middles of bouts of a behavior that last a second or more."""
    truth = _truth()
    edges = np.flatnonzero(truth[1:] != truth[:-1]) + 1
    starts, ends = np.append(0, edges), np.append(edges, len(truth))
    fits = (truth[starts] == behavior) & (ends - starts >= 25)
    return [int(middle) for middle in (starts[fits] + ends[fits])[:count] // 2]


def _denoised(frame: int) -> NDArray[np.float32]:
    picture = _cage().picture(frame).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 1.5), np.float32)


@cache
def _without_mouse() -> NDArray[np.float32]:
    """Return what stands still: a high percentile over time, as the mouse is black."""
    pictures = np.stack([_denoised(frame) for frame in range(0, _FIVE_MINUTES, 190)])
    return np.asarray(np.percentile(pictures, 80, axis=0), np.float32)


def _mouse_pixels(frame: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return (y, x) of the pixels that the mouse darkens, without small specks of bedding."""
    darker = ((_without_mouse() - _denoised(frame)) > 35).astype(np.uint8)
    darker = np.asarray(cv2.morphologyEx(darker, cv2.MORPH_OPEN, np.ones((9, 9), np.uint8)))
    y, x = np.nonzero(darker)
    return y, x


def _centroid(frame: int) -> tuple[float, float]:
    y, x = _mouse_pixels(frame)
    return float(y.mean()), float(x.mean())


def _change(frame: int) -> float:
    """Return how much the picture changes over the 0.4 s that the network sees."""
    part = np.s_[100:440, 20:690]
    moved = np.abs(_denoised(frame)[part] - _denoised(frame + 3)[part])
    return float((moved > 20).mean())


def test_a_frame_is_the_same_whatever_was_asked_before() -> None:
    first, second = SimulatedCage(5, routine="busy"), SimulatedCage(5, routine="busy")
    frames = [0, 90_010, 700, 89_999, 90_000]
    in_order = {frame: first.picture(frame) for frame in sorted(frames)}
    truth = {frame: first.behavior(frame) for frame in sorted(frames)}
    for frame in frames:
        assert second.behavior(frame) == truth[frame]
        np.testing.assert_array_equal(second.picture(frame), in_order[frame])


def test_a_frame_is_the_same_in_another_process_with_more_threads() -> None:
    program = (
        "import cv2, hashlib; cv2.setNumThreads(4)\n"
        "from capture_hw.simulation.cage import SimulatedCage\n"
        "cage = SimulatedCage(5, routine='busy')\n"
        "print(cage.behavior(1234), hashlib.sha256(cage.picture(1234).tobytes()).hexdigest())"
    )
    cage = SimulatedCage(5, routine="busy")
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    expected = hashlib.sha256(cage.picture(1234).tobytes()).hexdigest()
    assert told.stdout.split() == [cage.behavior(1234), expected]


def test_a_picture_belongs_to_the_caller() -> None:
    kept = _cage().picture(3).copy()
    _cage().picture(3)[:] = 0
    np.testing.assert_array_equal(_cage().picture(3), kept)


@pytest.mark.parametrize("fur", ["black", "white"])
def test_pictures_are_704x576_luma_in_the_limited_range(fur: Fur) -> None:
    picture = SimulatedCage(3, fur=fur, routine="busy").picture(40)
    assert picture.shape == (576, 704)
    assert picture.dtype == np.uint8
    assert 16 <= picture.min() < 24
    assert 200 < picture.max() <= 235


def test_noise_is_new_in_every_frame() -> None:
    shelf = np.s_[20:80, 100:600]
    first, second = (_cage().picture(frame)[shelf].astype(np.float64) for frame in (50, 51))
    assert 1.0 < first.std() < 6.0
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.1


def test_other_seeds_are_other_cages() -> None:
    first, second = SimulatedCage(1).picture(0), SimulatedCage(2).picture(0)
    assert float(np.abs(first.astype(np.int16) - second).mean()) > 5


def test_black_fur_is_much_darker_than_white_fur() -> None:
    y, x = _mouse_pixels(_frames("rear")[0])
    black = _cage("black").picture(_frames("rear")[0])[y, x]
    white = _cage("white").picture(_frames("rear")[0])[y, x]
    assert float(np.median(black)) < 45
    assert 70 < float(np.median(white)) < 125


def test_fur_is_drawn_from_the_seed_unless_given() -> None:
    assert {draw_look(seed, None, 1.0).fur for seed in range(9)} == {"black", "white"}
    assert {draw_look(seed, "white", 1.0).fur for seed in range(9)} == {"white"}


def test_a_busy_mouse_shows_every_behavior_within_five_minutes() -> None:
    names, counts = np.unique(_truth(), return_counts=True)
    assert set(names) == set(get_args(BehaviorName))
    assert counts.min() > 0.02 * _FIVE_MINUTES


def test_a_mouse_rests_by_day_and_is_active_by_night() -> None:
    cage = SimulatedCage(8)
    resting = [
        np.mean([cage.behavior(frame) == "rest" for frame in range(hour, hour + 8 * 90_000, 500)])
        for hour in (2 * 90_000, 14 * 90_000)
    ]
    assert resting[0] > 0.6
    assert resting[1] < 0.5


def test_the_snout_of_a_drinking_mouse_is_at_the_spout() -> None:
    for frame in _frames("drink"):
        y, x = _mouse_pixels(frame)
        nearest = np.hypot(x - _SPOUT_TIP[0], y - _SPOUT_TIP[1]).min()
        assert nearest < 20
        assert x.mean() > _SPOUT_TIP[0]


def test_an_eating_mouse_stands_below_the_left_side_of_the_hopper() -> None:
    for frame in _frames("eat"):
        y, x = _mouse_pixels(frame)
        assert 130 < x.mean() < 270
        assert y.max() - y.min() > 1.5 * (np.percentile(x, 95) - np.percentile(x, 5))


def test_a_hanging_mouse_is_right_below_the_lid() -> None:
    for frame in _frames("hang"):
        y, x = _mouse_pixels(frame)
        assert _LID_Y < y.mean() < 270
        assert x.mean() > 373
        assert y.max() < 330


def test_a_rearing_mouse_is_taller_than_it_is_wide() -> None:
    for frame in _frames("rear"):
        y, x = _mouse_pixels(frame)
        assert y.max() > _GROUND_Y - 50
        assert y.max() - y.min() > 1.4 * (np.percentile(x, 95) - np.percentile(x, 5))


def test_a_walking_mouse_changes_its_place() -> None:
    for frame in _frames("walk"):
        assert abs(_centroid(frame + 5)[1] - _centroid(frame - 5)[1]) > 25


@pytest.mark.parametrize("behavior", ["rest", "groom", "micromovement", "eat", "drink", "hang"])
def test_a_mouse_that_does_not_walk_stays_in_place(behavior: BehaviorName) -> None:
    for frame in _frames(behavior):
        assert abs(_centroid(frame + 5)[1] - _centroid(frame - 5)[1]) < 12


def test_only_a_resting_mouse_is_still() -> None:
    resting = max(_change(frame) for frame in _frames("rest"))
    assert resting < 6e-4
    for behavior in _LIVELY:
        assert np.median([_change(frame) for frame in _frames(behavior, 8)]) > 2.5 * resting


def test_the_bedding_is_moved_within_an_hour() -> None:
    cage, part = _cage(), np.s_[370:440, 100:600]
    early, late = (
        np.median([cage.picture(start + step)[part] for step in range(0, 3000, 150)], axis=0)
        for start in (0, 80_000)
    )
    assert float(np.abs(early - late).mean()) > 3


def test_the_hour_ends_where_the_next_one_begins() -> None:
    (last_y, last_x), (first_y, first_x) = _centroid(89_999), _centroid(90_000)
    assert abs(last_y - first_y) < 6
    assert abs(last_x - first_x) < 6
