"""Only what belongs together becomes one report, and it counts what was judged."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inference.error import EvaluationError
from inference.evaluate.card_figures import card_sentence
from inference.evaluate.prediction import ClipPrediction
from inference.evaluate.prediction_file import PredictionFile
from inference.evaluate.protocol import UNKNOWN_ANIMALS
from inference.evaluate.report import Report
from inference.evaluate.report_building import build_report
from tests.inference.judged_clips import (
    about_predictions,
    about_report,
    judged_clip,
    judged_folds,
)


def _file(
    folder: str, *clips: ClipPrediction, protocol: str = "evaluate", model: str = "", fold: str = ""
) -> PredictionFile:
    about = about_predictions(protocol, fold)
    about = about.model_copy(update={"model": model or about.model})
    return PredictionFile(Path(folder) / "predictions.npz", about, clips)


def _report(*files: PredictionFile) -> Report:
    return build_report(files, about_report())


def _nothing(animal: str) -> ClipPrediction:
    clip = judged_clip(animal, 1)
    return replace(clip, truth=np.full(len(clip.truth), 8))


def test_folds_that_do_not_belong_together_are_refused() -> None:
    folds = judged_folds()
    with pytest.raises(EvaluationError, match="fold animal-01 is given more than once"):
        _report(*folds, folds[0])
    other = _file("b", *folds[0].predictions, protocol="halves", fold="half-1")
    with pytest.raises(EvaluationError, match=r"has protocol halves, .* leave-one-animal-out"):
        _report(*folds, other)
    with pytest.raises(EvaluationError, match="no predictions"):
        _report()


def test_two_models_are_never_one_figure() -> None:
    good = _file("a", judged_clip("01", 1), model="good@1")
    bad = _file("b", judged_clip("02", 1), model="bad@2")
    with pytest.raises(EvaluationError, match=r"b/predictions\.npz is of model bad@2, .* good@1"):
        _report(good, bad)


def test_evaluations_are_told_apart_by_their_files() -> None:
    one, two = _file("s1/eval", judged_clip("01", 1)), _file("s2/eval", judged_clip("02", 1))
    names = [fold.figures.name for fold in _report(one, two).folds]
    assert names == ["s1/eval/predictions.npz", "s2/eval/predictions.npz"]
    assert [fold.figures.name for fold in _report(one).folds] == ["eval"]
    with pytest.raises(EvaluationError, match=r"s1/eval/predictions\.npz is given more than once"):
        _report(one, one)
    with pytest.raises(EvaluationError, match=r"is in s1/eval/pred\S+ and in s3/eval/pred"):
        _report(one, _file("s3/eval", *one.predictions))


CLIP = judged_clip("01", 1)


@pytest.mark.parametrize(
    ("what", "other"),
    [
        ("truth", replace(CLIP, truth=CLIP.truth[::-1])),
        ("animal", replace(CLIP, animal="07")),
        ("strain", replace(CLIP, strain="SWISS")),
        ("recording", replace(CLIP, recording="01_20180419_1200")),
    ],
)
def test_a_clip_that_two_folds_know_otherwise_is_refused(what: str, other: ClipPrediction) -> None:
    folds = [
        _file(name, each, protocol="halves", fold=name)
        for name, each in (("half-1", CLIP), ("half-2", other))
    ]
    with pytest.raises(EvaluationError, match=rf"has another {what} in half-2/\S+ than in half-1/"):
        _report(*folds)


def test_only_what_was_judged_counts_as_judged() -> None:
    clips = [judged_clip("01", 1), judged_clip("02", 1), _nothing("03")]
    report = _report(_file("a", *clips))
    assert report.judged.animals == ("01", "02")
    assert (report.judged.clips, report.judged.recordings) == (2, 2)
    assert report.judged.frames - report.judged.none_frames == report.all.frames
    assert report.judged.frames == sum(len(clip.truth) for clip in clips[:2])
    assert [group.name for group in report.distribution.by_animal] == ["01", "02"]


def test_a_clip_drawn_twice_is_judged_twice_and_counted_once() -> None:
    clips = [judged_clip(animal, 1) for animal in ("01", "02", "03")]
    folds = [
        _file(name, *chosen, protocol="halves", fold=name)
        for name, chosen in (("half-1", clips[:2]), ("half-2", clips[1:]))
    ]
    report = _report(*folds)
    frames = sum(len(clip.truth) for clip in clips)
    assert (report.judged.clips, report.judged.frames) == (3, frames)
    assert report.judged.seconds == pytest.approx(frames / 25)
    assert sum(report.distribution.all.frames.values()) == frames - 3 * 5
    assert report.all.frames == frames - 3 * 5 + len(clips[1].truth) - 5
    assert f"judged on {frames - 15:,} frames of animals 01, 02, 03, other rec" in card_sentence(
        report
    )


def test_recordings_whose_animal_nobody_names_are_not_called_new_animals() -> None:
    unnamed = [
        replace(
            fold,
            predictions=tuple(replace(clip, animal=clip.recording) for clip in fold.predictions),
        )
        for fold in judged_folds()
    ]
    report = _report(*unnamed)
    assert UNKNOWN_ANIMALS in report.remarks
    assert card_sentence(report).endswith(
        "04_20180418_1200, counting each recording that names no animal as one."
    )
    report = _report(*judged_folds())
    assert UNKNOWN_ANIMALS not in report.remarks
    assert card_sentence(report).endswith("04, which they never saw.")


def test_an_animal_of_two_strains_is_remarked() -> None:
    one = _file("a", judged_clip("01", 1, strain="C57BL/6"))
    two = _file("b", judged_clip("01", 2, strain="SWISS"), judged_clip("02", 2, strain=""))
    report = _report(one, two)
    assert any("Animal 01 is of strain C57BL/6 and SWISS" in each for each in report.remarks)
    assert [animal.strain for animal in report.animals] == ["C57BL/6, SWISS", ""]
    half_known = _file("b", judged_clip("01", 2, strain=""))
    report = _report(one, half_known)
    assert [animal.strain for animal in report.animals] == ["C57BL/6"]
    assert not any("Animal 01" in each for each in report.remarks)
