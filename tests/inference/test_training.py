"""Training end to end on a tiny data set whose behaviors are easy to tell apart."""

from pathlib import Path

import av
import numpy as np
import pytest

from inference.ethogram import BEHAVIORS
from inference.label_file import write_annotation
from inference.preprocessing import Preprocessing
from inference.train.augment import Augmentation
from inference.train.dataset import load_clips, split_by_mouse
from inference.train.loop import train
from inference.train.plan import Plan

_BOUT_FRAMES = 33


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
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", 25, options={"preset": "ultrafast", "g": "25"})
        stream.width, stream.height, stream.pix_fmt = 704, 576, "yuv420p"
        for code in codes:
            luma = np.full((576 * 3 // 2, 704), 128, np.uint8)
            left, top = 60 + 150 * (code % 4), 140 + 150 * (code // 4)
            luma[top : top + 80, left : left + 80] = 16 + generator.integers(40)
            frame = av.VideoFrame.from_ndarray(luma, format="yuv420p")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    write_annotation(path.with_name(path.stem + "_map.csv"), codes)


def test_training_learns_behaviors_that_differ_and_knows_them_on_a_mouse_it_never_saw(
    data_set: Path, tmp_path: Path
) -> None:
    spec = Preprocessing()
    split = split_by_mouse(load_clips(data_set, tmp_path / "cache", spec), ["03"])
    plan = Plan("ethocnn-lite", epochs=2, steps=20, per_behavior=2, augmentation=Augmentation())
    trained = train(split, plan, spec, tmp_path)
    assert trained.figures.frame_accuracy > 0.95
    assert sum(count.sum() for count in trained.confusion_by_mouse.values()) == 264
