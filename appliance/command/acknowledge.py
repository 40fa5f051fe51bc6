"""`ethoprofiler acknowledge`: somebody knows of an alert."""

from pathlib import Path

import click

from appliance.operator_call import author_option, call, config_argument


@click.command()
@click.argument("alert")
@config_argument
@author_option
def acknowledge(alert: str, config: Path | None, author: str) -> None:
    """Say that somebody knows of ALERT, such as cage-03-stalled; `status` names them.

    It stays until its cause is gone, and counts as known until then.
    """
    call(config, lambda client: client.acknowledge(alert, author))
