"""`ethoprofiler model export --evaluation`: whose figures a card takes."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from appliance.main import main
from inference.classifier import Classifier
from inference.error import EvaluationError
from inference.evaluate.card_figures import card_figures, card_sentence
from inference.evaluate.protocol import TAUGHT
from inference.evaluate.report import Report, as_json
from inference.evaluate.report_building import build_report
from inference.preprocessing import Preprocessing
from inference.train.checkpoint import write_checkpoint
from inference.train.ethocnn_lite import EthoCNNLite
from inference.train.plan import Distillation, Plan, changed
from tests.inference.judged_clips import about_report, judged_folds

_PLAN = Plan(network="ethocnn-lite", epochs=40)


def _run(*arguments: object) -> str:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.output


def _refusal(*arguments: object) -> str:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == 1
    return result.output.splitlines()[-1]


def _report(plan: Plan | None) -> Report:
    about = about_report()
    document = plan.model_dump(mode="json") if plan else None
    return build_report(judged_folds(), about.model_copy(update={"plan": document}))


def _exported(
    folder: Path, report: Report, plan: Plan | None = _PLAN, frames_per_second: int = 25
) -> tuple[str | Path, ...]:
    """Write a report and a checkpoint of a plan; return how the command exports both."""
    document, checkpoint = folder / "report.json", folder / "040.pt"
    document.write_text(as_json(report))
    spec = Preprocessing(frames_per_second=frames_per_second)
    training = {"plan": plan.model_dump_json()} if plan else None
    write_checkpoint(checkpoint, EthoCNNLite(), 40, {"frame_accuracy": 0.1}, spec, training)
    output = folder / "mine.onnx"
    return ("model", "export", checkpoint, "--evaluation", document, "--output", output)


def test_a_card_takes_the_figures_of_a_cross_validation(tmp_path: Path) -> None:
    report = _report(changed(_PLAN, {"threads": 3}))
    _run(*_exported(tmp_path, report))
    card = Classifier(tmp_path / "mine.onnx", "cpu").card
    assert card.evaluation == card_figures(report)
    low, high = (card.evaluation[f"frame_accuracy_{end}"] for end in ("low", "high"))
    assert 0 < low < card.evaluation["frame_accuracy"] < high < 1
    assert "4 networks trained alike (leave-one-animal-out" in card.provenance
    assert "animals 01, 02, 03, 04, which they never saw." in card.provenance


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"rate": 0.01}, "rate is 0.03 in the checkpoint, 0.01 in the report"),
        ({"network": "ethocnn"}, "network is ethocnn-lite in the checkpoint, ethocnn in the re"),
    ],
)
def test_a_card_does_not_take_the_figures_of_networks_trained_otherwise(
    changes: dict[str, object], difference: str, tmp_path: Path
) -> None:
    said = _refusal(*_exported(tmp_path, _report(changed(_PLAN, changes))))
    assert f"is of networks trained otherwise than {tmp_path / '040.pt'}: {difference}" in said
    assert not (tmp_path / "mine.onnx").exists()


def test_a_card_does_not_take_the_figures_of_another_frame_rate(tmp_path: Path) -> None:
    said = _refusal(*_exported(tmp_path, _report(_PLAN), frames_per_second=30))
    assert said.endswith(": frames per second are 30 in the checkpoint, 25 in the report")


@pytest.mark.parametrize(("of_report", "of_checkpoint"), [(_PLAN, None), (None, _PLAN)])
def test_a_card_does_not_take_the_figures_of_nobody_knows_what(
    of_report: Plan | None, of_checkpoint: Plan | None, tmp_path: Path
) -> None:
    said = _refusal(*_exported(tmp_path, _report(of_report), of_checkpoint))
    assert " does not say how " in said


def test_a_report_and_a_card_tell_of_a_teacher() -> None:
    plain, taught = (
        _report(_PLAN),
        _report(changed(_PLAN, {"distillation": Distillation(teacher="f")})),
    )
    assert [text for text in taught.remarks if text not in plain.remarks] == [TAUGHT]
    assert card_sentence(taught).endswith(
        "which they never saw; their teacher may have learned from these animals."
    )


def test_a_card_does_not_take_the_figures_of_another_model_file() -> None:
    folds = [
        replace(fold, about=fold.about.model_copy(update={"protocol": "evaluate"}))
        for fold in judged_folds()
    ]
    report = build_report(folds, about_report())
    with pytest.raises(EvaluationError, match="not of a cross-validation"):
        card_sentence(report)
