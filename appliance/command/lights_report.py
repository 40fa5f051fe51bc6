"""`ethoprofiler lights report`: what light the animals had on a day, to be read and signed."""

import sys
import time
from datetime import date, datetime
from pathlib import Path
from typing import Final

import click

from appliance.light_record_reading import LightRecordError
from appliance.light_report import LightReportDocument, Signature
from appliance.light_report_building import (
    LightReportError,
    MadeReport,
    make_report,
    yesterday,
)
from appliance.light_report_page import report_page
from appliance.light_report_screen import report_lines
from appliance.light_sign_off import SignOffError, document_of, sign, signatures_of
from appliance.operator_call import config_argument, rack_of
from appliance.rack_path import light_record
from disk.durable_file import write_durably

_LONGEST_NAME: Final = 64


@click.command()
@config_argument
@click.option(
    "--day",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="Of the facility's standard time.  [default: yesterday]",
)
@click.option("--panel", help="Only this one.  [default: all]")
@click.option("--sign", "name", metavar="NAME", help="Sign the report of a day that is over.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.html",
    help="Write a printable page, and FILE.json beside it.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document, nothing else.")
def report(
    config: Path | None,
    *,
    day: datetime | None,
    panel: str | None,
    name: str | None,
    output: Path | None,
    as_json: bool,
) -> None:
    """Say what light a rack's animals had on a day: planned, commanded, measured.

    From the light record, a file a day beside the recordings. No rack needs to run; whoever may
    read and write there can sign.

    \b
    Exit code: 0 there is a report, whatever it says, 1 there is none or it could not be signed,
    2 wrong arguments.
    """  # noqa: D301 - click reads the backspace character
    if name is not None and panel is not None:
        raise click.UsageError("--sign is for the whole rack; leave --panel out")
    if output is not None and output.suffix != ".html":
        raise click.UsageError(f"--output {output}: must end with .html")
    signer = None if name is None else _name(name)
    rack = rack_of(config)
    zone, folder, now_ns = rack.standard_time, light_record(rack), time.time_ns()
    wanted = yesterday(now_ns, zone) if day is None else day.date()
    try:
        made = make_report(rack, wanted, now_ns, panel)
        document = document_of(made, _signatures(folder, wanted, made, signer, now_ns))
    except (LightReportError, LightRecordError, SignOffError) as error:
        raise click.ClickException(str(error)) from error
    text = document.model_dump_json(by_alias=True, indent=2)
    if output is not None:
        _write(output, report_page(made, document, zone))
        _write(output.with_suffix(".json"), text + "\n")
    if as_json:
        click.echo(text)
    elif output is not None:
        _tell_written(output, document)
    else:
        click.echo("\n".join(report_lines(made, document, zone, is_ascii=_is_ascii())))


def _signatures(
    folder: Path, day: date, made: MadeReport, signer: str | None, now_ns: int
) -> tuple[Signature, ...]:
    if signer is None:
        return signatures_of(folder, day)
    return sign(folder, made, signer, now_ns)


def _tell_written(output: Path, document: LightReportDocument) -> None:
    click.echo(document.report.sentence)
    click.echo(f"written: {output}, {output.with_suffix('.json')}")


def _write(path: Path, text: str) -> None:
    try:
        write_durably(path, text.encode())
    except OSError as error:
        raise click.ClickException(f"{path}: cannot be written: {error.strerror}") from error


def _name(name: str) -> str:
    name = name.strip()
    if not name or not name.isprintable() or len(name) > _LONGEST_NAME:
        raise click.UsageError(
            f"--sign: a name has 1 to {_LONGEST_NAME} characters, none of them invisible"
        )
    return name


def _is_ascii() -> bool:
    return not (sys.stdout.encoding or "").lower().startswith("utf")
