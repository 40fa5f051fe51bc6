"""`ethoprofiler demo`: a whole rack on this machine, without hardware or account."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.table import Table

from appliance.config import ConfigError, RackConfig, read_config
from appliance.control_client import ControlClient, ControlError
from appliance.demo_broker import HOST, DemoBrokerError, demo_broker
from appliance.demo_config import write_demo_config
from appliance.demo_rack import (
    DemoError,
    all_ended,
    all_recording,
    allow_recordings,
    await_status,
    end_recordings,
    running_rack,
)
from appliance.demo_tally import CageTally, is_settled, tally_demo
from appliance.machine_capacity import cages_possible
from appliance.terminal import output_width

_MOST_CAGES: Final = 10
_SEGMENT_S: Final = 60
_COME_ALIVE_S: Final = 60.0
_DELIVER_S: Final = 60.0


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path("demo"))
@click.option("--headless", is_flag=True, help="Run a minute without a screen and print figures.")
@click.option(
    "--seconds", type=click.IntRange(5, 3600), default=60, show_default=True, help="Headless only."
)
@click.option(
    "--cages",
    type=click.IntRange(1, _MOST_CAGES),
    help="Simulated cages.  [default: 10, or what this machine can do at full rate]",
)
def demo(folder: Path, headless: bool, seconds: int, cages: int | None) -> None:
    """Run a rack of simulated cages in FOLDER, by default ./demo, with its dashboard.

    The mice are simulated, all else is real: the recordings, the network, an MQTT 5 broker on this
    machine, a folder as store. Segments last a minute, so that everything happens while one looks.
    Leaving the dashboard ends the rack in order.
    """
    if not headless and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise click.ClickException("the dashboard needs a terminal; use --headless without one")
    try:
        _run(folder, headless=headless, seconds=seconds, wanted=cages)
    except (ConfigError, ControlError, DemoError, DemoBrokerError) as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{error.filename or folder}: {error.strerror}") from error


def _run(folder: Path, *, headless: bool, seconds: int, wanted: int | None) -> None:
    cages = wanted or cages_possible(_MOST_CAGES)
    if wanted is None and cages < _MOST_CAGES:
        click.echo(f"this machine can keep 25 frames/s in {cages} of {_MOST_CAGES} cages", err=True)
    port = _free_port()
    config_path = folder / "rack.toml"
    threads = max(1, len(os.sched_getaffinity(0)) // 2)
    write_demo_config(config_path, cages=cages, port=port, segment_s=_SEGMENT_S, threads=threads)
    config = read_config(config_path)
    (folder / "store").mkdir(exist_ok=True)
    click.echo(f"{cages} simulated cages, broker {HOST}:{port}, files in {folder}", err=True)
    with demo_broker(folder / "broker", port), running_rack(config_path, config) as client:
        allow_recordings(client, config)
        if headless:
            _run_headless(client, config, seconds)
            return
        command = [sys.executable, "-m", "appliance", "dashboard", str(config_path)]
        subprocess.run(command, check=False)  # noqa: S603 - our own interpreter and program
        click.echo("stopping the rack in order", err=True)


def _run_headless(client: ControlClient, config: RackConfig, seconds: int) -> None:
    if not await_status(client, all_recording, _COME_ALIVE_S):
        raise DemoError(f"not every cage is recorded and labelled after {_COME_ALIVE_S:.0f} s")
    since_utc_ns = client.status().time_utc_ns - 10**9 * _SEGMENT_S
    time.sleep(seconds)
    end_recordings(client, config)
    if not await_status(client, lambda s: all_ended(s) and is_settled(config), _DELIVER_S):
        raise DemoError(f"not everything is delivered after {_DELIVER_S:.0f} s; see the status")
    status = client.status()
    assert status.publisher is not None
    tallies = tally_demo(config, since_utc_ns)
    console = Console(width=output_width())
    console.print(_table(tallies))
    click.echo(f"{status.publisher.published} events confirmed by the broker")
    if any(tally.files_stored < tally.files or tally.frames_lost for tally in tallies):
        raise DemoError("a file is not in the store as it is here, or a frame was lost")


def _table(tallies: list[CageTally]) -> Table:
    table = Table(title="What the rack did")
    for name in ("cage", "strain", "segments", "frames", "lost", "labels true", "files stored"):
        table.add_column(name, justify="left" if name in {"cage", "strain"} else "right")
    for tally in tallies:
        table.add_row(
            tally.cage.label,
            tally.cage.strain,
            str(tally.segments),
            str(tally.frames),
            str(tally.frames_lost),
            f"{tally.frames_agreeing / max(1, tally.frames):.1%}",
            f"{tally.files_stored} of {tally.files}",
        )
    return table


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
