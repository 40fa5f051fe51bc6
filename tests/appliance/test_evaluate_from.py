"""`ethoprofiler evaluate --from`: a report of predictions alone, and of nothing else."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from appliance.main import main
from inference.evaluate.fold_file import FoldList, ListedFold
from inference.evaluate.prediction_file import write_predictions
from tests.inference.judged_clips import about_predictions, judged_clip, judged_folds


def _run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def _refusal(*arguments: str | Path) -> str:
    result = _run(*arguments)
    assert result.exit_code == 1, result.output
    return result.output.splitlines()[-1]


def _evaluation(folder: Path, animal: str, model: str) -> Path:
    """Write the predictions of one model on one clip, and a report of another version."""
    folder.mkdir()
    about = about_predictions().model_copy(update={"model": model})
    write_predictions(folder / "predictions.npz", [judged_clip(animal, 1, bouts=8)], about)
    (folder / "report.json").write_text('{"schema": "ethoprofiler.evaluation/0"}')
    return folder


@pytest.fixture
def evaluations(tmp_path: Path) -> tuple[Path, Path]:
    return (
        _evaluation(tmp_path / "good", "01", "good@1"),
        _evaluation(tmp_path / "bad", "02", "bad@2"),
    )


def test_one_model_s_report_never_holds_or_replaces_another_s(
    evaluations: tuple[Path, Path], tmp_path: Path
) -> None:
    good, bad = evaluations
    before = (bad / "report.json").read_bytes()
    both = ("--from", good, "--from", bad)
    assert "a report is of one model" in _refusal("evaluate", *both, "--output", tmp_path / "new")
    assert _refusal("evaluate", "--from", good, "--output", bad) == (
        f"Error: {bad} holds other predictions than those reported: choose another folder"
    )
    assert (bad / "report.json").read_bytes() == before
    assert "holds no predictions.npz" in _refusal(
        "evaluate", "--from", tmp_path, "--output", tmp_path / "new"
    )


def test_a_report_that_cannot_be_read_leaves_the_predictions(
    evaluations: tuple[Path, Path], tmp_path: Path
) -> None:
    good, _ = evaluations
    compared = _run("compare", good, good)
    assert compared.exit_code == 0, compared.output
    assert "report.json is no report" in compared.output
    again = _run("evaluate", "--from", good, "--output", tmp_path / "new")
    assert again.exit_code == 0, again.output
    assert "; only the predictions are used" in again.output
    report = json.loads((tmp_path / "new" / "report.json").read_text())
    assert report["about"]["model"]["identity"] == "good@1"


def test_an_unfinished_cross_validation_is_reported_fold_by_fold_only(tmp_path: Path) -> None:
    folds = judged_folds()
    names = [fold.about.fold for fold in folds]
    listed = FoldList(
        protocol="leave-one-animal-out",
        layout="published",
        frames_per_second=25,
        plan={},
        folds=tuple(ListedFold(name=name, training=(), held_out=()) for name in names),
    )
    cross_validation, out = tmp_path / "cv", tmp_path / "new"
    options: list[str | Path] = []
    for fold in folds[:2]:
        folder = cross_validation / "folds" / fold.about.fold
        folder.mkdir(parents=True)
        write_predictions(folder / "predictions.npz", fold.predictions, fold.about)
        options += ["--from", folder]
    (cross_validation / "folds.json").write_text(listed.model_dump_json(by_alias=True))
    sentence = "2 of 4 folds are missing: animal-03, animal-04"
    refusal = _refusal("evaluate", "--from", cross_validation, "--output", out)
    assert sentence in refusal
    assert sentence in _refusal("compare", cross_validation, cross_validation)
    assert _run("evaluate", *options, "--output", out).exit_code == 0
    assert json.loads((out / "report.json").read_text())["remarks"][0] == f"{sentence}."
    assert "choose another folder" in _refusal("evaluate", *options, "--output", cross_validation)
