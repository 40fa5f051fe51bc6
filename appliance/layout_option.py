"""The option that says how a data set lies in its folder."""

from typing import Final

import click

_LAYOUTS: Final = ("published", "mit-full", "mit-clipped", "segments", "boris")
"""As `inference.dataset.source.Layout`, whose import would cost NumPy's time for every `--help`."""

layout_option = click.option(
    "--layout", type=click.Choice(_LAYOUTS), help="[default: the one that is found]"
)
