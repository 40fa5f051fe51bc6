"""A temperature on a model's card changes confidences, never labels; without one, nothing."""

from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from appliance.model_folder import find_model
from inference.classifier import Classifier
from inference.determinism import random_stacks
from inference.error import ModelError
from inference.model_card import ModelCard
from inference.train.card_change import write_with_card
from inference.train.ethocnn_lite import EthoCNNLite
from inference.train.export import Attribution, export_model

_SHAPE = (11, 128, 256)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "plain.onnx"
    torch.manual_seed(3)
    export_model(EthoCNNLite(), Attribution("plain", "1", "random weights", "none"), path)
    return path


def _with_temperature(plain: Path, temperature: float, folder: Path) -> Classifier:
    card = Classifier(plain, "cpu").card.model_copy(update={"temperature": temperature})
    write_with_card(plain, card, folder / "other.onnx")
    return Classifier(folder / "other.onnx", "cpu")


@pytest.mark.parametrize("temperature", [0.05, 0.5, 2.0, 20.0])
def test_logits_are_divided_by_the_temperature_and_labels_stay(
    plain: Path, tmp_path: Path, temperature: float
) -> None:
    stacks = random_stacks(12, _SHAPE, seed=1)
    softened = _with_temperature(plain, temperature, tmp_path)
    for stack in stacks:
        before = Classifier(plain, "cpu").probabilities(stack[None])[0]
        after = softened.probabilities(stack[None])[0]
        powers = before ** (1 / temperature)
        np.testing.assert_allclose(after, powers / powers.sum(), rtol=1e-9)
        assert after.argmax() == before.argmax()


def test_a_card_without_a_temperature_says_what_it_always_said(plain: Path, tmp_path: Path) -> None:
    card = Classifier(plain, "cpu").card
    assert card.temperature == 1
    assert not {"temperature", "precision"} & set(
        ModelCard.model_validate_json(card.as_json()).model_fields_set
    )
    write_with_card(plain, card, tmp_path / "again.onnx")
    assert (tmp_path / "again.onnx").read_bytes() == plain.read_bytes()


def test_the_shipped_model_is_written_again_with_the_same_bytes(tmp_path: Path) -> None:
    shipped = find_model("ethocnn-lite-simulated")
    write_with_card(shipped, Classifier(shipped, "cpu").card, tmp_path / "again.onnx")
    assert (tmp_path / "again.onnx").read_bytes() == shipped.read_bytes()


@pytest.mark.parametrize("temperature", [0.0, 0.049, 20.1, float("nan")])
def test_a_temperature_that_no_fit_gives_is_refused(plain: Path, temperature: float) -> None:
    card = Classifier(plain, "cpu").card.model_dump() | {"temperature": temperature}
    with pytest.raises(ValidationError, match="temperature"):
        ModelCard.model_validate(card)


def test_a_damaged_model_is_not_sealed_again(plain: Path, tmp_path: Path) -> None:
    card = Classifier(plain, "cpu").card
    damaged = tmp_path / "damaged.onnx"
    content = bytearray(plain.read_bytes())
    content[1000] ^= 1
    damaged.write_bytes(content)
    with pytest.raises(ModelError, match="is damaged"):
        write_with_card(damaged, card, tmp_path / "new.onnx")
    assert not (tmp_path / "new.onnx").exists()
