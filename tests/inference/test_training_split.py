"""Whole animals are left out of training."""

from pathlib import Path

import numpy as np
import pytest

from inference.dataset.annotation import OneBehavior
from inference.dataset.band_cache import Clip
from inference.dataset.source import ClipSource
from inference.error import TrainingError
from inference.train.dataset import split_by_animal


def _clip(animal: str, number: int) -> Clip:
    path = Path(f"{animal}_{number}.mkv")
    source = ClipSource(path.stem, path, animal, path.stem, OneBehavior(path, 0), None)
    return Clip(source, np.zeros((1, 128, 256), np.uint8), np.zeros(1, np.int64), None)


@pytest.fixture
def clips() -> list[Clip]:
    return [_clip(f"{animal:02d}", number) for animal in range(1, 11) for number in range(2)]


@pytest.mark.parametrize(("chosen", "left_out"), [((), {"05", "10"}), (("03",), {"03"})])
def test_no_animal_is_on_both_sides(
    chosen: tuple[str, ...], left_out: set[str], clips: list[Clip]
) -> None:
    split = split_by_animal(clips, chosen)
    assert {clip.source.animal for clip in split.held_out} == left_out
    assert {clip.source.animal for clip in split.training}.isdisjoint(left_out)
    assert len(split.training) + len(split.held_out) == 20


def test_a_split_that_cannot_be_made_is_one_sentence(clips: list[Clip]) -> None:
    with pytest.raises(TrainingError, match="animal 11 is not in the data set"):
        split_by_animal(clips, ["11"])
    with pytest.raises(TrainingError, match="no animal is left to train on"):
        split_by_animal(clips[:2])
