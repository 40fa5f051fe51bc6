"""`ethoprofiler status`: the state of a running rack."""

import sys
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.live import Live

from appliance.control_client import ControlClient, ControlError
from appliance.operator_call import config_argument, rack_of
from appliance.rack_path import control_socket
from appliance.status import RackStatus
from appliance.status_screen import status_screen
from appliance.terminal import output_width

_EXIT_CRITICAL: Final = 3
_WATCH_S: Final = 1.0


@click.command()
@config_argument
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document a look.")
@click.option("--watch", is_flag=True, help="Look again every second, until Ctrl-C.")
def status(config: Path | None, as_json: bool, watch: bool) -> None:
    """Show the state of the running rack that CONFIG describes.

    \b
    Exit code: 0 all well, 1 no rack is running, 2 wrong arguments,
    3 running with critical alerts.
    """  # noqa: D301 - click reads the backspace character
    rack = rack_of(config)
    console = Console(width=output_width())
    try:
        with ControlClient(control_socket(rack)) as client:
            if watch:
                last = _watch(client, console, as_json=as_json)
            else:
                last = client.status()
                _show(last, console, as_json=as_json)
    except ControlError as error:
        raise click.ClickException(str(error)) from error
    sys.exit(_exit_code(last))


def _watch(client: ControlClient, console: Console, *, as_json: bool) -> RackStatus | None:
    """Show one state after another until a person interrupts it; return the last."""
    last = None
    try:
        if as_json or not console.is_terminal:
            for last in client.watch(_WATCH_S):
                _show(last, console, as_json=as_json)
        else:
            with Live(console=console, screen=True, auto_refresh=False) as live:
                for last in client.watch(_WATCH_S):
                    live.update(status_screen(last), refresh=True)
    except KeyboardInterrupt:
        return last
    return last


def _show(state: RackStatus, console: Console, *, as_json: bool) -> None:
    if as_json:
        click.echo(state.model_dump_json())
    else:
        console.print(status_screen(state))


def _exit_code(last: RackStatus | None) -> int:
    if last is not None and any(alert.severity == "critical" for alert in last.alerts):
        return _EXIT_CRITICAL
    return 0
