"""`ethoprofiler init`: a configuration to start from."""

from pathlib import Path

import click

from appliance.config_search import LOCAL
from appliance.example_config import example_config

_MOST_CAGES = 99


@click.command()
@click.argument(
    "path", type=click.Path(dir_okay=False, path_type=Path), default=LOCAL, required=False
)
@click.option(
    "--cages",
    type=click.IntRange(1, _MOST_CAGES),
    default=10,
    show_default=True,
    help="Simulated cages.",
)
def init(path: Path, cages: int) -> None:
    """Write a commented configuration of simulated cages to PATH, by default rack.toml.

    Nothing is ever overwritten.
    """
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(example_config(cages))
    except FileExistsError as error:
        raise click.ClickException(f"{path}: exists already and is left as it is") from error
    except OSError as error:
        raise click.ClickException(f"{path}: cannot be written: {error.strerror}") from error
    click.echo(f"{path}: written, {cages} simulated {'cage' if cages == 1 else 'cages'}", err=True)
    click.echo(f"Next: ethoprofiler check {path}", err=True)
