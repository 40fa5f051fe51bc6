"""Commands that write pages with pictures, which a rack does without."""

from importlib.util import find_spec
from typing import Final

import click

_LIBRARIES: Final = {"jinja2": "Jinja2", "matplotlib": "Matplotlib"}


def require_reports() -> None:
    """Say what to install if a page could not be made; at once, not after an hour of judging."""
    missing = [name for module, name in _LIBRARIES.items() if find_spec(module) is None]
    if missing:
        raise click.ClickException(
            f"a report needs {' and '.join(missing)}: install `ethoprofiler[report]`"
        )
