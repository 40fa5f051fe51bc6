"""`ethoprofiler simulate`: simulated cages with the truth of every frame."""

import os
from pathlib import Path
from typing import get_args

import click
from rich.console import Console
from rich.progress import Progress

from appliance.dataset_simulation import SimulationError, simulate_dataset
from capture_hw.error import CaptureError
from capture_hw.simulation.behavior import Routine

_MOST_MICE = 99


@click.command()
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@click.option("--mice", type=click.IntRange(1, _MOST_MICE), default=2, show_default=True)
@click.option("--clips", type=click.IntRange(1), default=1, show_default=True, help="A mouse.")
@click.option(
    "--seconds",
    type=click.FloatRange(0.04, 1800),
    default=300.0,
    show_default=True,
    help="Length of a clip.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option(
    "--spread",
    type=click.FloatRange(0, 3),
    default=1.0,
    show_default=True,
    help="How much cages, cameras, light and bedding differ.",
)
@click.option(
    "--routine",
    type=click.Choice(get_args(Routine)),
    default="circadian",
    show_default=True,
    help="A mouse's day and night, or all eight behaviors within minutes.",
)
@click.option("--jobs", type=click.IntRange(1), help="Clips at a time.  [default: cores]")
def simulate(
    out: Path,
    mice: int,
    clips: int,
    seconds: float,
    seed: int,
    spread: float,
    routine: Routine,
    jobs: int | None,
) -> None:
    """Write a data set of simulated cages into the folder OUT.

    Videos NN_YYYYMMDD_HHMM_sSTART_nCOUNT.mkv, compressed as the recorder does, and beside each the
    behavior of every frame, ..._map.csv: the layout of the published data set. Odd mice are black,
    even ones white. The first clip starts at lights off, the others follow every half hour. The
    same numbers give the same data set; an interrupted run goes on where it stopped.
    """
    with Progress(console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("simulating", total=mice * clips)
        try:
            videos = simulate_dataset(
                out,
                mice=mice,
                clips=clips,
                seconds=seconds,
                seed=seed,
                spread=spread,
                routine=routine,
                jobs=jobs or len(os.sched_getaffinity(0)),
                progress=lambda name, done, _: bars.update(task, completed=done, description=name),
            )
        except (SimulationError, CaptureError) as error:
            raise click.ClickException(str(error)) from error
        except OSError as error:
            where = error.filename or out
            raise click.ClickException(f"{where}: {error.strerror}") from error
    click.echo(f"{out}: {len(videos)} clips of {seconds:g} s, seed {seed}", err=True)
