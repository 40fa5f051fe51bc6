"""`ethoprofiler worker`: one process of the rack, started by the supervisor."""

import sys
from pathlib import Path

import click

from appliance.worker import run_worker


@click.command(hidden=True)
@click.argument("name")
@click.option("--config", type=click.Path(dir_okay=False, path_type=Path), required=True)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where relative paths of the configuration start, by default its folder.",
)
def worker(name: str, config: Path, folder: Path | None) -> None:
    """Run one worker of the rack; `ethoprofiler run` starts them all."""
    sys.exit(run_worker(name, config, folder))
