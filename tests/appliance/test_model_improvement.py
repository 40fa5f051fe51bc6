"""`ethoprofiler model calibrate` and `quantize`."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from appliance.main import main
from inference.classifier import Classifier
from inference.evaluate.prediction_file import write_predictions
from inference.evaluate.temperature import soften
from inference.train.ethocnn_lite import EthoCNNLite
from inference.train.export import Attribution, export_model
from tests.inference.annotated_clips import write_clips
from tests.inference.judged_clips import (
    ANIMALS,
    about_predictions,
    judged_clip,
    judged_folds,
)

_EVALUATION = {"frame_accuracy": 0.25, "macro_accuracy": 0.125}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "small.onnx"
    torch.manual_seed(3)
    attribution = Attribution("small", "1", "Random weights.", "none", _EVALUATION)
    export_model(EthoCNNLite(), attribution, path)
    return path


def _run(*arguments: object) -> str:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.output


def _refusal(*arguments: object) -> str:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == 1
    return result.output.splitlines()[-1]


def _predictions(folder: Path, model: str, temperature: float = 1.0) -> Path:
    """Write predictions of four animals, made surer by a temperature below 1."""
    path = folder / "predictions.npz"
    clips = [soften(judged_clip(animal, 1), temperature) for animal in ANIMALS]
    write_predictions(path, clips, about_predictions().model_copy(update={"model": model}))
    return path


def test_a_calibrated_model_has_the_temperature_and_keeps_its_labels(
    model: Path, tmp_path: Path
) -> None:
    identity = Classifier(model, "cpu").identity()
    file = _predictions(tmp_path, identity)
    output = tmp_path / "calibrated.onnx"
    said = _run("model", "calibrate", model, "--predictions", file, "--output", output)
    found = Classifier(output, "cpu").card.temperature
    assert f"temperature {found:.3f} (" in said
    sharper = _predictions(tmp_path, identity, 0.25)
    said = _run("model", "calibrate", model, "--predictions", sharper, "--output", output)
    assert Classifier(output, "cpu").card.temperature == pytest.approx(4 * found, rel=1e-6)
    errors = re.search(r"animals left out: ([\d.]+)% before, ([\d.]+)% after", said)
    assert errors is not None
    assert float(errors[2]) < float(errors[1])
    stacks = np.random.default_rng(0).integers(0, 256, (4, 11, 128, 256), np.uint8)
    for stack in stacks:
        before, after = (Classifier(path, "cpu") for path in (model, output))
        assert (
            before.probabilities(stack[None]).argmax() == after.probabilities(stack[None]).argmax()
        )


def test_predictions_of_another_model_are_refused(model: Path, tmp_path: Path) -> None:
    file = _predictions(tmp_path, "other@0123456789ab")
    output = tmp_path / "calibrated.onnx"
    said = _refusal("model", "calibrate", model, "--predictions", file, "--output", output)
    assert said.startswith("Error: the predictions are of other@0123456789ab, the model is small@")
    assert not output.exists()


def _fold_options(folder: Path, model: str, frames_per_second: float = 25) -> list[object]:
    """Write predictions of four folds; return the options that name them."""
    options: list[object] = []
    for fold in judged_folds():
        path = folder / f"{fold.about.fold}.npz"
        changes = {"model": model, "frames_per_second": frames_per_second}
        write_predictions(path, fold.predictions, fold.about.model_copy(update=changes))
        options += ["--predictions", path]
    return options


def test_folds_tell_the_temperature_of_a_model_trained_alike(model: Path, tmp_path: Path) -> None:
    options = _fold_options(tmp_path, f"ethocnn-lite@{'0' * 64}")
    output = tmp_path / "calibrated.onnx"
    assert "4 animals" in _run("model", "calibrate", model, *options, "--output", output)
    card = Classifier(output, "cpu").card
    frames = sum((clip.truth != 8).sum() for fold in judged_folds() for clip in fold.predictions)
    assert card.provenance == (
        f"Random weights. Temperature {card.temperature:.3f} fitted on 4 files of predictions "
        f"(leave-one-animal-out) of animals 01, 02, 03, 04, {frames:,} frames."
    )


@pytest.mark.parametrize(
    ("network", "rate", "reason"),
    [
        ("ethocnn@0123", 25, "the predictions are of ethocnn@0123, the model is small@"),
        ("other 1", 25, "the predictions are of other 1, the model is small@"),
        ("ethocnn-lite@0123", 30, "the predictions are of networks for 30 frames a second, the"),
    ],
)
def test_folds_of_another_network_are_refused(
    network: str, rate: float, reason: str, model: Path, tmp_path: Path
) -> None:
    options = _fold_options(tmp_path, network, rate)
    output = tmp_path / "calibrated.onnx"
    assert reason in _refusal("model", "calibrate", model, *options, "--output", output)
    assert not output.exists()


def test_a_fold_given_twice_is_refused(model: Path, tmp_path: Path) -> None:
    options = _fold_options(tmp_path, "ethocnn-lite@0123")
    said = _refusal("model", "calibrate", model, *options, *options[:2], "--output", "c.onnx")
    assert said == "Error: fold animal-01 is given more than once"


def test_one_animal_cannot_judge_a_temperature(model: Path, tmp_path: Path) -> None:
    path = tmp_path / "predictions.npz"
    about = about_predictions().model_copy(update={"model": Classifier(model, "cpu").identity()})
    write_predictions(path, [judged_clip("01", 1)], about)
    said = _refusal(
        "model", "calibrate", model, "--predictions", path, "--output", path.with_suffix(".onnx")
    )
    assert "two or more are needed" in said


def test_a_quantized_model_says_what_it_lost_and_passes_the_checks(
    model: Path, tmp_path: Path
) -> None:
    clips, output = tmp_path / "clips", tmp_path / "fast.onnx"
    clips.mkdir()
    write_clips(clips, ["01", "02"])
    places = ("--calibration", clips, "--cache", tmp_path / "bands", "--output", output)
    refused = _refusal("model", "quantize", model, *places, "--held-out", "03")
    assert refused == "Error: animal 03 is not in the data set (01, 02)"
    said = _run("model", "quantize", model, *places, "--least-agreement", "0")
    assert re.search(r"[\d.]+% of 176 labels as before; frame accuracy .* x the speed", said)
    card = json.loads(_run("model", "show", output, "--json"))
    assert (card["precision"], card["name"]) == ("int8", "fast")
    assert card["evaluation"] == _EVALUATION  # of animals that the model has not learned from
    assert "; the card's figures are from before that; on animals 02, which" in card["provenance"]
    assert re.search(r"[\d.]+% of 176 labels as before; frame", card["provenance"])
    assert "OK determinism" in _run("model", "verify", output)
