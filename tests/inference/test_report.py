"""A report holds every figure once, as computed another way, and its page stands alone."""

import json
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydantic import BaseModel

from inference.error import EvaluationError
from inference.ethogram import BEHAVIORS, NONE_CODE
from inference.evaluate.comparison import Comparison, McNemar
from inference.evaluate.drawing import reliability_picture
from inference.evaluate.page import evaluation_page
from inference.evaluate.picture_point import ReliabilityPoint
from inference.evaluate.prediction_file import PredictionFile
from inference.evaluate.protocol import UNKNOWN_TRAINING
from inference.evaluate.report import Report, as_json
from inference.evaluate.report_building import build_report
from inference.evaluate.report_folder import read_report, write_report
from tests.inference.judged_clips import (
    about_predictions,
    about_report,
    judged_clip,
    judged_folds,
)
from tests.inference.page_reader import PageReader

GOLDEN = Path(__file__).parent / "golden"
SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"
SECTIONS = [
    "summary",
    "confusion",
    "behaviors",
    "animals",
    "strains",
    "folds",
    "bouts",
    "calibration",
    "distribution",
    "smoothing",
    "paper",
    "origin",
]


@pytest.fixture(scope="module")
def report() -> Report:
    return build_report(judged_folds(), about_report())


@pytest.fixture(scope="module")
def page(report: Report) -> str:
    return evaluation_page(report)


def test_the_report_of_a_fixed_set_is_the_golden_one(report: Report) -> None:
    assert json.loads(as_json(report)) == json.loads((GOLDEN / "report.json").read_text())


@pytest.mark.parametrize(("name", "document"), [("evaluation", Report), ("comparison", Comparison)])
def test_the_published_schema_is_that_of_the_type(name: str, document: type[BaseModel]) -> None:
    published = json.loads((SCHEMAS / f"{name}.json").read_text())
    assert published == document.model_json_schema(by_alias=True), "run scripts/write_schemas.py"


def test_figures_are_what_counting_frame_by_frame_gives(report: Report) -> None:
    pairs: Counter[tuple[int, int]] = Counter()
    for fold in judged_folds():
        for clip in fold.predictions:
            best = [max(range(8), key=row.__getitem__) for row in clip.probabilities.tolist()]
            for truth, stack in zip(clip.truth.tolist(), clip.stack_of_frame.tolist(), strict=True):
                if truth != NONE_CODE:
                    pairs[truth, best[stack]] += 1
    frames = sum(pairs.values())
    assert report.all.frames == frames
    assert report.all.frame_accuracy == pytest.approx(sum(pairs[c, c] for c in range(8)) / frames)
    recalls = [pairs[c, c] / sum(pairs[c, other] for other in range(8)) for c in range(8)]
    assert report.all.macro_accuracy == pytest.approx(sum(recalls) / 8)
    assert [list(row) for row in report.confusion] == [
        [pairs[row, column] for column in range(8)] for row in range(8)
    ]
    for code, row in enumerate(report.behaviors):
        assert row.behavior == BEHAVIORS[code]
        assert row.recall == pytest.approx(recalls[code])
        labelled = sum(pairs[other, code] for other in range(8))
        assert row.precision == pytest.approx(pairs[code, code] / labelled)


def test_groups_add_up_to_everything(report: Report) -> None:
    for groups in (
        report.strains,
        [animal.figures for animal in report.animals],
        [fold.figures for fold in report.folds],
    ):
        assert sum(group.frames for group in groups) == report.all.frames
        right = sum(group.frames * group.frame_accuracy for group in groups)
        assert right / report.all.frames == pytest.approx(report.all.frame_accuracy)
    assert [group.name for group in report.strains] == ["C57BL/6", "SWISS"]
    assert report.judged.none_frames == 8 * 5


def test_the_page_is_whole_and_stands_alone(page: str) -> None:
    reader = PageReader(page)
    assert reader.faults == []
    assert reader.outside == []
    assert [name for name, count in Counter(reader.ids).items() if count > 1] == []
    assert set(reader.references) <= set(reader.ids)
    assert [name for name in reader.ids if name in SECTIONS] == SECTIONS
    assert "http" not in page.replace("http://www.w3.org/", "")


def test_the_page_shows_the_figures_and_the_paper_s(page: str, report: Report) -> None:
    text = " ".join(PageReader(page).text)
    assert f"{100 * report.all.frame_accuracy:.1f} %" in text
    for figure in ("83.6 %", "82.9 %", "85.5 %", "87.8 %", "90.6 %", "74.2 %", "97.6 %"):
        assert figure in text


def test_names_are_escaped(page: str, report: Report) -> None:
    assert report.about.data_set == "clips & <cages>"
    assert "<cages>" not in page
    assert "clips &amp; &lt;cages&gt;" in page


