"""`ethoprofiler model calibrate`, `quantize` and `export --evaluation`."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from appliance.main import main
from inference.classifier import Classifier
from inference.error import EvaluationError
from inference.evaluate.card_figures import card_figures, card_sentence
from inference.evaluate.prediction_file import write_predictions
from inference.evaluate.report_building import build_report
from inference.evaluate.report_folder import REPORT_NAME, write_report
from inference.evaluate.temperature import soften
from inference.train.checkpoint import write_checkpoint
from inference.train.ethocnn_lite import EthoCNNLite
from inference.train.export import Attribution, export_model
from tests.inference.annotated_clips import write_clips
from tests.inference.judged_clips import (
    ANIMALS,
    about_predictions,
    about_report,
    judged_clip,
    judged_folds,
)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "small.onnx"
    torch.manual_seed(3)
    export_model(EthoCNNLite(), Attribution("small", "1", "Random weights.", "none"), path)
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


def test_folds_tell_the_temperature_of_a_model_trained_alike(model: Path, tmp_path: Path) -> None:
    options = []
    for fold in judged_folds():
        path = tmp_path / f"{fold.about.fold}.npz"
        write_predictions(path, fold.predictions, fold.about)
        options += ["--predictions", path]
    output = tmp_path / "calibrated.onnx"
    assert "4 animals" in _run("model", "calibrate", model, *options, "--output", output)


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
    assert "figures are of animals 02, which gave no ranges" in card["provenance"]
    assert "OK determinism" in _run("model", "verify", output)


def test_a_card_takes_the_figures_of_a_cross_validation(tmp_path: Path) -> None:
    report = build_report(judged_folds(), about_report())
    write_report(tmp_path, report)
    checkpoint, output = tmp_path / "040.pt", tmp_path / "mine.onnx"
    write_checkpoint(checkpoint, EthoCNNLite(), 40, {"frame_accuracy": 0.1})
    _run("model", "export", checkpoint, "--evaluation", tmp_path / REPORT_NAME, "--output", output)
    card = Classifier(output, "cpu").card
    assert card.evaluation == card_figures(report)
    low, high = (card.evaluation[f"frame_accuracy_{end}"] for end in ("low", "high"))
    assert 0 < low < card.evaluation["frame_accuracy"] < high < 1
    assert "4 networks trained alike (leave-one-animal-out" in card.provenance
    assert "animals 01, 02, 03, 04, which they never saw." in card.provenance


def test_a_card_does_not_take_the_figures_of_another_model_file() -> None:
    folds = [
        replace(fold, about=fold.about.model_copy(update={"protocol": "evaluate"}))
        for fold in judged_folds()
    ]
    report = build_report(folds, about_report())
    with pytest.raises(EvaluationError, match="not of a cross-validation"):
        card_sentence(report)
