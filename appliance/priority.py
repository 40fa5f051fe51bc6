"""How a process stands among the others on the box."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

_GROUP: Final = Path("/proc/self/autogroup")
"""Source: sched(7), autogroup: niceness counts within a session only; this is the session's own.

Every worker is a session of its own, so without it a recorder would get no more than a compiler.
"""


def set_niceness(nice: int) -> None:
    """Ask for -20 (before all others) to 19; without permission all stays as it is."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, nice)
    with suppress(OSError):
        _GROUP.write_text(f"{nice}\n")
