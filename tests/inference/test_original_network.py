"""`ethocnn` is the published network: names, shapes, order, padding, dropout, to the last bit."""

import pytest
import torch
from torch import Tensor
from torch.nn.functional import (
    batch_norm,
    conv2d,
    dropout,
    linear,
    max_pool2d,
    relu,
)

from inference.train.ethocnn import EthoCNN

STATE = """
bn1.weight 11
bn1.bias 11
bn1.running_mean 11
bn1.running_var 11
bn1.num_batches_tracked -
c11.weight 32x11x11x1
c11.bias 32
c12.weight 32x11x1x11
c12.bias 32
c13.weight 32x11x7x3
c13.bias 32
c14.weight 32x11x3x7
c14.bias 32
bn2.weight 128
bn2.bias 128
bn2.running_mean 128
bn2.running_var 128
bn2.num_batches_tracked -
c2.weight 256x128x5x5
c2.bias 256
bn3.weight 256
bn3.bias 256
bn3.running_mean 256
bn3.running_var 256
bn3.num_batches_tracked -
c3.weight 384x256x3x3
c3.bias 384
c32.weight 512x384x3x3
c32.bias 512
c4.weight 256x512x3x3
c4.bias 256
fc1.weight 2048x4096
fc1.bias 2048
fc12.weight 2048x2048
fc12.bias 2048
fc2.weight 8x2048
fc2.bias 8
"""


@pytest.fixture(scope="module")
def network() -> EthoCNN:
    """Return a network whose batch norms are not the ones of a fresh network."""
    torch.manual_seed(3)
    network = EthoCNN()
    with torch.no_grad():
        for layer in (network.bn1, network.bn2, network.bn3):
            assert layer.running_mean is not None
            assert layer.running_var is not None
            layer.running_mean.uniform_(-0.3, 0.3)
            layer.running_var.uniform_(0.5, 2.0)
            layer.weight.uniform_(0.5, 1.5)
            layer.bias.uniform_(-0.3, 0.3)
    return network.eval()


def _rewritten(state: dict[str, Tensor], pictures: Tensor, *, is_training: bool) -> Tensor:
    """Compute the logits from named weights alone, as section 1 of the facts lists the steps."""

    def normed(values: Tensor, name: str) -> Tensor:
        mean, variance = state[f"{name}.running_mean"], state[f"{name}.running_var"]
        weight, bias = state[f"{name}.weight"], state[f"{name}.bias"]
        return batch_norm(values, mean, variance, weight, bias, training=is_training)

    def convolved(
        values: Tensor, name: str, stride: int = 1, padding: tuple[int, int] = (0, 0)
    ) -> Tensor:
        weight, bias = state[f"{name}.weight"], state[f"{name}.bias"]
        return relu(conv2d(values, weight, bias, stride, padding))

    def connected(values: Tensor, name: str) -> Tensor:
        return linear(values, state[f"{name}.weight"], state[f"{name}.bias"])

    values = normed(pictures, "bn1")
    tall = convolved(values, "c11", 2, (5, 0))
    wide = convolved(values, "c12", 2, (0, 5))
    taller = convolved(values, "c13", 2, (3, 1))
    wider = convolved(values, "c14", 2, (1, 3))
    values = max_pool2d(torch.cat((tall, taller, wider, wide), dim=1), 3, 2)
    assert values.shape[1:] == (128, 63, 63)
    values = max_pool2d(convolved(normed(values, "bn2"), "c2"), 3, 2)
    assert values.shape[1:] == (256, 29, 29)
    values = max_pool2d(convolved(normed(values, "bn3"), "c3"), 3, 2)
    assert values.shape[1:] == (384, 13, 13)
    values = convolved(values, "c32")
    assert values.shape[1:] == (512, 11, 11)
    values = max_pool2d(convolved(values, "c4"), 3, 2)
    assert values.shape[1:] == (256, 4, 4)
    values = relu(connected(dropout(values.flatten(1), 0.5, is_training), "fc1"))
    values = relu(connected(dropout(values, 0.5, is_training), "fc12"))
    return connected(values, "fc2")


def _copy(network: EthoCNN) -> dict[str, Tensor]:
    return {name: values.clone() for name, values in network.state_dict().items()}


def test_the_state_has_the_names_shapes_and_order_of_the_published_weights(
    network: EthoCNN,
) -> None:
    found = [
        f"{name} {'x'.join(map(str, values.shape)) or '-'}"
        for name, values in network.state_dict().items()
    ]
    assert found == STATE.split("\n")[1:-1]
    assert sum(values.numel() for values in network.buffers()) == 793
    assert sum(values.numel() for values in network.parameters()) == 17_281_310


def test_the_logits_are_those_of_the_steps_written_out(network: EthoCNN) -> None:
    pictures = torch.rand(2, 11, 256, 256)
    with torch.inference_mode():
        assert torch.equal(
            network(pictures), _rewritten(_copy(network), pictures, is_training=False)
        )


def test_in_training_batch_norm_and_dropout_stand_where_the_steps_have_them(
    network: EthoCNN,
) -> None:
    pictures = torch.rand(2, 11, 256, 256)
    state = _copy(network)
    trained = EthoCNN().train()
    trained.load_state_dict(state)
    with torch.no_grad():
        torch.manual_seed(7)
        found = trained(pictures)
        torch.manual_seed(7)
        assert torch.equal(found, _rewritten(state, pictures, is_training=True))
    for name in ("bn1.running_mean", "bn2.running_var", "bn3.running_mean"):
        assert torch.equal(trained.state_dict()[name], state[name])


def test_rows_outside_the_band_are_seen_by_the_network(network: EthoCNN) -> None:
    """So a picture that is not black there is another picture: why 256 x 256 input is not ours."""
    pictures = torch.zeros(1, 11, 256, 256)
    other = pictures.clone()
    other[:, :, :64] = 0.5
    with torch.inference_mode():
        assert not torch.equal(network(pictures), network(other))
