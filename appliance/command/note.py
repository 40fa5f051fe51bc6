"""`ethoprofiler note`: what a person saw or did."""

from pathlib import Path

import click

from appliance.operator_call import author_option, call, config_argument


@click.command()
@click.argument("text")
@config_argument
@click.option("--cage", type=click.IntRange(1, 99), help="The cage it is about.  [default: all]")
@author_option
def note(text: str, config: Path | None, cage: int | None, author: str) -> None:
    """Write TEXT down: with the time, beside the recordings, and to whoever listens.

    For example: ethoprofiler note 'food changed' --cage 3
    """
    call(config, lambda client: client.note(text, author, cage))