def test_a_page_is_the_same_in_every_process(page: str) -> None:
    program = (
        "import sys; from inference.evaluate.page import evaluation_page; "
        "from inference.evaluate.report_building import build_report; "
        "from tests.inference.judged_clips import about_report, judged_folds; "
        "sys.stdout.write(evaluation_page(build_report(judged_folds(), about_report())))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[2],
        env={"PYTHONHASHSEED": "77", "MPLBACKEND": "module://none"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == page


def test_one_animal_gives_a_report_without_intervals_and_temperature() -> None:
    alone = PredictionFile(
        Path("alone/predictions.npz"), about_predictions(), (judged_clip("09", 3),)
    )
    report = build_report([alone], about_report())
    assert report.intervals.frame_accuracy is None
    assert report.temperature is None
    assert report.strains == ()
    assert [row.kind for row in report.smoothing] == ["none", "kernel"]
    assert report.remarks[0] == UNKNOWN_TRAINING
    reader = PageReader(evaluation_page(report))
    assert reader.faults == []
    assert not {"strains", "folds"} & set(reader.ids)


def test_the_temperature_of_a_model_file_comes_on_top_of_its_card(report: Report) -> None:
    page = evaluation_page(report.model_copy(update={"protocol": "evaluate"}))
    text = " ".join(" ".join(PageReader(page).text).split())
    assert "A further temperature of" in text
    assert ", times the one on the model's card, fits best" in text


def test_a_clip_of_none_alone_is_named_and_not_judged() -> None:
    clip = judged_clip("01", 1)
    nothing = replace(judged_clip("02", 1), truth=np.full(len(judged_clip("02", 1).truth), 8))
    file = PredictionFile(Path("a/predictions.npz"), about_predictions(), (clip, nothing))
    report = build_report([file], about_report())
    assert f"Not judged, as every frame is none: {nothing.clip}." in report.remarks
    assert [animal.figures.name for animal in report.animals] == ["01"]
    only = PredictionFile(Path("a/predictions.npz"), about_predictions(), (nothing,))
    with pytest.raises(EvaluationError, match="no clip has a frame whose behavior is known"):
        build_report([only], about_report())


def test_a_written_report_is_read_again_as_it_was(report: Report, tmp_path: Path) -> None:
    write_report(tmp_path / "new", report, with_prints=True)
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == [
        "animals.png",
        "calibration.png",
        "confusion.png",
        "distribution.png",
        "report.html",
        "report.json",
    ]
    assert as_json(read_report(tmp_path / "new" / "report.json")) == as_json(report)


def test_seconds_of_bouts_are_of_the_frame_rate_that_was_judged(report: Report) -> None:
    faster = [
        replace(fold, about=fold.about.model_copy(update={"frames_per_second": 50.0}))
        for fold in judged_folds()
    ]
    bouts = build_report(faster, about_report()).bouts.all
    assert bouts.truth_total_s == pytest.approx(report.bouts.all.truth_total_s / 2)


def test_page_and_picture_show_what_the_temperature_brings(page: str, report: Report) -> None:
    assert report.temperature is not None
    after = report.temperature.after
    assert after.brier != pytest.approx(report.calibration.brier, abs=1e-3)
    assert f"{report.temperature.temperature:.2f} fits best" in " ".join(page.split())
    (row,) = [line for line in page.splitlines() if "<td>with temperature</td>" in line]
    assert re.findall(r"\d+\.\d+", row) == [
        f"{100 * after.expected_error:.1f}",
        f"{100 * after.even_error:.1f}",
        f"{100 * after.maximum_error:.1f}",
        f"{after.brier:.3f}",
        f"{after.negative_log_likelihood:.3f}",
    ]
    curves = {"as it is": report.calibration.bins, "with temperature": after.bins}
    picture = reliability_picture(
        {
            name: [ReliabilityPoint(each.confidence, each.accuracy, each.frames) for each in bins]
            for name, bins in curves.items()
        }
    )
    assert picture.decode() in page


def test_what_was_set_is_written_as_it_is_and_a_small_p_value_with_its_digits() -> None:
    about = about_report().model_copy(update={"plan": {"rate": 3e-7, "momentum": 0.12345678}})
    report = build_report(judged_folds(), about)
    assert json.loads(as_json(report))["about"]["plan"] == about.plan
    chance = McNemar(first_only=90, second_only=20, statistic=100 / 3, p_value=8.7654321e-9)
    assert json.loads(as_json(chance)) == {
        "first_only": 90,
        "second_only": 20,
        "statistic": 33.333333,
        "p_value": 8.76543e-9,
    }
