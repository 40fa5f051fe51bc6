"""`ethoprofiler devices`: the capture cards and cameras of this machine."""

import json

import click
from rich.console import Console

from appliance.device_screen import devices_document, devices_screen
from appliance.terminal import output_width
from capture_hw.v4l2.kernel import Machine
from capture_hw.v4l2.survey import survey


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document, nothing else.")
@click.pass_obj
def devices(machine: Machine | None, *, as_json: bool) -> None:
    """List the V4L2 capture cards and cameras of this machine.

    Where each is plugged in, what it calls itself, its inputs, video standards, picture formats,
    sizes, frame rates and controls, with the lines that a configuration needs. Nothing is
    changed; a rack that runs is not disturbed.
    """
    found = survey(machine or Machine())
    if as_json:
        click.echo(json.dumps(devices_document(found), indent=2, ensure_ascii=False))
        return
    if found.devices:
        console = Console(highlight=False, markup=False, width=output_width())
        console.print(devices_screen(found))
    else:
        click.echo("no V4L2 device found")
    for refusal in found.refusals:
        click.echo(refusal, err=True)
