"""Processor time and memory of another process, from /proc."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

TICKS: Final = os.sysconf("SC_CLK_TCK")
PAGE: Final = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Usage:
    """What a process has used: seconds since its start, bytes now."""

    cpu_s: float
    memory: int
    """Resident and its own: pages shared with other processes are not counted."""


def usage_of(pid: int) -> Usage:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    resident, shared = (int(n) for n in Path(f"/proc/{pid}/statm").read_text().split()[1:3])
    return Usage((int(fields[11]) + int(fields[12])) / TICKS, (resident - shared) * PAGE)
