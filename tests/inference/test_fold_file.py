"""`folds.json`: a cross-validation only goes on with the same folds and plan."""

from pathlib import Path

import pytest

from inference.error import EvaluationError
from inference.evaluate.fold_file import FILE_NAME, FoldList, ListedFold, claim, read_folds

_FOLDS = (
    ListedFold(name="animal-01", training=("b", "c"), held_out=("a",)),
    ListedFold(name="animal-02", training=("a",), held_out=("b", "c")),
)
_LIST = FoldList(
    protocol="leave-one-animal-out",
    layout="published",
    frames_per_second=25,
    plan={"epochs": 40, "augmentation": {"mirrored": 0.2}},
    folds=_FOLDS,
)


def test_the_same_folds_are_gone_on_with(tmp_path: Path) -> None:
    claim(tmp_path / "out", _LIST)
    before = (tmp_path / "out" / FILE_NAME).read_bytes()
    claim(tmp_path / "out", _LIST)
    assert (tmp_path / "out" / FILE_NAME).read_bytes() == before
    assert read_folds(tmp_path / "out") == _LIST
    assert read_folds(tmp_path) is None


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"protocol": "clips"}, "protocol is clips here, leave-one-animal-out there"),
        ({"frames_per_second": 30}, "frames per second is 30 here, 25 there"),
        ({"plan": {"epochs": 1, "augmentation": {"mirrored": 0.2}}}, "epochs is 1 here, 40 there"),
        (
            {"plan": {"epochs": 40, "augmentation": {"mirrored": 0}}},
            "augmentation.mirrored is 0 here, 0.2 there",
        ),
        ({"folds": _FOLDS[:1]}, "number of folds is 1 here, 2 there"),
        (
            {"folds": (_FOLDS[0], _FOLDS[1].model_copy(update={"held_out": ("b",)}))},
            "animal-02 is of other clips than animal-02 there",
        ),
    ],
)
def test_what_differs_is_named_and_nothing_is_written(
    tmp_path: Path, changed: dict[str, object], sentence: str
) -> None:
    claim(tmp_path, _LIST)
    with pytest.raises(EvaluationError) as refusal:
        claim(tmp_path, _LIST.model_copy(update=changed))
    assert str(refusal.value) == (
        f"{tmp_path / FILE_NAME} is of another cross-validation: {sentence}"
    )
    assert read_folds(tmp_path) == _LIST


@pytest.mark.parametrize("content", ["", "{}", '{"schema": "ethoprofiler.folds/2"}', "[1]"])
def test_a_damaged_list_is_one_sentence(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE_NAME).write_text(content)
    with pytest.raises(EvaluationError, match=r"folds.json is damaged: "):
        claim(tmp_path, _LIST)
