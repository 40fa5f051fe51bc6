"""A folder means its predictions, all of them, and never shows another's report."""

from pathlib import Path

import pytest

from inference.error import EvaluationError
from inference.evaluate.fold_file import FoldList, ListedFold
from inference.evaluate.prediction_file import write_predictions
from inference.evaluate.report_folder import (
    find_predictions,
    missing_folds,
    read_report,
    refuse_other_predictions,
    refuse_other_report,
)
from tests.inference.judged_clips import about_predictions, judged_clip

FOLDS = ("animal-02", "animal-01", "animal-03")


@pytest.fixture
def cross_validation(tmp_path: Path) -> Path:
    """Return the folder of three folds of which the last is not finished."""
    folder = tmp_path / "cv"
    listed = tuple(ListedFold(name=name, training=(), held_out=()) for name in FOLDS)
    found = FoldList(
        protocol="leave-one-animal-out",
        layout="published",
        frames_per_second=25,
        plan={},
        folds=listed,
    )
    for name in FOLDS:
        (folder / "folds" / name).mkdir(parents=True)
    (folder / "folds.json").write_text(found.model_dump_json(by_alias=True))
    for file in _files(folder)[:2]:
        file.touch()
    return folder


def _files(folder: Path) -> list[Path]:
    return [folder / "folds" / name / "predictions.npz" for name in FOLDS]


def test_what_is_no_report_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    with pytest.raises(EvaluationError, match=r"report\.json cannot be read: No such file"):
        read_report(path)
    path.write_text('{"schema": "ethoprofiler.evaluation/2"}')
    with pytest.raises(EvaluationError, match=r"report\.json is no report: "):
        read_report(path)


def test_predictions_are_found_in_evaluations_and_cross_validations(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="does not exist"):
        find_predictions(tmp_path / "none")
    with pytest.raises(EvaluationError, match=r"holds no predictions\.npz"):
        find_predictions(tmp_path)
    files = [tmp_path / "folds" / name / "predictions.npz" for name in ("a", "b")]
    for file in files:
        file.parent.mkdir(parents=True)
        file.touch()
    assert find_predictions(tmp_path) == files
    assert find_predictions(tmp_path / "folds") == files
    assert find_predictions(files[0].parent) == files[:1]
    assert find_predictions(files[0]) == files[:1]


def test_a_folder_of_evaluations_is_not_taken_for_folds(tmp_path: Path) -> None:
    for name in ("good", "bad"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "predictions.npz").touch()
    with pytest.raises(EvaluationError, match=r"holds no predictions\.npz"):
        find_predictions(tmp_path)


def test_a_cross_validation_is_its_listed_folds_whatever_else_lies_there(
    cross_validation: Path,
) -> None:
    files = _files(cross_validation)
    files[2].touch()
    (cross_validation / "predictions.npz").touch()
    (cross_validation / "folds" / "other").mkdir()
    (cross_validation / "folds" / "other" / "predictions.npz").touch()
    assert find_predictions(cross_validation) == files
    assert find_predictions(cross_validation / "folds") == files
    assert missing_folds(files) == []


def test_the_name_of_a_cross_validation_does_not_matter(
    cross_validation: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _files(cross_validation)[2].touch()
    renamed = cross_validation.rename(tmp_path / "folds")
    assert find_predictions(renamed) == _files(renamed)
    assert find_predictions(renamed / "folds") == _files(renamed)
    monkeypatch.chdir(renamed / "folds")
    assert find_predictions(Path()) == _files(renamed)


def test_an_unfinished_cross_validation_is_not_reported_as_a_whole_one(
    cross_validation: Path,
) -> None:
    for path in (cross_validation, cross_validation / "folds"):
        with pytest.raises(EvaluationError, match="cv: 1 of 3 folds is missing: animal-03; name"):
            find_predictions(path)
    files = _files(cross_validation)
    assert find_predictions(files[0].parent) == files[:1]
    assert missing_folds(files[:2]) == ["1 of 3 folds is missing: animal-03."]
    assert missing_folds(files[1:2]) == ["2 of 3 folds are missing: animal-02, animal-03."]


def test_a_report_does_not_lie_beside_other_predictions(
    cross_validation: Path, tmp_path: Path
) -> None:
    files = _files(cross_validation)
    refuse_other_report(cross_validation, files)
    refuse_other_report(files[0].parent, files[:1])
    refuse_other_report(tmp_path / "new", files)
    for folder, reported in (
        (cross_validation, files[:2]),
        (cross_validation, [tmp_path / "predictions.npz"]),
        (files[0].parent, files[1:2]),
        (files[0].parent, files[:2]),
    ):
        with pytest.raises(EvaluationError, match="holds other predictions than those reported"):
            refuse_other_report(folder, reported)


def test_a_model_s_predictions_replace_only_its_own(cross_validation: Path, tmp_path: Path) -> None:
    for folder in (cross_validation, _files(cross_validation)[2].parent):
        with pytest.raises(EvaluationError, match="is of a cross-validation: choose another"):
            refuse_other_predictions(folder, "random@0123456789ab")
    write_predictions(tmp_path / "predictions.npz", [judged_clip("01", 1)], about_predictions())
    refuse_other_predictions(tmp_path, "random@0123456789ab")
    refuse_other_predictions(tmp_path / "new", "random@0123456789ab")
    with pytest.raises(EvaluationError, match="holds predictions of random@0123456789ab"):
        refuse_other_predictions(tmp_path, "other@1")
