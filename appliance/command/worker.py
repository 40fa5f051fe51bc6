"""`ethoprofiler worker`: one process of the rack, started by the supervisor."""

import sys
from pathlib import Path

import click

from appliance.worker import run_worker


@click.command(hidden=True)
@click.argument("name")
@click.option("--config", type=click.Path(dir_okay=False, path_type=Path), required=True)
def worker(name: str, config: Path) -> None:
    """Run one worker of the rack; `ethoprofiler run` starts them all."""
    sys.exit(run_worker(name, config))
