"""`ethoprofiler compare`: two models on the same clips."""

from __future__ import annotations

import os
from datetime import UTC, datetime
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
    from inference.evaluate.comparison import Comparison


@click.command()
@click.argument("first")
@click.argument("second")
@click.option("--dataset", type=click.Path(path_type=Path), help="Judges model files.")
@click.option("--output", type=click.Path(file_okay=False, path_type=Path), help="Folder.")
@click.option("--animals", multiple=True, metavar="NN", help="Judge by these only; repeatable.")
@layout_option
@cache_option
@click.option("--jobs", type=click.IntRange(1), help="Network threads.  [default: cores]")
@click.option("--provider", type=click.Choice(PROVIDERS), default="auto", show_default=True)
def compare(
    first: str,
    second: str,
    dataset: Path | None,
    output: Path | None,
    animals: tuple[str, ...],
    layout: str | None,
    cache: Path | None,
    jobs: int | None,
    provider: Provider,
) -> None:
    """Compare two models on the same clips.

    FIRST and SECOND are the folders of `evaluate` or `crossvalidate`, files of predictions, or,
    with --dataset, model files or names of shipped models. Both must have judged the same clips by
    the same truth.

    Prints each figure of both, and the difference with its interval over animals; with --output
    it also writes comparison.json and comparison.html, which say where the two differ most.
    """
    if dataset is None and (animals or layout):
        raise click.UsageError("--animals and --layout choose from a data set: name it")
    if output is not None:
        require_reports()
    from rich.console import Console

    from appliance.comparison_table import print_comparison

    try:
        comparison = _compare(first, second, dataset, animals, layout, cache, jobs, provider)
        if output is not None:
            _write(output, comparison)
    except InferenceError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{error.filename or output}: {error.strerror}") from error
    print_comparison(Console(width=output_width(), highlight=False), comparison)
    if output is not None:
        click.echo(f"{output / 'comparison.html'}")


def _compare(
    first: str,
    second: str,
    dataset: Path | None,
    animals: tuple[str, ...],
    layout: str | None,
    cache: Path | None,
    jobs: int | None,
    provider: Provider,
) -> Comparison:
    """Judge or read both sides, then compare; raises InferenceError."""
    from appliance.compared_side import side_of
    from appliance.model_evaluation import SOFTWARE, prepare_exam
    from inference.evaluate.comparison_building import compare as compare_sides

    exam = None
    if dataset is not None:
        threads = jobs or len(os.sched_getaffinity(0))
        exam = prepare_exam(dataset, layout, animals, cache_folder(cache), threads)
    one, two = side_of(first, exam, provider), side_of(second, exam, provider)
    return compare_sides(
        (one.facts, one.files),
        (two.facts, two.files),
        data_set=one.data_set or two.data_set,
        created=datetime.now(UTC).replace(microsecond=0),
        software=SOFTWARE,
    )


def _write(folder: Path, comparison: Comparison) -> None:
    """Write the comparison as JSON and as a page; raises OSError."""
    from disk.durable_file import write_durably
    from inference.evaluate.page import comparison_page
    from inference.evaluate.report import as_json

    folder.mkdir(parents=True, exist_ok=True)
    write_durably(folder / "comparison.html", comparison_page(comparison).encode())
    write_durably(folder / "comparison.json", as_json(comparison).encode())
