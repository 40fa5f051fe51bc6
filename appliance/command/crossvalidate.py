"""`ethoprofiler crossvalidate`: train and judge on every fold of a data set."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from rich.console import Console

from appliance.evaluation_table import print_report
from appliance.report_requirement import require_reports
from appliance.terminal import output_width
from appliance.torch_requirement import torch_required
from appliance.training_options import TrainingOptions, training_options
from inference.error import InferenceError
from inference.evaluate.fold import PROTOCOLS, ProtocolName

if TYPE_CHECKING:
    from appliance.fold_job import Draw
    from inference.evaluate.report import Report

_INTERRUPTED: Final = 130
"""What a shell reports of a program ended by SIGINT."""


@click.command()
@click.argument("dataset", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@click.option("--protocol", type=click.Choice(PROTOCOLS), required=True)
@click.option(
    "--repeats",
    type=click.IntRange(1),
    help="Folds of `clips` or `halves`.  [default: 1 of clips, 5 halves]",
)
@click.option(
    "--share",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Held-out part of the clips in `clips`.  [default: 0.1]",
)
@click.option("--jobs", type=click.IntRange(1), help="Folds at a time.  [default: cores / threads]")
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Use the processes of a running `dask scheduler`, such as tcp://10.0.0.7:8786.",
)
@training_options
def crossvalidate(
    dataset: Path,
    out: Path,
    protocol: ProtocolName,
    repeats: int | None,
    share: float | None,
    jobs: int | None,
    scheduler: str | None,
    options: TrainingOptions,
) -> None:
    """Train a network on each fold of DATASET and judge it by what that fold left out.

    Every fold is a training in a folder of its own, OUT/folds/NAME. The same command goes on where
    it was stopped or killed: finished folds stay, begun ones go on to the same bits. When all are
    done, OUT/report.html and OUT/report.json hold the figures of all of them.
    """
    if scheduler is not None and jobs is not None:
        raise click.UsageError("--jobs is for this machine: a scheduler has its own workers")
    if scheduler is not None and not scheduler.strip():
        raise click.UsageError("--scheduler is an address, such as tcp://10.0.0.7:8786")
    require_reports()
    with torch_required():  # lazy imports, here and below: PyTorch takes seconds
        import inference.train.fold_cluster
        import inference.train.fold_run  # noqa: F401 - so that nothing is missing after hours
    from appliance.fold_job import Draw

    draw = Draw(protocol, options.seed or 0, repeats, share)
    with _terminated_like_interrupted():
        try:
            report = _cross_validate(dataset, out, draw, options, jobs, scheduler)
        except InferenceError as error:
            raise click.ClickException(str(error)) from error
        except OSError as error:
            place = f"{error.filename}: " if error.filename else ""
            raise click.ClickException(f"{place}{error.strerror or error}") from error
        except KeyboardInterrupt:
            click.echo(f"stopped; the same command goes on in {out}", err=True)
            sys.exit(_INTERRUPTED)
    print_report(Console(highlight=False, markup=False, width=output_width()), report)
    click.echo(f"{out / 'report.html'}")


def _cross_validate(
    dataset: Path,
    out: Path,
    draw: Draw,
    options: TrainingOptions,
    jobs: int | None,
    scheduler: str | None,
) -> Report:
    from appliance.fold_job import (
        claimed,
        draw_folds,
        list_of,
        refuse_little_room,
        refuse_other_folds,
        report_on,
        run_tasks,
        tasks_of,
    )
    from appliance.training_clips import check_clips, load, open_clips
    from appliance.training_plan import make_plan
    from inference.preprocessing import Preprocessing
    from inference.train.arithmetic import open_device
    from inference.train.fold_cluster import refuse_deserted

    threads, jobs = _shared_out(out, options.threads, jobs)
    plan = make_plan(replace(options, threads=threads))
    if scheduler is None:
        open_device(options.device)
    spec = Preprocessing(frames_per_second=options.frames_per_second)
    inspection = check_clips(open_clips(dataset, options), options)
    folds = draw_folds(inspection, draw)
    with claimed(out, list_of(inspection, draw, folds, plan, spec)):
        refuse_other_folds(folds, inspection, spec, out)
        tasks = tasks_of(folds, draw, plan, spec, out, options)
        finished = len(folds) - len(tasks)
        place = f"on {scheduler}" if scheduler else f"{min(jobs, len(folds))} at a time"
        click.echo(f"{len(folds)} folds, {finished} of them finished, {place}", err=True)
        if tasks:
            refuse_little_room(tasks, out)
            if scheduler is not None:
                refuse_deserted(scheduler)
            load([clip.source for clip in inspection.clips], options, spec)
        failures = run_tasks(tasks, jobs, scheduler)
        if failures:
            _refuse(failures, len(folds), out)
        return report_on(out, folds, inspection, plan)


def _refuse(failures: dict[str, str], folds: int, out: Path) -> None:
    for name, why in sorted(failures.items()):
        click.echo(f"fold {name}: {why}", err=True)
    raise click.ClickException(
        f"{len(failures)} of {folds} folds failed, see above; the others are finished: "
        f"the same command tries these again in {out}"
    )


def _shared_out(out: Path, threads: int | None, jobs: int | None) -> tuple[int, int]:
    """Return the threads of a fold and how many folds run at a time.

    The threads decide the last bits, so those of a begun cross-validation are kept.
    """
    from inference.evaluate.fold_file import read_folds

    cores = len(os.sched_getaffinity(0))
    begun = read_folds(out)
    if threads is None and begun is not None:
        found = begun.plan.get("threads")
        threads = found if isinstance(found, int) else None
    if threads is None:
        threads = max(1, cores // jobs) if jobs else 1
    return threads, jobs or max(1, cores // threads)


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl-C does, with every process that it started."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
