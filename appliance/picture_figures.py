"""The newest figures of all cages' pictures, in a file between two processes.

The watcher writes it, the publisher reads it: neither waits for the other. It says something of now
only, so nobody waits for the disk.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from appliance.report import CagePicture
from disk.durable_file import part_path

_TOO_OLD_NS: Final = 30_000_000_000
"""A watcher that lives writes every ten seconds."""


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    monotonic_ns: int
    cages: tuple[CagePicture, ...]


def write_figures(path: Path, cages: Sequence[CagePicture], now_ns: int) -> None:
    """Replace the file; `now_ns` on the monotonic clock. Raises OSError."""
    part = part_path(path)
    part.write_text(_File(monotonic_ns=now_ns, cages=tuple(cages)).model_dump_json())
    part.replace(path)


def read_figures(path: Path, now_ns: int) -> tuple[CagePicture, ...]:
    """Return the cages whose picture was seen in the last half minute, with its age now.

    No file, and one of an earlier boot or release, are none.
    """
    try:
        file = _File.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return ()
    old_ns = now_ns - file.monotonic_ns
    if not 0 <= old_ns <= _TOO_OLD_NS:
        return ()
    return tuple(
        cage.model_copy(update={"age_s": round(cage.age_s + old_ns / 1e9, 1)})
        for cage in file.cages
        if cage.age_s is not None and cage.age_s <= _TOO_OLD_NS / 1e9
    )
