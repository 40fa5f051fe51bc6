"""`ethoprofiler lights override`, `resume`, `calibrate`: what a person orders of a panel."""

import math
import time
from collections.abc import Callable
from pathlib import Path

import click

from appliance.cage_plan import panel_plan
from appliance.config import ConfigError, RackConfig
from appliance.config_search import find_config
from appliance.control_client import ControlClient, ControlError, NoRackRunning
from appliance.light_caution import darkness_question
from appliance.operator_call import author_option, config_argument, rack_of, refuse_unknown_panel
from appliance.rack_path import lights_socket
from appliance.running_rack import started_with


def _number(_context: click.Context, _option: click.Parameter, minutes: float) -> float:
    """Refuse what is no number, which no range does."""
    if math.isnan(minutes):
        raise click.BadParameter("nan is not a number")
    return minutes


@click.command(short_help="Give other white light for a time.")
@click.argument("panel")
@config_argument
@click.option("--white", type=click.IntRange(0, 100), required=True, help="Percent of full light.")
@click.option(
    "--minutes",
    type=click.FloatRange(0, 24 * 60, min_open=True),
    callback=_number,
    required=True,
    help="How long; a panel may allow less.",
)
@click.option("--reason", required=True, help="What it is for; it stands in the light report.")
@click.option("--yes", is_flag=True, help="Do not ask before there is light in the dark phase.")
@author_option
def override(
    panel: str,
    config: Path | None,
    *,
    white: int,
    minutes: float,
    reason: str,
    yes: bool,
    author: str,
) -> None:
    """Let PANEL give other white light for a time, after which it goes back by itself.

    For example: ethoprofiler lights override main --white 60 --minutes 20 --reason 'cage change'
    """
    rack = _running(panel, config)
    question = darkness_question(panel_plan(rack, panel), panel, white, minutes, time.time_ns())
    if question is not None and not yes and not click.confirm(question):
        raise click.ClickException(f"panel {panel}: nothing was changed")
    _tell(rack, lambda client: client.override_light(panel, white, minutes, reason, author))


@click.command(short_help="End what was ordered of a panel.")
@click.argument("panel")
@config_argument
@author_option
def resume(panel: str, config: Path | None, author: str) -> None:
    """End what was ordered of PANEL: light is as planned again, at once."""
    rack = _running(panel, config)
    _tell(rack, lambda client: client.end_override(panel, author))


@click.command(short_help="Take what a panel's sensors read now.")
@click.argument("panel")
@config_argument
@author_option
def calibrate(panel: str, config: Path | None, author: str) -> None:
    """Take what the sensors of PANEL read now for what is commanded now.

    Only while the lamps are as bright as they should be: after building in, or after a lamp or a
    sensor was replaced. Light must be steady and above 20 %.
    """
    rack = _running(panel, config)
    _tell(rack, lambda client: client.calibrate_panel(panel, author))


def _running(panel: str, config: Path | None) -> RackConfig:
    """Return the configuration that the rack was started with; raises ClickException.

    Refuses a panel that it does not have.
    """
    if config is not None and Path(panel).is_file() and not config.exists():
        raise click.ClickException(f"{panel}: is a file; the panel comes first: {config} {panel}")
    rack = rack_of(config)
    try:
        rack = started_with(rack, find_config(config).absolute().parent)
    except ConfigError as error:
        raise click.ClickException(str(error)) from error
    refuse_unknown_panel(rack, panel)
    return rack


def _tell(rack: RackConfig, act: Callable[[ControlClient], str]) -> None:
    """Let the lights worker do something and say what was done; raises ClickException."""
    address = lights_socket(rack)
    try:
        with ControlClient(address) as client:
            click.echo(act(client))
    except NoRackRunning as error:
        raise click.ClickException(f"{address}: no lights worker is running here") from error
    except ControlError as error:
        raise click.ClickException(str(error)) from error
