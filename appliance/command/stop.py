"""`ethoprofiler stop`: the end of a running rack."""

import time
from pathlib import Path
from typing import Final

import click

from appliance.instance_lock import holder_of
from appliance.operator_call import author_option, call, config_argument
from appliance.rack_path import SUPERVISOR, lock_path

_LONGEST_S: Final = 30.0
_LOOK_S: Final = 0.1


@click.command()
@config_argument
@author_option
def stop(config: Path | None, author: str) -> None:
    """Stop the rack that CONFIG describes, in order, and wait until nothing of it is left.

    Segments are closed, last labels and events still get out. Takes at most 20 s.
    """
    rack = call(config, lambda client: client.stop_rack(author))
    deadline_s = time.monotonic() + _LONGEST_S
    while (pid := holder_of(lock_path(rack, SUPERVISOR))) is not None:
        if time.monotonic() > deadline_s:
            raise click.ClickException(f"process {pid} has not ended within {_LONGEST_S:.0f} s")
        time.sleep(_LOOK_S)
    click.echo("stopped")
