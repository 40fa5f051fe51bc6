"""A network gives the same labels to a clip whether `classify` or a training's end judges it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from inference.classifier import Classifier
from inference.dataset.annotation import AnnotationFile
from inference.dataset.band_cache import load_clip
from inference.dataset.band_file import open_bands, write_bands
from inference.dataset.source import ClipSource
from inference.evaluate.prediction import stacks_of_frames
from inference.label_file import read_labels, write_annotation
from inference.label_video import label_video
from inference.preprocessing import Gray, Preprocessing
from inference.stack import BandFrame, Stack, stacks_of
from inference.train.export import Attribution, export_model
from inference.train.network import Network, create_network
from inference.train.predict import predict, stack_at
from tests.video_factory import moving_square, write_video

_SPEC = Preprocessing()
_LENGTH = _SPEC.stack_length


def _band(frame: int, *, is_decodable: bool) -> Gray | None:
    return np.full((1, 1), frame + 1, np.uint8) if is_decodable else None


def _classified(bands: Sequence[Gray | None]) -> list[Stack]:
    frames = ((number, 40 * number, band) for number, band in enumerate(bands))
    return list(stacks_of((BandFrame(*frame) for frame in frames), _SPEC))


@given(
    st.lists(st.booleans(), min_size=1, max_size=60)
    | st.lists(st.sampled_from([True, True, True, False]), min_size=1, max_size=60)
)
def test_both_cut_a_clip_into_the_same_stacks(
    tmp_path_factory: pytest.TempPathFactory, is_decodable: list[bool]
) -> None:
    bands = [_band(number, is_decodable=good) for number, good in enumerate(is_decodable)]
    stacks = _classified(bands)
    path = tmp_path_factory.getbasetemp() / "same_stacks.npy"
    with path.open("w+b") as file:
        write_bands(file, bands, (1, 1))
    cached, undecodable = open_bands(path, (1, 1))
    place_of = stacks_of_frames(len(bands), _LENGTH).tolist()
    assert [len(stack.members) for stack in stacks] == np.bincount(place_of).tolist()
    for number, stack in enumerate(stacks):
        assert [place_of[member.index] for member in stack.members] == [number] * len(stack.members)
        assert [m.index for m in stack.members if not m.is_decodable] == [
            m.index for m in stack.members if m.index in undecodable
        ]
        if any(member.is_decodable for member in stack.members):
            judged = stack_at(cached, number * _LENGTH, _LENGTH)
            assert stack.bands is not None
            assert judged.ravel().tolist() == stack.bands.ravel().tolist()


@pytest.fixture(
    scope="module",
    params=["ethocnn-lite", pytest.param("ethocnn", marks=pytest.mark.campaign)],
)
def model(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Network, Path]:
    """Return a network whose answers vary, and its model file."""
    torch.manual_seed(9)
    network = create_network(request.param).eval()
    with torch.no_grad():
        for weights in network.parameters():
            if weights.ndim > 1:
                weights.mul_(2)
    path = tmp_path_factory.mktemp("model") / "random.onnx"
    export_model(network, Attribution("random", "0", "", ""), path)
    return network, path


@pytest.mark.parametrize("frames", [5, 36])
def test_classify_and_predict_give_the_same_labels(
    model: tuple[Network, Path], tmp_path: Path, frames: int
) -> None:
    network, model_file = model
    video = write_video(
        tmp_path / "01_20180418_1200_s0_n5.mkv", moving_square(frames, width=176, height=144)
    )
    label_video(
        video,
        tmp_path / "labels.csv",
        Classifier(model_file, "cpu"),
        threads=1,
        on_progress=lambda _frame, _expected: None,
        stop=lambda: False,
    )
    annotation = tmp_path / "clip_map.csv"
    write_annotation(annotation, [0] * frames)
    file = AnnotationFile(annotation)
    source = ClipSource("clip", video, "01", "01", file, file)
    (prediction,) = predict(network, [load_clip(source, tmp_path / "cache", _SPEC)], _SPEC)
    labels = read_labels(tmp_path / "labels.csv")
    assert labels.codes.tolist() == prediction.labels.tolist()
    assert labels.confidences is not None
    np.testing.assert_allclose(labels.confidences, prediction.confidences, atol=1.1e-4)
