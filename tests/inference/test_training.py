"""Training end to end on a tiny data set whose behaviors are easy to tell apart."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from inference.error import TrainingError
from inference.ethogram import BEHAVIORS
from inference.label_file import write_annotation
from inference.preprocessing import Preprocessing
from inference.train.clip import Clip
from inference.train.dataset import Split, load_clips, split_by_mouse
from inference.train.ethocnn import EthoCNN
from inference.train.loop import Progress, train
from inference.train.plan import Plan
from inference.train.weights import load_checkpoint
from tests.video_factory import write_video

_BOUT_FRAMES = 33


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Keep torch's threads from waiting for each other on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def data_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a clip of each of three mice; a behavior is a place in the cage."""
    folder = tmp_path_factory.mktemp("data_set")
    for mouse in range(1, 4):
        _write_clip(folder / f"{mouse:02d}_20180418_1200_s0_n264.mkv", mouse)
    return folder


def _write_clip(path: Path, seed: int) -> None:
    generator = np.random.default_rng(seed)
    codes = np.repeat(generator.permutation(len(BEHAVIORS)), _BOUT_FRAMES)
    pictures = []
    for code in codes:
        luma = np.full((576, 704), 128, np.uint8)
        left, top = 60 + 150 * (code % 4), 140 + 150 * (code // 4)
        luma[top : top + 80, left : left + 80] = 16 + generator.integers(40)
        pictures.append(luma)
    write_video(path, pictures, options={"preset": "ultrafast", "g": "25"})
    write_annotation(path.with_name(path.stem + "_map.csv"), codes)


def test_training_learns_behaviors_that_differ_and_knows_them_on_a_mouse_it_never_saw(
    data_set: Path, tmp_path: Path
) -> None:
    spec = Preprocessing()
    split = split_by_mouse(load_clips(data_set, tmp_path / "cache", spec), ["03"])
    steps: list[Progress] = []
    plan = Plan("ethocnn-lite", epochs=2, steps=20, per_behavior=1)
    trained = train(split, plan, spec, tmp_path, steps.append)
    assert trained.figures.frame_accuracy > 0.95
    assert list(trained.confusion_by_mouse) == ["03"]
    assert trained.confusion_by_mouse["03"].sum() == 264
    assert [(step.epoch, step.step) for step in steps if step.figures] == [(1, 20), (2, 20)]
    network, evaluation = load_checkpoint(tmp_path / "ethocnn-lite_002.pt")
    assert evaluation == trained.figures.as_card()
    assert all(map(torch.equal, network.parameters(), trained.network.parameters()))


def test_the_same_plan_gives_the_same_network(data_set: Path, tmp_path: Path) -> None:
    spec = Preprocessing()
    split = split_by_mouse(load_clips(data_set, tmp_path / "cache", spec), ["03"])
    plan = Plan("ethocnn-lite", epochs=1, steps=2, per_behavior=1, validation_stacks=1)
    first, second = (train(split, plan, spec).network for _ in range(2))
    assert all(map(torch.equal, first.parameters(), second.parameters()))


def test_the_paper_network_trains_by_the_same_loop(data_set: Path, tmp_path: Path) -> None:
    spec = Preprocessing()
    split = split_by_mouse(load_clips(data_set, tmp_path / "cache", spec), ["03"])
    short = Split(split.training, tuple(_beginning(clip, 22) for clip in split.held_out))
    plan = Plan("ethocnn", epochs=1, steps=1, per_behavior=1)
    trained = train(short, plan, spec)
    assert isinstance(trained.network, EthoCNN)
    assert trained.confusion_by_mouse["03"].sum() == 22


def test_an_unknown_device_is_one_sentence(data_set: Path, tmp_path: Path) -> None:
    spec = Preprocessing()
    split = split_by_mouse(load_clips(data_set, tmp_path / "cache", spec), ["03"])
    plan = Plan("ethocnn-lite", epochs=1, steps=1, per_behavior=1, device="abacus")
    with pytest.raises(TrainingError, match=r"^device abacus: "):
        train(split, plan, spec)


def _beginning(clip: Clip, frames: int) -> Clip:
    return replace(clip, bands=clip.bands[:frames], codes=clip.codes[:frames])
