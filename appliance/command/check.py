"""`ethoprofiler check`: whether a rack would run on a configuration."""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from appliance.config import ConfigError, read_config
from appliance.config_search import find_config
from appliance.probe import CheckRow
from appliance.terminal import output_width

_SCHEMA: Final = "ethoprofiler.check/1"
_STYLES: Final = {"ok": "green", "warning": "yellow", "failed": "bold red"}


@click.command()
@click.argument("config", type=click.Path(path_type=Path), required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document, nothing else.")
def check(config: Path | None, *, as_json: bool) -> None:
    """Look over the configuration CONFIG and everything that it names.

    Opens every camera, writes to the folders, loads the model, asks broker, store and panels. A
    rack that runs is not disturbed. Ends with 1 if anything failed; warnings are no failure.

    CONFIG is by default $ETHOPROFILER_CONFIG, ./rack.toml or /etc/ethoprofiler/rack.toml.
    """
    path = find_config(config)
    try:
        rows = _rows(path)
    except ConfigError as error:
        if not as_json:
            raise click.ClickException(str(error)) from error
        rows = [CheckRow("configuration", "failed", str(error))]
    has_failed = any(row.verdict == "failed" for row in rows)
    if as_json:
        document = {
            "schema": _SCHEMA,
            "config": str(path),
            "ok": not has_failed,
            "rows": [{"what": row.what, "result": row.verdict, "text": row.text} for row in rows],
        }
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        _print(path, rows)
    sys.exit(1 if has_failed else 0)


def _rows(path: Path) -> list[CheckRow]:
    """Return all rows; raises ConfigError."""
    config = read_config(path)
    # A lazy import: cameras and their libraries cost time that a misspelt key need not.
    from appliance.rack_check import check_rack

    cages = f"{len(config.cage)} {'cage' if len(config.cage) == 1 else 'cages'}"
    summary = f"{path}: {config.rack.facility}/{config.rack.name}, {cages}"
    return [CheckRow("configuration", "ok", summary), *check_rack(config)]


def _print(path: Path, rows: list[CheckRow]) -> None:
    table = Table("what", "result")
    table.add_column("found", overflow="fold")
    for row in rows:
        table.add_row(row.what, Text(row.verdict, _STYLES[row.verdict]), Text(row.text))
    Console(highlight=False, markup=False, width=output_width()).print(table)
    counts = Counter(row.verdict for row in rows)
    click.echo(
        f"{path}: {counts['ok']} ok, {counts['warning']} warnings, {counts['failed']} failed",
        err=True,
    )
