"""Where a rack's files lie and how they are called in the store."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timezone
from pathlib import Path


@dataclass(frozen=True, slots=True)
class UploadJob:
    """What is uploaded."""

    data: Path
    """The folder of the cages' folders."""
    rack: str
    """The common beginning of all keys, as `rack_key` returns it."""
    standard_time: timezone
    """Of the facility; days begin by it."""
    fault_of: Callable[[], str] = str
    """Says why the data folder is not what it should be, one sentence; empty if it is."""
