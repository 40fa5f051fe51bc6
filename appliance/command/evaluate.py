"""`ethoprofiler evaluate`: how good a model file is on annotated clips."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from appliance.cache_folder import cache_folder, cache_option
from appliance.layout_option import layout_option
from appliance.report_requirement import require_reports
from appliance.terminal import output_width
from inference.error import InferenceError
from inference.provider import PROVIDERS, Provider

if TYPE_CHECKING:  # ONNX Runtime and OpenCV would cost a second for every `--help`
    from collections.abc import Sequence

    from inference.evaluate.prediction_file import PredictionFile
    from inference.evaluate.report import About, Report


@click.command()
@click.argument("model", required=False)
@click.argument("dataset", required=False, type=click.Path(path_type=Path))
@click.option(
    "--output", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder."
)
@click.option(
    "--from",
    "earlier",
    multiple=True,
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="Report earlier predictions instead: a file, an evaluation's or a cross-validation's "
    "folder; repeatable, each file a fold.",
)
@click.option("--animals", multiple=True, metavar="NN", help="Judge by these only; repeatable.")
@layout_option
@cache_option
@click.option("--jobs", type=click.IntRange(1), help="Network threads.  [default: cores]")
@click.option("--provider", type=click.Choice(PROVIDERS), default="auto", show_default=True)
@click.option("--png", "with_prints", is_flag=True, help="Add the pictures as PNG, for papers.")
def evaluate(
    model: str | None,
    dataset: Path | None,
    output: Path,
    earlier: tuple[Path, ...],
    animals: tuple[str, ...],
    layout: str | None,
    cache: Path | None,
    jobs: int | None,
    provider: Provider,
    with_prints: bool,
) -> None:
    """Judge a model by annotated clips, and write a report.

    \b
    MODEL     a model file, or the name of a shipped model
    DATASET   a folder of annotated clips, of any layout

    Into the folder --output go predictions.npz (all answers), report.json (all figures) and
    report.html (one page to read and print). Clips are judged stack by stack as `classify` does.

    With --from, the report is made again from predictions alone:

    \b
      ethoprofiler evaluate --from FOLDER --output FOLDER
    """  # noqa: D301 - click reads the backspace character
    _check_arguments(model, dataset, earlier, animals, layout)
    require_reports()
    from rich.console import Console

    from appliance.evaluation_table import print_report
    from inference.evaluate.report_folder import write_report

    try:
        if earlier:
            report = _report_again(earlier, output)
        else:
            assert model is not None
            assert dataset is not None
            report = _judge(
                model,
                dataset,
                output,
                layout,
                animals,
                cache_folder(cache),
                jobs or len(os.sched_getaffinity(0)),
                provider,
            )
        write_report(output, report, with_prints=with_prints)
    except InferenceError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{error.filename or output}: {error.strerror}") from error
    print_report(Console(width=output_width(), highlight=False), report)
    click.echo(f"{output / 'report.html'}")


def _check_arguments(
    model: str | None,
    dataset: Path | None,
    earlier: tuple[Path, ...],
    animals: tuple[str, ...],
    layout: str | None,
) -> None:
    if earlier and (model or animals or layout):
        raise click.UsageError("--from takes predictions as they are: no model, data set or choice")
    if not earlier and dataset is None:
        raise click.UsageError("name a model and a data set, or predictions with --from")


def _judge(
    model: str,
    dataset: Path,
    output: Path,
    layout: str | None,
    animals: tuple[str, ...],
    cache: Path,
    jobs: int,
    provider: Provider,
) -> Report:
    from appliance.model_evaluation import about_report, examine, open_model, prepare_exam
    from inference.evaluate.prediction_file import FILE_NAME, PredictionFile, write_predictions
    from inference.evaluate.report_building import build_report
    from inference.evaluate.report_folder import refuse_other_predictions

    path = output / FILE_NAME
    exam = prepare_exam(dataset, layout, animals, cache, jobs)
    opened = open_model(model, provider)
    refuse_other_predictions(output, opened.facts.identity)
    output.mkdir(parents=True, exist_ok=True)
    result = examine(opened, exam)
    write_predictions(path, result.predictions, result.about)
    judged = PredictionFile(path, result.about, result.predictions)
    return build_report([judged], about_report(exam.data_set, result.facts))


def _report_again(earlier: tuple[Path, ...], output: Path) -> Report:
    from inference.evaluate.prediction_file import read_predictions
    from inference.evaluate.report_building import build_report
    from inference.evaluate.report_folder import (
        find_predictions,
        missing_folds,
        refuse_other_report,
    )

    files = [file for path in earlier for file in find_predictions(path)]
    refuse_other_report(output, files)
    folds = [read_predictions(file) for file in files]
    return build_report(folds, _about_of(earlier, folds), missing_folds(files))


def _about_of(earlier: tuple[Path, ...], folds: Sequence[PredictionFile]) -> About:
    """Return what is known of the predictions: from the report beside them, if it is theirs."""
    from appliance.earlier_report import report_beside
    from appliance.model_evaluation import about_report
    from inference.evaluate.report import ModelFacts

    models = sorted({fold.about.model for fold in folds})
    facts = ModelFacts(identity=models[0]) if len(models) == 1 else None
    about = about_report(None, facts)
    before = report_beside(earlier[0]) if len(earlier) == 1 else None
    if before is None or sorted({fold.model for fold in before.folds}) != models:
        return about
    return before.about.model_copy(update={"created": about.created, "software": about.software})
