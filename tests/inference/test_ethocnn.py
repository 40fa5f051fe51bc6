"""The networks have the sizes, shapes and order that the paper and its weights fix."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from inference.preprocessing import Preprocessing
from inference.train.ethocnn import EthoCNN
from inference.train.ethocnn_lite import EthoCNNLite
from inference.train.network import logits_of

PARAMETERS = {
    "bn1": 22,
    "c11": 3_904,
    "c12": 3_904,
    "c13": 7_424,
    "c14": 7_424,
    "bn2": 256,
    "c2": 819_456,
    "bn3": 512,
    "c3": 885_120,
    "c32": 1_769_984,
    "c4": 1_179_904,
    "fc1": 8_390_656,
    "fc12": 4_196_352,
    "fc2": 16_392,
}


@pytest.fixture(scope="module")
def network() -> EthoCNN:
    torch.manual_seed(0)
    return EthoCNN().eval()


def _count(module: nn.Module) -> int:
    return sum(values.numel() for values in module.parameters())


def test_every_layer_has_the_parameters_of_the_published_network(network: EthoCNN) -> None:
    found = {name: _count(module) for name, module in network.named_children() if _count(module)}
    assert found == PARAMETERS
    assert sum(found.values()) == 17_281_310


def test_a_stack_costs_the_multiplications_of_the_published_network(network: EthoCNN) -> None:
    total = 0

    def count(module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal total
        assert isinstance(module, nn.Conv2d | nn.Linear)
        total += output.numel() * math.prod(module.weight.shape[1:])

    layers = [module for module in network.modules() if isinstance(module, nn.Conv2d | nn.Linear)]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    with torch.inference_mode():
        assert network.forward(torch.zeros(1, 11, 256, 256)).shape == (1, 8)
    for hook in hooks:
        hook.remove()
    assert total == 4_187_963_392


def test_the_stem_is_concatenated_in_the_order_of_the_published_weights(network: EthoCNN) -> None:
    seen: list[Tensor] = []
    hook = network.bn2.register_forward_pre_hook(lambda _module, inputs: seen.append(inputs[0]))
    picture = torch.rand(1, 11, 256, 256)
    with torch.inference_mode():
        network.forward(picture)
        normed = network.bn1(picture)
        expected = [
            nn.functional.max_pool2d(layer(normed).relu(), 3, 2)
            for layer in (network.c11, network.c13, network.c14, network.c12)
        ]
    hook.remove()
    for position, part in enumerate(expected):
        torch.testing.assert_close(seen[0][:, 32 * position : 32 * (position + 1)], part)


def test_dropout_stands_before_the_first_two_connected_layers_only() -> None:
    network = EthoCNN().train()
    seen: dict[str, float] = {}
    for name in ("fc1", "fc12", "fc2"):
        layer = network.get_submodule(name)
        layer.register_forward_pre_hook(
            lambda _module, inputs, name=name: seen.update({name: float(inputs[0].min())})
        )
    for layer in (network.c4, network.fc1, network.fc12):
        assert layer.bias is not None
        nn.init.zeros_(layer.weight)
        nn.init.ones_(layer.bias)  # nothing is zero unless it was dropped
    with torch.no_grad():
        network.forward(torch.rand(2, 11, 256, 256))
    assert seen["fc1"] == 0
    assert seen["fc12"] == 0
    assert seen["fc2"] > 0


def test_the_band_is_shown_to_the_paper_network_between_black_rows(network: EthoCNN) -> None:
    band = torch.randint(0, 256, (1, 11, 128, 256), dtype=torch.uint8)
    picture = torch.zeros(1, 11, 256, 256)
    picture[:, :, 64:192] = band / 256
    with torch.inference_mode():
        torch.testing.assert_close(
            logits_of(network, band, Preprocessing()), network.forward(picture)
        )


def test_the_small_network_keeps_its_limits() -> None:
    network = EthoCNNLite()
    assert _count(network) == 843_208
    with torch.inference_mode():
        assert network.eval().forward(torch.rand(2, 11, 128, 256)).shape == (2, 8)


def test_the_small_network_splits_a_stack_into_its_mean_and_what_changes() -> None:
    basis = EthoCNNLite().basis.double().numpy()
    np.testing.assert_allclose(basis @ np.ones(11), [1] + [0] * 10, atol=1e-6)
    np.testing.assert_allclose(basis[1:] @ basis[1:].T, 4 * np.eye(10), atol=1e-6)
