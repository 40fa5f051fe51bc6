"""`ethoprofiler lights`: the photoperiods of a rack and its panels."""

import json
import sys
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console

from appliance.command.lights_order import calibrate, override, resume
from appliance.command.lights_report import report
from appliance.config import ConfigError, read_bytes
from appliance.config_search import find_config
from appliance.control_client import ControlClient, ControlError
from appliance.light_check import light_check
from appliance.light_drawing import Window
from appliance.light_outlook import outlooks
from appliance.light_plan_document import check_document, plan_document
from appliance.light_plan_screen import check_screen, plan_screen
from appliance.light_status_screen import light_status_screen
from appliance.light_text import local
from appliance.operator_call import config_argument, rack_of, refuse_unknown_panel
from appliance.rack_path import control_socket
from appliance.status import RackStatus
from appliance.terminal import output_width
from capture_hw.photoperiod import SECOND_NS

_STATUS_SCHEMA: Final = "ethoprofiler.lights-status/1"
_EXIT_FAULT: Final = 3
_HOUR_NS: Final = 3600 * SECOND_NS
_LONGEST_H: Final = 8784
"""A leap year."""
_YEARS: Final = range(1970, 2106)
_MOMENT: Final = click.DateTime(["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"])
_json_option: Final = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document, nothing else."
)


@click.group()
def lights() -> None:
    """Plan, check, see and override light.

    CONFIG is by default $ETHOPROFILER_CONFIG, ./rack.toml or /etc/ethoprofiler/rack.toml.
    """


@lights.command(short_help="Show which light a configuration gives.")
@config_argument
@click.option(
    "--hours", type=click.IntRange(1, _LONGEST_H), default=72, show_default=True, help="How far."
)
@click.option("--from", "start", type=_MOMENT, help="In standard time.  [default: today, 00:00]")
@click.option("--panel", help="Only this one.  [default: all that differ]")
@click.option("--double", "is_double", is_flag=True, help="Draw two days in a row.")
@click.option("--check", "in_words", is_flag=True, help="Explain in words, from --from or now on.")
@_json_option
def plan(
    config: Path | None,
    *,
    hours: int,
    start: datetime | None,
    panel: str | None,
    is_double: bool,
    in_words: bool,
    as_json: bool,
) -> None:
    """Show which light CONFIG gives: a table of its parts, and an actogram.

    No rack needs to run. What contradicts itself is refused with file, line and key, and exit
    code 1. With --check: what each panel does now, what each change means for the animals'
    nights and days, and what is unusual.
    """
    rack = rack_of(config)
    if panel is not None:
        refuse_unknown_panel(rack, panel)
    now_ns, console = time.time_ns(), _console()
    if in_words:
        from_ns = now_ns if start is None else _utc_ns(start, rack.standard_time)
        found = light_check(rack, _text_of(config), from_ns, panel)
        if as_json:
            _print_json(check_document(rack, found))
        else:
            console.print(check_screen(rack, found, from_ns, console.width), soft_wrap=True)
        return
    from_ns = _begin_ns(start, now_ns, rack.standard_time)
    until_ns = from_ns + hours * _HOUR_NS
    if as_json:
        _print_json(plan_document(rack, outlooks(rack, panel), from_ns, until_ns))
        return
    is_ascii = console.options.ascii_only
    window = Window(from_ns, until_ns, rack.standard_time, console.width, is_double, is_ascii)
    console.print(plan_screen(rack, outlooks(rack, panel), window, now_ns))


@lights.command()
@config_argument
@_json_option
def status(config: Path | None, *, as_json: bool) -> None:
    """Show what the panels of the running rack say.

    \b
    Exit code: 0 all well, 1 no rack is running, 2 wrong arguments,
    3 a panel does not answer or disagrees, or the light record is not written.
    """  # noqa: D301 - click reads the backspace character
    rack = rack_of(config)
    try:
        with ControlClient(control_socket(rack)) as client:
            state = client.status()
    except ControlError as error:
        raise click.ClickException(str(error)) from error
    if state.lights is None:
        raise click.ClickException(f"the lights worker says nothing: {_condition(state)}")
    if as_json:
        document = {"schema": _STATUS_SCHEMA, "time_utc_ns": state.time_utc_ns}
        _print_json(document | state.lights.model_dump())
    else:
        _console().print(light_status_screen(state.lights, state.time_utc_ns, rack.standard_time))
    has_fault = state.lights.record_fault or any(panel.reason for panel in state.lights.panels)
    sys.exit(_EXIT_FAULT if has_fault else 0)


for _command in (override, resume, calibrate, report):
    lights.add_command(_command)


def _condition(state: RackStatus) -> str:
    """Return how the lights worker is, as the supervisor sees it."""
    for worker in state.workers:
        if worker.name == "lights":
            return f"{worker.state}, {worker.reason}" if worker.reason else worker.state
    return "the rack runs without a panel"


def _console() -> Console:
    return Console(highlight=False, markup=False, emoji=False, width=output_width())


def _print_json(document: dict[str, Any]) -> None:
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def _text_of(config: Path | None) -> str:
    try:
        return read_bytes(find_config(config)).decode("utf-8-sig")
    except ConfigError as error:
        raise click.ClickException(str(error)) from error


def _begin_ns(start: datetime | None, now_ns: int, zone: timezone) -> int:
    """Return what was given in standard time, else the begin of today."""
    if start is not None:
        return _utc_ns(start, zone)
    return _utc_ns(local(now_ns, zone).replace(hour=0, minute=0, second=0), zone)


def _utc_ns(moment: datetime, zone: timezone) -> int:
    if moment.year not in _YEARS:
        # A panel's clock has 32 bits.
        raise click.BadParameter("must lie in the years 1970 to 2105", param_hint="--from")
    return int(moment.replace(tzinfo=zone).timestamp()) * SECOND_NS
