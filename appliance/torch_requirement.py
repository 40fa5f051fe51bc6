"""Commands that need PyTorch, which a rack does without."""

from collections.abc import Iterator
from contextlib import contextmanager

import click


@contextmanager
def torch_required() -> Iterator[None]:
    """Say what to install if an import inside fails."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise click.ClickException("this needs PyTorch: install `ethoprofiler[train]`") from error
