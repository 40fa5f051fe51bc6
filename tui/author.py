"""Who sits at the terminal."""

import getpass
import os
from typing import Final

_LONGEST: Final = 64
"""As the control socket allows."""


def author_name() -> str:
    """Return who called sudo, or the login name; empty if neither is known."""
    try:
        name = os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        return ""
    return name[:_LONGEST]
