"""Who acts on a rack, if nobody says."""

import getpass
import os

_LONGEST = 64
"""Characters, as the control socket takes them."""


def default_author() -> str:
    """Return who became root, else who is logged in, else `unknown`."""
    try:
        name = os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
    return "".join(sign for sign in name if sign.isprintable())[:_LONGEST] or "unknown"
