"""`ethoprofiler dataset`: annotated data sets."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from appliance.cache_folder import cache_folder, cache_option
from appliance.command.dataset_export import export
from appliance.command.dataset_sample import sample
from appliance.layout_option import layout_option
from appliance.terminal import output_width

if TYPE_CHECKING:  # PyAV and OpenCV would cost a second for every `--help`
    from inference.dataset.inspection import Inspection

_EXIT_FAULTS: Final = 1


@click.group()
def dataset() -> None:
    """Check, cut, sample and export annotated data sets."""


@dataset.command(short_help="Count what is in a data set, and find every fault.")
@click.argument("folder", type=click.Path(path_type=Path))
@layout_option
@cache_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document, nothing else.")
def check(folder: Path, *, layout: str | None, cache: Path | None, as_json: bool) -> None:
    """Check a data set and count what is in it, before hours of training.

    Reads every annotation and the packets of every video, decodes hardly anything, changes
    nothing. Prints frames and bouts of each behavior, animals, strains, who annotated, and every
    fault in one table.

    \b
    Exit code: 0 ready for training, 1 training would refuse, 2 wrong arguments.
    """  # noqa: D301 - click reads the backspace character
    from rich.console import Console

    from appliance.dataset_check_screen import document, print_inspection
    from inference.dataset.check import training_faults
    from inference.error import DataSetError

    try:
        inspection = _inspect(folder, layout, cache_folder(cache), quiet=as_json)
    except DataSetError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps(document(inspection), indent=2))
    else:
        console = Console(highlight=False, markup=False, emoji=False, width=output_width())
        print_inspection(console, inspection)
    sys.exit(_EXIT_FAULTS if training_faults(inspection) else 0)


for _command in (sample, export):
    dataset.add_command(_command)


def _inspect(folder: Path, layout: str | None, cache: Path, *, quiet: bool) -> Inspection:
    """Inspect, with a bar on standard error if that is a terminal; raises DataSetError."""
    from rich.console import Console
    from rich.progress import Progress

    from inference.dataset.check import inspect, with_cache
    from inference.dataset.opening import open_data_set
    from inference.dataset.source import Layout

    found = open_data_set(folder, None if layout is None else Layout(layout))
    console = Console(stderr=True)
    hidden = quiet or not console.is_terminal
    with Progress(console=console, transient=True, disable=hidden) as bars:
        task = bars.add_task("checking", total=len(found.clips))
        inspection = inspect(found, lambda done, _: bars.update(task, completed=done))
    return with_cache(inspection, cache)
