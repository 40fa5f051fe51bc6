"""Which configuration file a command means when none is given."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

VARIABLE: Final = "ETHOPROFILER_CONFIG"
LOCAL: Final = Path("rack.toml")
INSTALLED: Final = Path("/etc/ethoprofiler/rack.toml")


def find_config(given: Path | None, environment: Mapping[str, str] = os.environ) -> Path:
    """Return what was given, else $ETHOPROFILER_CONFIG, ./rack.toml, the installed file.

    The file found need not be readable: whoever reads it says what is wrong with it.
    """
    if given is not None:
        return given
    if named := environment.get(VARIABLE):
        return Path(named)
    return LOCAL if LOCAL.exists() else INSTALLED
