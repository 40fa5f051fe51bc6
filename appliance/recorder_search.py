"""Finding out which recorder, if any, writes or repairs a segment."""

import re
import time
from pathlib import Path
from typing import Final

from appliance.instance_lock import has_open, holder_of

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_CAGE: Final = re.compile(r"\d{2}")
_STILL_S: Final = 10.0
"""A recorder hands its file a frame several times a second, whatever else it does."""


def recorder_of(file: Path) -> int | None:
    """Return the process that holds the lock of the cage in whose folder a file lies."""
    day = file.absolute().parent
    cage = day.parent
    if not _DAY.fullmatch(day.name) or not _CAGE.fullmatch(cage.name):
        return None
    return holder_of(cage.parent / ".lock" / f"recorder-{cage.name}")


def is_being_written(part: Path, recorder: int | None) -> bool:
    """Say whether a file is written now. Raises OSError.

    By the recorder's open files; where that may not be known, or without a lock (another machine,
    a spool), by when the file last grew.
    """
    status = part.stat()
    if recorder is not None:
        try:
            return has_open(recorder, status)
        except PermissionError:
            pass
    return time.time() - status.st_mtime < _STILL_S  # the file system's times are wall time
