"""`ethoprofiler cage`: one cage's recording."""

from pathlib import Path

import click

from appliance.operator_call import author_option, call, config_argument

_NUMBER = click.IntRange(1, 99)


@click.group()
def cage() -> None:
    """Stop or start the recording of one cage, for example to change the bedding.

    A stopped cage stays stopped, also when the rack is restarted, until it is started again.
    """


@cage.command()
@click.argument("number", type=_NUMBER)
@config_argument
@author_option
def stop(number: int, config: Path | None, author: str) -> None:
    """Stop the recording of cage NUMBER; its segment is closed in order."""
    call(config, lambda client: client.stop_cage(number, author))


@cage.command()
@click.argument("number", type=_NUMBER)
@config_argument
@author_option
def start(number: int, config: Path | None, author: str) -> None:
    """Start the recording of cage NUMBER again."""
    call(config, lambda client: client.start_cage(number, author))
