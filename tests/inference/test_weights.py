"""Weights from strangers' files: taken whole or refused in a sentence."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
import torch
from torch import Tensor

from inference.error import ModelError
from inference.preprocessing import Preprocessing
from inference.train.checkpoint import write_checkpoint
from inference.train.ethocnn import EthoCNN
from inference.train.ethocnn_lite import EthoCNNLite
from inference.train.plan import Plan
from inference.train.process_group import alone
from inference.train.step import Learner
from inference.train.training_state import Position, TrainingState, write_state
from inference.train.weights import load_checkpoint, load_weights

LITE: Final = "ethocnn-lite"
ONE = torch.ones(1)


@pytest.fixture(scope="module")
def weights() -> dict[str, Tensor]:
    torch.manual_seed(9)
    return EthoCNN().state_dict()


@pytest.mark.parametrize(
    "wrap",
    [
        lambda weights: weights,
        lambda weights: {"state_dict": weights, "epoch": 3},
        lambda weights: {"model_state_dict": weights, "optimizer_state_dict": {}},
        lambda weights: {f"module.{name}": value for name, value in weights.items()},
    ],
    ids=["plain", "state_dict", "model_state_dict", "data parallel"],
)
def test_weights_are_found_in_every_usual_wrapping(
    wrap: Callable[[dict[str, Tensor]], object], weights: dict[str, Tensor], tmp_path: Path
) -> None:
    path = tmp_path / "step_40.model"
    torch.save(wrap(weights), path)
    found = load_weights(path).state_dict()
    assert all(torch.equal(found[name], value) for name, value in weights.items())


def test_every_fault_is_named_in_one_sentence(weights: dict[str, Tensor], tmp_path: Path) -> None:
    path = tmp_path / "step_40.model"
    wrong = dict(weights)
    del wrong["c2.bias"], wrong["bn3.running_var"]
    wrong["c5.weight"] = torch.zeros(1)
    wrong["fc2.weight"] = torch.zeros(10, 2048)
    torch.save(wrong, path)
    with pytest.raises(ModelError) as caught:
        load_weights(path)
    assert str(caught.value) == (
        f"{path} does not hold the weights of ethocnn: c2.bias is missing, "
        "bn3.running_var is missing, c5.weight is unexpected, "
        "fc2.weight is 10x2048 where 8x2048 is expected"
    )


def test_weights_that_are_not_numbers_are_refused(
    weights: dict[str, Tensor], tmp_path: Path
) -> None:
    path = tmp_path / "step_40.model"
    torch.save(weights | {"fc2.bias": torch.full((8,), torch.nan)}, path)
    with pytest.raises(ModelError, match=r"not numbers, or variances below zero: fc2\.bias"):
        load_weights(path)


def test_a_file_that_holds_code_is_refused_and_the_code_not_run(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.mkdir, (str(tmp_path / "sprung"),)

    path = tmp_path / "trap.model"
    torch.save(Trap(), path)
    with pytest.raises(ModelError, match="holds code, which is never run"):
        load_weights(path)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04" + bytes(1000)])
def test_another_kind_of_file_is_one_sentence(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "other.model"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"^[^\n]*other\.model is not a [^\n]*$"):
        load_weights(path)


def test_a_truncated_file_is_one_sentence(weights: dict[str, Tensor], tmp_path: Path) -> None:
    path = tmp_path / "short.model"
    torch.save(weights, path)
    path.write_bytes(path.read_bytes()[:1_000_000])
    with pytest.raises(ModelError, match="not a PyTorch weights file or is damaged"):
        load_weights(path)


def test_a_file_of_something_else_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "list.model"
    torch.save([1, 2, 3], path)
    with pytest.raises(ModelError, match="holds a list, not named weights"):
        load_weights(path)


def test_a_missing_file_and_a_folder_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.model does not exist"):
        load_weights(tmp_path / "none.model")
    with pytest.raises(ModelError, match="cannot be read: Is a directory"):
        load_weights(tmp_path)


def test_a_checkpoint_of_ours_comes_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "ethocnn-lite_001.pt"
    network, spec, plan = EthoCNNLite(), Preprocessing(frames_per_second=30), Plan(network=LITE)
    training = {"plan": plan.model_dump_json()}
    write_checkpoint(path, network, 1, {"macro_accuracy": 0.5}, spec, training)
    found = load_checkpoint(path)
    assert isinstance(found.network, EthoCNNLite)
    assert torch.equal(found.network.stem.weight, network.stem.weight)
    assert found.evaluation == {"macro_accuracy": 0.5}
    assert (found.spec, found.plan) == (spec, plan)


def test_a_state_of_a_training_keeps_its_preprocessing_and_its_plan(tmp_path: Path) -> None:
    path = tmp_path / "state.pt"
    spec, plan = Preprocessing(frames_per_second=30), Plan(network=LITE, epochs=3)
    write_state(path, TrainingState(plan, ""), Learner(plan, spec, alone()), Position(), {})
    found = load_checkpoint(path)
    assert (found.spec, found.plan) == (spec, plan)


def test_a_checkpoint_without_preprocessing_was_trained_with_the_usual(tmp_path: Path) -> None:
    path = tmp_path / "ethocnn-lite_001.pt"
    torch.save({"network": LITE, "state_dict": EthoCNNLite().state_dict()}, path)
    found = load_checkpoint(path)
    assert (found.spec, found.plan) == (Preprocessing(), None)


@pytest.mark.parametrize("harmed", ['{"divisor": "many"}', "", 1])
def test_a_preprocessing_that_is_none_is_one_sentence(harmed: object, tmp_path: Path) -> None:
    path = tmp_path / "ethocnn-lite_001.pt"
    weights = EthoCNNLite().state_dict()
    torch.save({"network": LITE, "state_dict": weights, "preprocessing": harmed}, path)
    with pytest.raises(ModelError, match=r"^[^\n]*001\.pt: its preprocessing is not one of ours$"):
        load_checkpoint(path)


@pytest.mark.parametrize("training", [{}, {"plan": 1}, {"plan": '{"network": "other"}'}, 1])
def test_a_plan_that_this_version_does_not_know_is_none(training: object, tmp_path: Path) -> None:
    path = tmp_path / "ethocnn-lite_001.pt"
    weights = EthoCNNLite().state_dict()
    torch.save({"network": LITE, "state_dict": weights, "training": training}, path)
    assert load_checkpoint(path).plan is None


def test_foreign_weights_are_not_taken_for_a_checkpoint_of_ours(
    weights: dict[str, Tensor], tmp_path: Path
) -> None:
    path = tmp_path / "step_40.model"
    torch.save(weights, path)
    with pytest.raises(ModelError, match="not a checkpoint of `ethoprofiler train`"):
        load_checkpoint(path)


@pytest.mark.parametrize(
    "evaluation",
    [
        {"macro_accuracy": "high"},
        {"macro_accuracy": None},
        {"macro_accuracy": torch.nan},
        {"macro_accuracy": 10**400},
        {7: 0.5},
        [0.5],
        0.5,
    ],
)
def test_figures_that_are_none_are_one_sentence(evaluation: object, tmp_path: Path) -> None:
    path = tmp_path / "ethocnn-lite_001.pt"
    weights = EthoCNNLite().state_dict()
    torch.save({"network": "ethocnn-lite", "evaluation": evaluation, "state_dict": weights}, path)
    with pytest.raises(ModelError, match=r"001\.pt: its evaluation "):
        load_checkpoint(path)


@pytest.mark.parametrize(
    "broken",
    [
        torch.zeros(8).to_sparse(),
        torch.zeros(8, dtype=torch.int64),
        torch.zeros(8, dtype=torch.complex64),
        torch.zeros(8, device="meta"),
    ],
    ids=["sparse", "integers", "complex", "meta"],
)
def test_tensors_that_are_not_plain_numbers_are_named(broken: Tensor, tmp_path: Path) -> None:
    path = tmp_path / "ethocnn-lite_001.pt"
    weights = EthoCNNLite().state_dict() | {"output.bias": broken}
    torch.save({"network": "ethocnn-lite", "state_dict": weights}, path)
    with pytest.raises(ModelError, match=r"^[^\n]*output\.bias is not plain numbers$"):
        load_checkpoint(path)


@pytest.mark.parametrize("is_archive", [True, False], ids=["archive", "pickle"])
def test_a_damaged_file_is_always_one_sentence(is_archive: bool, tmp_path: Path) -> None:
    path = tmp_path / "fuzzed.pt"
    content = {"network": "ethocnn-lite", "evaluation": {"a": 0.5}, "state_dict": {"b": ONE}}
    torch.save(content, path, _use_new_zipfile_serialization=is_archive)
    whole = path.read_bytes()
    generator = np.random.default_rng(1)
    for _ in range(1500):
        damaged = np.frombuffer(whole, np.uint8).copy()
        places = generator.integers(len(damaged), size=generator.integers(1, 6))
        damaged[places] = generator.integers(256, size=len(places))
        path.write_bytes(damaged[: generator.integers(1, 3 * len(damaged))].tobytes())
        with pytest.raises(ModelError, match=r"\A[^\n]*fuzzed\.pt[^\n]*\Z"):
            load_checkpoint(path)
