"""`ethoprofiler run`: the supervisor."""

import sys
from functools import partial
from pathlib import Path

import click

from appliance.config import ConfigError, read_config
from appliance.config_search import find_config
from appliance.instance_lock import AlreadyRunning
from appliance.log import start_log
from appliance.rack_path import SUPERVISOR, log_path
from appliance.supervisor import Supervisor
from appliance.worker import config_sha256
from appliance.worker_process import worker_command


@click.command()
@click.argument("config", type=click.Path(dir_okay=False, path_type=Path), required=False)
def run(config: Path | None) -> None:
    """Run the rack that CONFIG describes, until SIGTERM, Ctrl-C or `ethoprofiler stop`.

    Without CONFIG: $ETHOPROFILER_CONFIG, ./rack.toml or /etc/ethoprofiler/rack.toml. Workers that
    still run from before are taken over as they are.

    \b
    Exit code: 0 stopped in order, 1 could not start or not end, 2 wrong arguments.
    """  # noqa: D301 - click reads the backspace character
    path = find_config(config).absolute()
    try:
        rack = read_config(path)
        start_log(log_path(rack, SUPERVISOR), also_stderr=True)
        command_of = partial(worker_command, config_path=path)
        with Supervisor(rack, config_sha256(path), command_of) as supervisor:
            ended = supervisor.run()
    except (ConfigError, AlreadyRunning) as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{error.filename or path}: {error.strerror}") from error
    sys.exit(0 if ended else 1)
