"""Where decoded clips are kept."""

import os
from pathlib import Path

import click

cache_option = click.option(
    "--cache",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for decoded clips.  [default: the user's cache]",
)


def cache_folder(chosen: Path | None) -> Path:
    """Return the folder a person chose, else the user's (XDG Base Directory Specification)."""
    if chosen is not None:
        return chosen
    caches = os.environ.get("XDG_CACHE_HOME")
    return (Path(caches) if caches else Path.home() / ".cache") / "ethoprofiler" / "bands"
