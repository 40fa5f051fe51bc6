"""How wide the output is."""

import sys
from typing import Final

_PIPED_WIDTH: Final = 120


def output_width() -> int | None:
    """Return the columns of standard output for rich: None, its own choice, on a terminal."""
    return None if sys.stdout.isatty() else _PIPED_WIDTH
