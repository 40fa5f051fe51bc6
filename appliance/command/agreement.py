"""`ethoprofiler agreement`: what people, or people and models, said of the same frames."""

from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import click

from appliance.agreement_screen import show_agreement
from appliance.report_requirement import require_reports
from disk.durable_file import write_durably
from inference.error import InferenceError
from inference.evaluate.agreement import Agreement, agreement_of
from inference.evaluate.rating import Ratings
from inference.evaluate.rating_file import (
    is_bout_table,
    read_bout_raters,
    read_label_raters,
    read_reviews,
)
from inference.evaluate.report import as_json as json_of


@click.command()
@click.argument("raters", nargs=-1, required=True, metavar="A [B]...")
@click.option("--reviews", is_flag=True, help="A is a published data set: initial against review.")
@click.option(
    "--leave-out", multiple=True, metavar="NAME", help="Bouts of a table to ignore; repeatable."
)
@click.option(
    "--frames-per-second",
    type=click.FloatRange(1, 1000),
    default=25.0,
    show_default=True,
    help="Of the videos; how finely a table of bouts is cut into frames.",
)
@click.option("--output", type=click.Path(file_okay=False, path_type=Path), help="Folder.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document, nothing else.")
def agreement(
    raters: tuple[str, ...],
    reviews: bool,
    leave_out: tuple[str, ...],
    frames_per_second: float,
    output: Path | None,
    as_json: bool,
) -> None:
    """Compare what people, or people and models, said of the same frames.

    \b
    A B ...         label files or annotations: a file, a folder or a quoted
                    pattern such as 'clips/*_map.csv' for each rater, paired by
                    the names of the clips
    TABLE ...       tables of bouts (from;to;type) of one or more raters, of any
                    ethogram
    --reviews A     a data set with _map.csv and _map_new.csv or _map_new_v2.csv

    Frames that either calls none are counted apart. Intervals resample animals (or videos).

    With --output it also writes agreement.json and agreement.html, with a picture of every pair's
    confusion matrix.
    """  # noqa: D301 - click reads the backspace character
    if output is not None:
        require_reports()
    try:
        found = agreement_of(
            _read(raters, reviews, leave_out, frames_per_second),
            created=datetime.now(UTC).replace(microsecond=0),
            software=version("ethoprofiler"),
        )
        if output is not None:
            _write(output, found)
    except InferenceError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{error.filename or output}: {error.strerror}") from error
    if as_json:
        click.echo(json_of(found), nl=False)
        return
    show_agreement(found)
    if output is not None:
        click.echo(f"{output / 'agreement.html'}")


def _read(
    raters: tuple[str, ...], reviews: bool, leave_out: tuple[str, ...], frames_per_second: float
) -> Ratings:
    if reviews:
        if len(raters) != 1 or not Path(raters[0]).is_dir():
            raise click.UsageError("--reviews needs one folder, that of the data set")
        return read_reviews(Path(raters[0]), frames_per_second)
    tables = [rater for rater in raters if is_bout_table(Path(rater))]
    if tables and len(tables) < len(raters):
        other = next(rater for rater in raters if rater not in tables)
        raise click.UsageError(f"{tables[0]} is a table of bouts, {other} is not")
    if tables:
        return read_bout_raters([Path(table) for table in tables], frames_per_second, leave_out)
    if leave_out:
        raise click.UsageError("--leave-out is for tables of bouts")
    return read_label_raters(raters, frames_per_second)


def _write(folder: Path, found: Agreement) -> None:
    """Write the agreement as JSON and as a page; raises OSError."""
    # Lazy: drawing takes a second, and the terminal does without it.
    from inference.evaluate.page import agreement_page

    folder.mkdir(parents=True, exist_ok=True)
    write_durably(folder / "agreement.html", agreement_page(found).encode())
    write_durably(folder / "agreement.json", json_of(found).encode())
