"""Models of 8 bit integers."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

from inference.classifier import Classifier
from inference.dataset.annotation import AnnotationFile
from inference.dataset.band_cache import Clip
from inference.dataset.source import ClipSource
from inference.determinism import check_determinism, random_stacks
from inference.error import DataSetError, ModelError
from inference.train.calibration_stack import draw_stacks
from inference.train.ethocnn_lite import EthoCNNLite
from inference.train.export import Attribution, export_model
from inference.train.quantization import quantize

_SHAPE = (11, 128, 256)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "plain.onnx"
    torch.manual_seed(3)
    network = EthoCNNLite().train()
    with torch.no_grad():
        network.forward(torch.from_numpy(random_stacks(8, _SHAPE, seed=5)).float() / 256)
    export_model(network, Attribution("plain", "1", "random weights", "none"), path)
    return path


@pytest.fixture(scope="module")
def integers(plain: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "integers.onnx"
    quantize(plain, Classifier(plain, "cpu").card, random_stacks(16, _SHAPE, seed=5), path)
    return path


def test_an_int8_model_answers_nearly_as_the_one_it_is_made_from(
    plain: Path, integers: Path
) -> None:
    before, after = Classifier(plain, "cpu"), Classifier(integers, "cpu")
    stacks = random_stacks(24, _SHAPE, seed=6)
    one = np.concatenate([before.probabilities(stack[None]) for stack in stacks])
    two = np.concatenate([after.probabilities(stack[None]) for stack in stacks])
    assert 0 < np.abs(one - two).max() < 0.1
    assert np.abs(one - two).mean() < 0.01
    assert after.card == before.card.model_copy(update={"precision": "int8"})


def test_an_int8_model_always_answers_the_same(integers: Path) -> None:
    check_determinism(Classifier(integers, "cpu"))


def test_weights_are_integers_of_7_bits_so_that_no_processor_overflows(integers: Path) -> None:
    weights = [
        numpy_helper.to_array(constant)
        for constant in onnx.load(integers).graph.initializer
        if constant.data_type == onnx.TensorProto.INT8 and len(constant.dims) > 1
    ]
    assert len(weights) == 7  # six convolutions, one hidden layer
    assert max(int(np.abs(values.astype(int)).max()) for values in weights) == 64


def test_the_same_stacks_give_the_same_file(plain: Path, integers: Path, tmp_path: Path) -> None:
    path = tmp_path / "again.onnx"
    quantize(plain, Classifier(plain, "cpu").card, random_stacks(16, _SHAPE, seed=5), path)
    assert path.read_bytes() == integers.read_bytes()


def test_what_is_int8_already_is_refused(integers: Path, tmp_path: Path) -> None:
    card = Classifier(integers, "cpu").card
    with pytest.raises(ModelError, match="is int8 already"):
        quantize(integers, card, random_stacks(1, _SHAPE, seed=5), tmp_path / "twice.onnx")


def test_the_paper_network_is_refused(plain: Path, tmp_path: Path) -> None:
    card = Classifier(plain, "cpu").card.model_copy(update={"network": "ethocnn"})
    with pytest.raises(ModelError, match="only ethocnn-lite can be quantized"):
        quantize(plain, card, random_stacks(1, _SHAPE, seed=5), tmp_path / "new.onnx")


def _clip(name: str, codes: list[int]) -> Clip:
    annotation = AnnotationFile(Path(f"{name}_map.csv"))
    source = ClipSource(name, Path(f"{name}.mkv"), "01", name, annotation, annotation)
    bands = np.zeros((len(codes), 2, 2), np.uint8) + np.array(codes, np.uint8)[:, None, None]
    return Clip(source, bands, np.array(codes), np.array(codes))


def test_ranges_are_measured_by_equally_many_stacks_of_each_behavior() -> None:
    clips = [_clip("a", [1] * 55 + [2] * 22), _clip("b", [2] * 33 + [5] * 11 + [8] * 22)]
    stacks = draw_stacks(clips, 11, per_behavior=3)
    assert stacks.shape == (7, 11, 2, 2)
    assert stacks[:, 0, 0, 0].tolist() == [1, 1, 1, 2, 2, 2, 5]


def test_no_stack_of_any_behavior_is_one_sentence() -> None:
    with pytest.raises(DataSetError, match="no stack of any behavior"):
        draw_stacks([_clip("a", [8] * 33)], 11, per_behavior=3)
