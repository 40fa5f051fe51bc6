"""`ethoprofiler run`: the supervisor."""

import os
import sys
from functools import partial
from pathlib import Path

import click

from appliance.config import ConfigError, parse_config, read_bytes
from appliance.config_search import find_config
from appliance.instance_lock import AlreadyRunning
from appliance.log import start_log
from appliance.rack_path import SUPERVISOR, log_path, running_config
from appliance.rack_volume import VolumeAway, refuse_hidden_state
from appliance.supervisor import Supervisor
from appliance.worker import config_sha256
from appliance.worker_process import worker_command
from disk.durable_file import write_durably


@click.command()
@click.argument("config", type=click.Path(dir_okay=False, path_type=Path), required=False)
def run(config: Path | None) -> None:
    """Run the rack that CONFIG describes, until SIGTERM, Ctrl-C or `ethoprofiler stop`.

    Without CONFIG: $ETHOPROFILER_CONFIG, ./rack.toml or /etc/ethoprofiler/rack.toml. Workers that
    still run from before are taken over as they are. Later changes of CONFIG count from the next
    `run` on.

    \b
    Exit code: 0 stopped in order, 1 could not start or not end, 2 wrong arguments, 75 the volume
    with the recordings is away, and the state folder with it: try again.
    """  # noqa: D301 - click reads the backspace character
    path = find_config(config).absolute()
    try:
        content = read_bytes(path)
        rack = parse_config(content, path, path.parent)
        refuse_hidden_state(rack)
        start_log(log_path(rack, SUPERVISOR), also_stderr=True)
        kept = running_config(rack)
        command_of = partial(worker_command, config_path=kept, folder=path.parent)
        with Supervisor(rack, config_sha256(content), command_of) as supervisor:
            # Not before it holds the rack's lock: another supervisor's workers read the same file.
            _keep(kept, content)
            ended = supervisor.run()
    except VolumeAway as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(os.EX_TEMPFAIL)
    except (ConfigError, AlreadyRunning) as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{error.filename or path}: {error.strerror}") from error
    sys.exit(0 if ended else 1)


def _keep(path: Path, content: bytes) -> None:
    """Write what the workers are to read, unless it is there: a full disk stops no restart."""
    if not path.exists() or path.read_bytes() != content:
        write_durably(path, content)
