"""The rewritten network is the paper's network."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from inference.classifier import Classifier
from inference.determinism import check_determinism, random_stacks
from inference.preprocessing import Gray, Preprocessing
from inference.train.ethocnn import EthoCNN
from inference.train.export import Attribution, export_model
from inference.train.feature_map import from_batch
from inference.train.graph import GraphWriter
from inference.train.network import logits_of
from inference.train.parity import compare
from inference.train.winograd import Winograd, transforms

Numbers = NDArray[np.float64]


def _run(path: Path, stacks: Gray) -> NDArray[np.float32]:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(str(path), options)
    return np.asarray(session.run(None, {"stacks": stacks})[0])


def _plain_convolution(maps: Numbers, weight: Numbers) -> Numbers:
    """Convolve maps (in, y, x) with weight (out, in, r, r) by the definition."""
    side = weight.shape[-1]
    windows = np.lib.stride_tricks.sliding_window_view(maps, (side, side), axis=(1, 2))
    result: Numbers = np.einsum("iyxab,oiab->oyx", windows, weight)
    return result


@pytest.mark.parametrize(("side", "kernel"), [(4, 5), (4, 3), (3, 3), (2, 3), (1, 3)])
def test_the_transforms_give_the_correlation(side: int, kernel: int) -> None:
    matrices = transforms(side, kernel)
    generator = np.random.default_rng(side)
    signal, filters = generator.normal(size=side + kernel - 1), generator.normal(size=kernel)
    found = matrices.output @ ((matrices.kernel @ filters) * (matrices.input @ signal))
    np.testing.assert_allclose(found, np.correlate(signal, filters, "valid"), atol=1e-12)


@pytest.mark.parametrize(("side", "kernel"), [(4, 5), (4, 3), (3, 3)])
def test_winograd_in_a_graph_is_a_convolution(side: int, kernel: int, tmp_path: Path) -> None:
    generator = np.random.default_rng(kernel)
    weight = generator.normal(size=(5, 3, kernel, kernel))
    stacks = generator.integers(0, 256, (2, 3, 4 * side, 3 * side), np.uint8)
    graph = GraphWriter()
    source = from_batch(graph, graph.to_float("stacks"), stacks.shape)
    maps = Winograd(graph, weight, side).convolve(source)
    result = graph.reshape(maps.name, 5, 2, maps.height, maps.width)
    path = tmp_path / "convolution.onnx"
    onnx.save(graph.finish(result, stacks.shape, (5, 2, maps.height, maps.width)), path)
    found = _run(path, stacks)
    for stack in (0, 1):
        expected = _plain_convolution(stacks[stack].astype(np.float64), weight)
        height, width = 2 * side, 2 * side
        np.testing.assert_allclose(
            found[:, stack, :height, :width], expected[:, :height, :width], atol=0.02
        )


@pytest.fixture(scope="module")
def network() -> EthoCNN:
    """Return a network as after training: sharp answers, batch norms that matter."""
    torch.manual_seed(3)
    network = EthoCNN().eval()
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.5, 0.5)
            nn.init.uniform_(module.running_mean, 0.1, 0.4)
            nn.init.uniform_(module.running_var, 0.05, 0.2)
    return network


@pytest.fixture(scope="module")
def model_path(network: EthoCNN, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rewritten") / "ethocnn.onnx"
    export_model(network, Attribution("paper", "1", "random", "none"), path)
    return path


def test_the_rewritten_network_gives_the_logits_of_the_plain_one(
    network: EthoCNN, model_path: Path
) -> None:
    stacks = random_stacks(8, (11, 128, 256), seed=1)
    stacks[0] = 0
    stacks[1] = 255
    with torch.inference_mode():
        expected = logits_of(network, torch.from_numpy(stacks), Preprocessing()).numpy()
    found = _run(model_path, stacks)
    assert np.abs(expected).max() > 5
    assert np.abs(found - expected).max() < 1e-4 * np.abs(expected).max()
    assert (found.argmax(axis=1) == expected.argmax(axis=1)).all()
    parity = compare(network, Classifier(model_path, "cpu"), stacks)
    assert parity.agreement == 1
    assert parity.largest_difference < 0.01


def test_the_rewritten_network_needs_a_quarter_of_the_multiplications(model_path: Path) -> None:
    card = Classifier(model_path, "cpu").card
    assert card.parameters == 17_281_310
    assert card.multiplications < 4_187_963_392 / 4


def test_an_answer_does_not_depend_on_the_rest_of_the_batch(model_path: Path) -> None:
    check_determinism(Classifier(model_path, "cpu"))
