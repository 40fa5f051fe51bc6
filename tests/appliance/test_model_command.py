"""`ethoprofiler model` and `train` answer in sentences."""

import json
import sys
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result

from appliance.main import main
from inference.preprocessing import Preprocessing
from inference.train.checkpoint import write_checkpoint
from inference.train.ethocnn_lite import EthoCNNLite
from inference.train.export import Attribution, export_model


def _run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def _refusal(*arguments: str | Path) -> str:
    """Return the one line with which a command refuses."""
    result = _run(*arguments)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    (line,) = result.output.splitlines()
    return line


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    path = tmp_path / "ethocnn-lite_003.pt"
    torch.manual_seed(1)
    write_checkpoint(path, EthoCNNLite(), epoch=3, evaluation={"macro_accuracy": 0.75})
    return path


def test_a_checkpoint_becomes_a_model_file_that_passes_its_checks(
    checkpoint: Path, tmp_path: Path
) -> None:
    output = tmp_path / "mine.onnx"
    exported = _run("model", "export", checkpoint, "--output", output, "--license", "CC0")
    assert exported.exit_code == 0
    assert "mine 1, 843,208 parameters, 76 M multiplications" in exported.output
    assert "100% of the labels" in exported.output
    verified = _run("model", "verify", output)
    assert verified.exit_code == 0
    assert [line.split()[:2] for line in verified.output.splitlines()] == [
        ["OK", "seal"],
        ["OK", "card"],
        ["OK", "graph"],
        ["OK", "shapes"],
        ["OK", "logits"],
        ["OK", "determinism"],
    ]
    card = json.loads(_run("model", "show", output, "--json").output)
    assert (card["name"], card["license"]) == ("mine", "CC0")
    assert card["evaluation"] == {"macro_accuracy": 0.75}
    assert card["batch"] == 1


def test_a_model_file_keeps_the_preprocessing_of_its_training(tmp_path: Path) -> None:
    checkpoint, output = tmp_path / "001.pt", tmp_path / "mine.onnx"
    spec = Preprocessing(frames_per_second=30)
    write_checkpoint(checkpoint, EthoCNNLite(), epoch=1, evaluation={}, spec=spec)
    assert _run("model", "export", checkpoint, "--output", output).exit_code == 0
    card = json.loads(_run("model", "show", output, "--json").output)
    assert card["preprocessing"] == spec.model_dump(mode="json")


def _overflowing() -> EthoCNNLite:
    """Return a network of finite weights whose answers are not."""
    network = EthoCNNLite()
    with torch.no_grad():
        network.hidden.weight.fill_(3e38)
        network.output.weight.fill_(3e38)
    return network


def test_a_network_that_overflows_is_not_exported(tmp_path: Path) -> None:
    checkpoint, output = tmp_path / "ethocnn-lite_001.pt", tmp_path / "mine.onnx"
    write_checkpoint(checkpoint, _overflowing(), epoch=1, evaluation={})
    sentence = _refusal("model", "export", checkpoint, "--output", output)
    assert sentence == "Error: mine: the network's answer is not a finite number"
    assert list(tmp_path.iterdir()) == [checkpoint]


def test_a_variance_below_zero_is_refused(tmp_path: Path) -> None:
    network = EthoCNNLite()
    network.state_dict()["stem_norm.running_var"].fill_(-1)
    checkpoint, output = tmp_path / "ethocnn-lite_001.pt", tmp_path / "mine.onnx"
    write_checkpoint(checkpoint, network, epoch=1, evaluation={})
    sentence = _refusal("model", "export", checkpoint, "--output", output)
    assert sentence.endswith("variances below zero: stem_norm.running_var")
    assert list(tmp_path.iterdir()) == [checkpoint]


def test_a_difference_that_is_no_number_is_too_large(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.model_writer._LARGEST_DIFFERENCE", float("nan"))
    sentence = _refusal("model", "export", checkpoint, "--output", tmp_path / "mine.onnx")
    assert "was not written" in sentence


def test_a_model_that_overflows_does_not_verify(tmp_path: Path) -> None:
    output = tmp_path / "mine.onnx"
    export_model(_overflowing(), Attribution("mine", "1", "", ""), output)
    result = _run("model", "verify", output)
    assert result.exit_code == 1
    refused = "Error: mine: the network's answer is not a finite number"
    assert result.output.splitlines()[-1] == refused


def test_an_output_that_is_none_is_refused_by_every_command(
    checkpoint: Path, tmp_path: Path
) -> None:
    for command in ("import", "export"):
        for output, reason in (("m.pt", "does not end in .onnx"), ("n/m.onnx", "is not a folder")):
            assert reason in _refusal("model", command, checkpoint, "--output", tmp_path / output)


def test_a_list_goes_on_after_a_damaged_file(model_path: Path, tmp_path: Path) -> None:
    (tmp_path / "a.onnx").write_bytes(model_path.read_bytes())
    (tmp_path / "b.onnx").write_bytes(model_path.read_bytes()[:-1])
    rows = json.loads(_run("model", "list", "--folder", tmp_path, "--json").output)
    by_name = {Path(row["file"]).name: row for row in rows}
    assert by_name["a.onnx"]["name"] == "random"
    assert "is damaged" in by_name["b.onnx"]["error"]
    table = _run("model", "list", "--folder", tmp_path).output
    assert "random" in table
    assert "damaged" in table


def test_a_damaged_model_does_not_verify(model_path: Path, tmp_path: Path) -> None:
    content = bytearray(model_path.read_bytes())
    content[len(content) // 2] ^= 1
    path = tmp_path / "flipped.onnx"
    path.write_bytes(content)
    assert "is damaged" in _refusal("model", "verify", path)


def test_wrong_weights_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    weights, output = tmp_path / "step_40.model", tmp_path / "paper.onnx"
    torch.save({"c2.weight": torch.zeros(1)}, weights)
    sentence = _refusal("model", "import", weights, "--output", output)
    assert sentence.startswith(f"Error: {weights} does not hold the weights of ethocnn: ")
    assert not output.exists()


def test_a_result_that_answers_otherwise_is_not_written(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.model_writer._LARGEST_DIFFERENCE", 0.0)
    output = tmp_path / "mine.onnx"
    output.write_bytes(b"an older model")
    assert "was not written" in _refusal("model", "export", checkpoint, "--output", output)
    assert output.read_bytes() == b"an older model"
    assert sorted(path.name for path in tmp_path.iterdir()) == [checkpoint.name, output.name]


def test_without_torch_the_commands_say_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "inference.train.weights", None)
    monkeypatch.setitem(sys.modules, "inference.train.export", None)
    output = tmp_path / "model.onnx"
    for arguments in (
        ("model", "import", "x.model", "--output", output),
        ("model", "export", "x.pt", "--output", output),
        ("train", tmp_path, "--output", output),
    ):
        assert "install `ethoprofiler[train]`" in _refusal(*arguments)


def test_training_refuses_before_it_starts(tmp_path: Path) -> None:
    output = tmp_path / "model.onnx"
    cache = tmp_path / "cache"
    assert "holds no clip" in _refusal("train", tmp_path, "--output", output, "--cache", cache)
