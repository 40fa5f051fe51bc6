"""`ethoprofiler evaluate` and `compare` say how good a model is, or why they cannot."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from appliance.main import main
from inference.evaluate.prediction_file import read_predictions, write_predictions
from inference.label_file import read_codes, read_labels, rows_of, write_annotation
from tests.video_factory import moving_square, write_video

FRAMES = {"01": 30, "02": 22, "03": 9}
"""Two whole stacks and a rest, two whole stacks, less than a stack."""


@pytest.fixture(scope="module")
def data_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    for animal, frames in FRAMES.items():
        video = folder / f"{animal}_20180418_1200_s0_n{frames}.mkv"
        write_video(video, moving_square(frames), rate=25, options={"preset": "ultrafast"})
        write_annotation(folder / f"{video.stem}_map.csv", np.arange(frames) // 4 % 8)
    return folder


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def evaluated(
    data_set: Path, cache: Path, model_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Result]:
    """Return the folder of an evaluation, and what was printed. The short clip is left out."""
    folder = tmp_path_factory.mktemp("evaluation") / "new"
    chosen = ("--animals", "01", "--animals", "02")
    return folder, _evaluate(model_path, data_set, folder, cache, *chosen)


def _run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def _evaluate(model: Path, data_set: Path, output: Path, cache: Path, *others: str) -> Result:
    return _run(
        "evaluate", model, data_set, "--output", output, "--cache", cache, "--jobs", "1", *others
    )


def _refusal(*arguments: str | Path) -> str:
    """Return the sentence of a command that must fail without a traceback."""
    result = _run(*arguments)
    assert result.exit_code == 1, result.output
    return result.output.splitlines()[-1]


def test_an_evaluation_writes_predictions_report_and_page(evaluated: tuple[Path, Result]) -> None:
    folder, result = evaluated
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in folder.iterdir()) == [
        "predictions.npz",
        "report.html",
        "report.json",
    ]
    report = json.loads((folder / "report.json").read_text())
    assert report["schema"] == "ethoprofiler.evaluation/1"
    assert report["judged"]["animals"] == ["01", "02"]
    assert report["about"]["model"]["network"] == "ethocnn-lite"
    assert report["all"]["frames"] == 52
    assert "A model file does not name the clips it has learned from." in result.output
    assert f"{100 * report['all']['frame_accuracy']:.1f}" in result.output
    assert result.output.splitlines()[-1] == str(folder / "report.html")


def test_labels_are_those_of_classify_frame_by_frame(
    evaluated: tuple[Path, Result], data_set: Path, model_path: Path, tmp_path: Path
) -> None:
    out = tmp_path / "labels"
    videos = sorted(data_set.glob("0[12]_*.mkv"))
    done = _run("classify", *videos, "--model", model_path, "--out", out, "--threads", "1")
    assert done.exit_code == 0, done.output
    predictions = read_predictions(evaluated[0] / "predictions.npz").predictions
    assert [clip.clip for clip in predictions] == [video.stem for video in videos]
    for clip in predictions:
        (file,) = out.rglob(f"{clip.clip}.csv")
        rows = list(rows_of(read_labels(file)))
        assert clip.labels.tolist() == [row.code for row in rows]
        assert clip.confidences.round(4).tolist() == [row.confidence for row in rows]
        assert clip.truth.tolist() == read_codes(data_set / f"{clip.clip}_map.csv").tolist()
    assert len({number for clip in predictions for number in clip.confidences.tolist()}) > 3


def test_the_report_is_made_again_from_predictions_alone(
    evaluated: tuple[Path, Result], tmp_path: Path
) -> None:
    folder = tmp_path / "again"
    again = _run("evaluate", "--from", evaluated[0], "--output", folder)
    assert again.exit_code == 0, again.output
    first = json.loads((evaluated[0] / "report.json").read_text())
    second = json.loads((folder / "report.json").read_text())
    first["about"].pop("created")
    second["about"].pop("created")
    assert second == first


def test_predictions_of_another_model_are_not_replaced(
    evaluated: tuple[Path, Result], data_set: Path, cache: Path, tmp_path: Path, model_path: Path
) -> None:
    earlier = read_predictions(evaluated[0] / "predictions.npz")
    path = tmp_path / "predictions.npz"
    write_predictions(
        path, earlier.predictions, earlier.about.model_copy(update={"model": "other@1"})
    )
    before = path.read_bytes()
    result = _evaluate(model_path, data_set, tmp_path, cache)
    assert result.exit_code == 1
    assert "holds predictions of other@1: choose another folder" in result.output
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_judged_is_refused_in_a_sentence(
    data_set: Path, cache: Path, model_path: Path, tmp_path: Path
) -> None:
    def sentence(model: str | Path, clips: Path, *others: str | Path) -> str:
        return _refusal(
            "evaluate", model, clips, "--output", tmp_path / "new", "--cache", cache, *others
        )

    assert "no such model file" in sentence(tmp_path / "none.onnx", data_set)
    assert "is not a folder" in sentence(model_path, tmp_path / "none")
    assert "animal 77 is not in" in sentence(model_path, data_set, "--animals", "77")
    assert "fewer than a stack's 11" in _evaluate(model_path, data_set, tmp_path, cache).output
    assert "has 1 fault: mend or remove it first" in sentence(model_path, data_set)
    assert not (tmp_path / "new" / "report.json").exists()


def test_an_unreadable_clip_is_named_before_anything_is_judged(
    data_set: Path, model_path: Path, tmp_path: Path
) -> None:
    clips = tmp_path / "clips"
    shutil.copytree(data_set, clips, ignore=shutil.ignore_patterns("03_*"))
    (clips / "02_20180418_1200_s0_n22.mkv").write_bytes(b"no video")
    result = _evaluate(model_path, clips, tmp_path / "out", tmp_path / "cache")
    assert result.exit_code == 1
    assert "02_20180418_1200_s0_n22.mkv" in result.output
    assert "nothing was judged" in result.output
    assert not (tmp_path / "cache").exists()


def test_wrong_arguments_are_refused(data_set: Path, tmp_path: Path) -> None:
    for arguments, sentence in (
        (("evaluate", "--output", tmp_path), "name a model and a data set"),
        (("evaluate", "m", "--output", tmp_path), "name a model and a data set"),
        (
            ("evaluate", "m", data_set, "--from", tmp_path, "--output", tmp_path),
            "--from takes predictions as they are",
        ),
        (("compare", "a", "b", "--animals", "01"), "choose from a data set"),
    ):
        result = _run(*arguments)
        assert result.exit_code == 2
        assert sentence in result.output


def test_two_evaluations_are_compared(evaluated: tuple[Path, Result], tmp_path: Path) -> None:
    earlier = read_predictions(evaluated[0] / "predictions.npz")
    right = [
        replace(clip, probabilities=np.eye(8)[clip.truth[::11][: len(clip.probabilities)]])
        for clip in earlier.predictions
    ]
    other = tmp_path / "predictions.npz"
    write_predictions(other, right, earlier.about.model_copy(update={"model": "better@1"}))
    result = _run("compare", evaluated[0], other, "--output", tmp_path / "new")
    assert result.exit_code == 0, result.output
    document = json.loads((tmp_path / "new" / "comparison.json").read_text())
    assert document["schema"] == "ethoprofiler.comparison/1"
    assert document["first"]["network"] == "ethocnn-lite"
    assert document["second"] == {**dict.fromkeys(document["second"]), "identity": "better@1"}
    assert "2 clips of 2 animals" in result.output
    assert (tmp_path / "new" / "comparison.html").exists()


def test_a_model_and_an_evaluation_are_compared_on_a_data_set(
    evaluated: tuple[Path, Result], data_set: Path, cache: Path, model_path: Path
) -> None:
    result = _run(
        "compare", model_path, evaluated[0], "--dataset", data_set, "--cache", cache,
        "--animals", "01", "--animals", "02", "--jobs", "1",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "Frames: 0 only the first labelled right, 0 only the second" in result.output


def test_what_cannot_be_compared_is_refused_in_a_sentence(
    evaluated: tuple[Path, Result], model_path: Path, tmp_path: Path
) -> None:
    assert "is compared on the clips of a --dataset" in _refusal(
        "compare", model_path, evaluated[0]
    )
    assert "does not exist: a model is compared" in _refusal("compare", "nothing", evaluated[0])
    assert "holds no predictions.npz" in _refusal("compare", tmp_path, evaluated[0])
    earlier = read_predictions(evaluated[0] / "predictions.npz")
    write_predictions(tmp_path / "predictions.npz", earlier.predictions[:1], earlier.about)
    assert "was judged once by the first and not by the second" in _refusal(
        "compare", evaluated[0], tmp_path
    )
