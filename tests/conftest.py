"""Fixtures that many tests share."""

from pathlib import Path
from typing import Final

import pytest
import torch

from inference.train.export import Attribution, export_model
from inference.train.network import create_network

SHARED: Final = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session", autouse=True)
def _one_torch_thread() -> None:
    """Keep PyTorch's threads from waiting for each other on a busy machine."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def model_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A valid model file of the small network with random weights: fast, its labels vary."""
    torch.manual_seed(5)
    network = create_network("ethocnn-lite")
    with torch.no_grad():
        for name, weights in network.named_parameters():
            if name.endswith("weight") and weights.ndim > 1:
                weights.mul_(2.0)
    path = tmp_path_factory.mktemp("model") / "random.onnx"
    attribution = Attribution("random", "0", "random weights, for tests", "BSD-3-Clause")
    export_model(network, attribution, path)
    return path


@pytest.fixture
def shared_data() -> Path:
    """The folder of real videos, which only the developers have."""
    if not SHARED.is_dir():
        pytest.skip("the real videos are not on this machine")
    return SHARED
