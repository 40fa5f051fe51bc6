"""What the commands share that tell a running rack to do something."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import click

from appliance.author import default_author
from appliance.config import ConfigError, RackConfig, read_config
from appliance.config_search import find_config
from appliance.control_client import ControlClient, ControlError
from appliance.rack_path import control_socket

config_argument: Final = click.argument(
    "config", type=click.Path(dir_okay=False, path_type=Path), required=False
)
author_option: Final = click.option(
    "--author", default=default_author, show_default="login name", help="Who does it."
)


def rack_of(config: Path | None) -> RackConfig:
    """Return the configuration that a command means; raises ClickException."""
    try:
        return read_config(find_config(config))
    except ConfigError as error:
        raise click.ClickException(str(error)) from error


def refuse_unknown_panel(rack: RackConfig, panel: str) -> None:
    """Raise ClickException if the configuration has no panel of this name."""
    names = [one.name for one in rack.lights.panel]
    if panel not in names:
        known = f"known here: {', '.join(names)}" if names else "the configuration has none"
        raise click.ClickException(f"panel {panel}: no such panel; {known}")


def call(config: Path | None, act: Callable[[ControlClient], str]) -> RackConfig:
    """Let the running rack do something and say what was done; raises ClickException."""
    rack = rack_of(config)
    try:
        with ControlClient(control_socket(rack)) as client:
            click.echo(act(client))
    except ControlError as error:
        raise click.ClickException(str(error)) from error
    return rack
