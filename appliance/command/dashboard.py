"""`ethoprofiler dashboard`: the rack on the terminal."""

import sys
from pathlib import Path
from typing import Final

import click

from appliance.config import ConfigError, RackConfig, read_config
from appliance.config_search import find_config
from appliance.control_client import ControlClient, ControlError
from appliance.rack_path import control_socket
from appliance.running_rack import started_with
from appliance.status import RackStatus

_SLOWEST_S: Final = 60.0
_FASTEST_S: Final = 0.2


@click.command()
@click.argument("config", required=False, type=click.Path(path_type=Path))
@click.option(
    "--every",
    "every_s",
    type=click.FloatRange(_FASTEST_S, _SLOWEST_S),
    default=1.0,
    show_default=True,
    help="Seconds between two looks at the rack.",
)
@click.option("--wait", is_flag=True, help="Wait for a rack that does not run yet.")
def dashboard(config: Path | None, every_s: float, wait: bool) -> None:
    """Show the running rack: every cage, its animal's behavior, light, disk, alerts.

    CONFIG is the rack's configuration file. Leaving the dashboard leaves the rack running; any
    number of dashboards may be open.
    """
    try:
        path = find_config(config)
        found = read_config(path)
        status = None if wait else _status_of(found)
    except (ConfigError, ControlError) as error:
        raise click.ClickException(str(error)) from error
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise click.ClickException(
            "the dashboard needs a terminal; `ethoprofiler status` does without"
        )
    # A lazy import: Textual costs a third of a second, which a refusal need not wait for.
    from tui.program import run_dashboard

    folder = path.absolute().parent
    click.echo(run_dashboard(found, lambda: started_with(found, folder), every_s, status))


def _status_of(config: RackConfig) -> RackStatus:
    """Return the rack's state now; raises ControlError if no rack is running."""
    with ControlClient(control_socket(config)) as client:
        return client.status()
