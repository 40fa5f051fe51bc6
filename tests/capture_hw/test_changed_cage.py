"""A cage that was changed, put back aside or covered, against the reference of before."""

from functools import cache
from typing import Final

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from capture_hw.picture_measure import Luma
from capture_hw.picture_watch import PictureWatch
from capture_hw.reference import Reference, learn
from capture_hw.simulation.cage import SimulatedCage
from capture_hw.simulation.mouse_day import day_from

KEY: Final = 50
LOOK_NS: Final = 2_000_000_000
TOP, BOTTOM, LEFT, RIGHT = 90, 500, 90, 614
"""The cage in the simulated picture; around it is the rig."""


@cache
def pictures_of(seed: int) -> list[Luma]:
    """Return key frames of one and the same rig with another cage in it."""
    cage = SimulatedCage(seed, spread=0.0, day=day_from(3.0))
    return [cage.picture(5000 + number * KEY) for number in range(3)]


@cache
def reference() -> Reference:
    cage = SimulatedCage(1, spread=0.0, day=day_from(3.0))
    return learn([cage.picture(number * KEY) for number in range(16)])


def faults_of(pictures: list[Luma], learnt: Reference | None = None) -> tuple[str, ...]:
    """Return what is raised after three key frames."""
    watch = PictureWatch()
    for number, picture in enumerate(pictures):
        watch.take(picture, number * LOOK_NS, learnt or reference())
    return tuple(raised.fault for raised in watch.faults)


def with_nest(picture: Luma, wide: float, high: float) -> Luma:
    """Return a picture with a heap of bedding on the cage's floor, as parts of the cage."""
    height, width = round(high * (BOTTOM - TOP)), round(wide * (RIGHT - LEFT))
    changed = picture.copy()
    changed[BOTTOM - height : BOTTOM, LEFT : LEFT + width] = bedding()[:height, :width]
    return changed


@cache
def bedding() -> NDArray[np.uint8]:
    drawn = np.random.default_rng(0).integers(40, 200, (576, 704)).astype(np.float32)
    soft = cv2.GaussianBlur(drawn, (0, 0), 3.0)
    return np.asarray(np.clip((soft - soft.mean()) / soft.std() * 18 + 95, 16, 235), np.uint8)


@pytest.mark.parametrize("seed", [2, 3, 4])
@pytest.mark.parametrize(("wide", "high"), [(0.0, 0.0), (0.5, 0.5), (0.6, 0.5), (1.0, 0.4)])
def test_new_bedding_and_a_nest_over_a_fifth_of_the_picture_are_no_fault(
    seed: int, wide: float, high: float
) -> None:
    assert faults_of([with_nest(picture, wide, high) for picture in pictures_of(seed)]) == ()


@pytest.mark.parametrize("side", ["left", "bottom", "top"])
def test_a_cover_over_half_of_the_picture_is_told(side: str) -> None:
    covered = []
    for number, picture in enumerate(pictures_of(1)):
        hidden = picture.copy()
        half = {"left": hidden[:, :352], "bottom": hidden[288:], "top": hidden[:288]}[side]
        half[:] = np.random.default_rng(number).integers(56, 65, half.shape)
        covered.append(hidden)
    assert faults_of(covered) == ("obstructed",)


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
@pytest.mark.parametrize(("down", "across"), [(0, 4), (0, 8), (0, 16), (6, 0), (4, 20)])
def test_a_cage_put_back_aside_is_at_most_a_move(seed: int, down: int, across: int) -> None:
    moved = []
    for picture in pictures_of(seed):
        aside = picture.copy()
        inside = picture[TOP - down : BOTTOM - down, LEFT - across : RIGHT - across]
        aside[TOP:BOTTOM, LEFT:RIGHT] = inside
        moved.append(aside)
    assert faults_of(moved) in ((), ("moved",))


def test_a_rig_with_a_backlight_is_over_exposed_only_beyond_what_was_learnt() -> None:
    lit = [picture.copy() for picture in pictures_of(1)]
    for picture in lit:
        picture[:, :317] = 235
    learnt = learn((lit * 3)[:8])
    assert learnt.limits.bright_part == pytest.approx(0.45, abs=0.01)
    assert learnt.limits.most_bright == pytest.approx(0.65, abs=0.01)
    assert reference().limits.most_bright == 0.4
    assert faults_of(lit, learnt) == ()
    brighter = [picture.copy() for picture in lit]
    for picture in brighter:
        picture[:, :493] = 235
    assert faults_of(brighter, learnt) == ("bright",)
