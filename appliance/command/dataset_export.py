"""`ethoprofiler dataset export`: a data set in another layout."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from appliance.layout_option import layout_option

if TYPE_CHECKING:  # PyAV and OpenCV would cost a second for every `--help`
    from inference.dataset.source import DataSet

_FORMATS: Final = ("published", "boris", "bouts")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--format", "form", required=True, type=click.Choice(_FORMATS))
@layout_option
@click.option(
    "--behavior",
    "behaviors",
    multiple=True,
    metavar="NAME=BEHAVIOR",
    help="What a name in BORIS is to us, or none; repeatable.",
)
def export(
    folder: Path, out: Path, form: str, layout: str | None, behaviors: tuple[str, ...]
) -> None:
    """Write the data set in FOLDER to OUT, which must not exist.

    \b
    published  a folder: clips named as in the published data set, with _map.csv; linked
               where the file system can, copied where not
    boris      a project file, .boris, with an observation of each clip
    bouts      a table, .csv: clip;animal;strain;behavior;start_frame;end_frame;start_s;duration_s

    What is learned is written: the most reviewed annotation. OUT appears whole or not at all.
    """  # noqa: D301 - click reads the backspace character
    from rich.console import Console
    from rich.progress import Progress

    from inference.dataset.export import ExportFormat, check_export, export_data_set
    from inference.error import InferenceError

    try:
        found = _open(folder, layout, behaviors)
        check_export(found, out, ExportFormat(form))
        console = Console(stderr=True)
        with Progress(console=console, transient=True, disable=not console.is_terminal) as bars:
            task = bars.add_task("reading", total=len(found.clips))
            count = export_data_set(
                found, out, ExportFormat(form), lambda done: bars.update(task, completed=done)
            )
    except InferenceError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{error.filename or out}: {error.strerror}") from error
    for fault in found.faults:
        click.echo(f"{fault.path} {fault.text}", err=True)
    click.echo(f"{click.format_filename(out)}: {count} clips")


def _open(folder: Path, layout: str | None, behaviors: tuple[str, ...]) -> DataSet:
    """Return the data set; raises DataSetError."""
    from inference.dataset.animal_table import with_strains
    from inference.dataset.boris_data_set import read_boris
    from inference.dataset.opening import open_data_set
    from inference.dataset.source import Layout
    from inference.error import DataSetError

    if not behaviors:
        return open_data_set(folder, None if layout is None else Layout(layout))
    if layout not in (None, "boris"):
        raise DataSetError(f"--behavior is for data sets of BORIS, not {layout}")
    if not folder.is_dir():
        raise DataSetError(f"{folder} is not a folder")
    return with_strains(read_boris(folder, behaviors))
