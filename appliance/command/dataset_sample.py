"""`ethoprofiler dataset sample`: from recorded segments to clips for annotation."""

from __future__ import annotations

import re
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from appliance.dataset_sample import Sample
    from appliance.sample_plan import SampleChoice

_MOMENT: Final = click.DateTime(["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"])
_DURATION: Final = re.compile(r"(?P<number>\d{1,5})(?P<unit>[smh])")
_UNIT_S: Final = {"s": 1, "m": 60, "h": 3600}


class _DurationType(click.ParamType[timedelta]):
    """A number with its unit, such as 90s, 30m, 1h."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        if isinstance(value, timedelta):
            return value
        match = _DURATION.fullmatch(str(value))
        if match is None:
            self.fail(f"`{value}` is not a number with s, m or h, such as 30m", param, ctx)
        return timedelta(seconds=int(match["number"]) * _UNIT_S[match["unit"]])


@click.command(short_help="Cut clips for annotation out of recorded segments.")
@click.argument("data", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--cage",
    "cages",
    type=click.IntRange(1, 99),
    multiple=True,
    metavar="NN",
    help="Only this one; repeatable.  [default: all]",
)
@click.option("--from", "begin", type=_MOMENT, help="Standard time.  [default: all]")
@click.option("--until", "end", type=_MOMENT, help="Standard time.  [default: all]")
@click.option(
    "--every", type=_DurationType(), default="30m", show_default=True, help="From midnight on."
)
@click.option("--length", type=_DurationType(), default="5m", show_default=True, help="Of a clip.")
@click.option(
    "--recordings",
    type=click.IntRange(1),
    metavar="N",
    help="Of each cage, evenly spaced; the paper had 3 or 4.  [default: all]",
)
@click.option(
    "--labels",
    "with_labels",
    is_flag=True,
    help="Also write the model's labels of the same frames, as label files.",
)
def sample(
    data: Path,
    out: Path,
    cages: tuple[int, ...],
    begin: datetime | None,
    end: datetime | None,
    every: timedelta,
    length: timedelta,
    recordings: int | None,
    *,
    with_labels: bool,
) -> None:
    """Cut clips out of the recordings below DATA, a rack's data folder, into the folder OUT.

    By default what the paper annotated: five minutes at the top of each half hour. A clip holds
    exactly the frames of its time, each pixel as it was recorded, and is named as in the published
    data set; clips.csv says what each is made of and animals.csv what strain each animal is.
    Annotations are for people to make: nothing is written that could be taken for one.

    The same command goes on where it was interrupted; nothing is ever overwritten. Recordings that
    are being written are not touched.

    \b
    Exit code: 0 all there, 1 something could not be cut, 2 wrong arguments.
    """  # noqa: D301 - click reads the backspace character
    # Lazy imports: PyAV and OpenCV would cost a second for every `--help`.
    from appliance.sample_interval import Rhythm
    from appliance.sample_plan import SampleChoice, SampleError
    from capture_hw.error import CaptureError
    from inference.error import InferenceError

    choice = SampleChoice(Rhythm(every, length), cages, begin, end, recordings, with_labels)
    try:
        done = _sampled(data, out, choice)
    except (SampleError, CaptureError, InferenceError) as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{error.filename or out}: {error.strerror}") from error
    for remark in done.remarks:
        click.echo(remark, err=True)
    for fault in done.faults:
        click.echo(fault, err=True)
    click.echo(f"{out}: {done.new} clips cut, {len(done.clips)} there")
    sys.exit(1 if done.faults else 0)


def _sampled(data: Path, out: Path, choice: SampleChoice) -> Sample:
    from rich.console import Console
    from rich.progress import Progress

    from appliance.dataset_sample import sample_recordings

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task("cutting", total=None)
        return sample_recordings(
            data,
            out,
            choice,
            lambda total: bars.update(task, total=total),
            lambda name: bars.update(task, advance=1, description=name),
        )
