"""Finding out which process, if any, writes or repairs a segment."""

import re
import time
from pathlib import Path
from typing import Final

from appliance.instance_lock import has_open, holder_of
from capture_hw.segment_hold import holding_process, is_held

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_CAGE: Final = re.compile(r"\d{2}")
_STILL_S: Final = 10.0
"""A recorder hands its file a frame several times a second, whatever else it does."""


def recorder_of(file: Path) -> int | None:
    """Return the recorder that looks after the cage in whose folder a file lies.

    None without one, and where the cage's lock lies elsewhere: of a spool, or of a rack that keeps
    its locks beside its state. What such a recorder writes is known by `is_being_written`.
    """
    day = file.absolute().parent
    cage = day.parent
    if not _DAY.fullmatch(day.name) or not _CAGE.fullmatch(cage.name):
        return None
    return holder_of(cage.parent / ".lock" / f"recorder-{cage.name}")


def is_being_written(part: Path, recorder: int | None) -> bool:
    """Say whether a file is written or repaired now. Raises OSError.

    By its lock, then by the recorder's open files; where neither may be known or nobody has them
    (another machine), by when the file last grew.
    """
    status = part.stat()
    try:
        if is_held(part):
            return True
        if recorder is not None:
            return has_open(recorder, status)
    except PermissionError:
        pass
    return grew_lately(part)


def grew_lately(part: Path) -> bool:
    """Say whether a file grew just now. Raises OSError."""
    return time.time() - part.stat().st_mtime < _STILL_S  # the file system's times are wall time


def writer_of(part: Path, recorder: int | None) -> int | None:
    """Return the process that writes or repairs a file, as far as it can be seen."""
    return holding_process(part) or recorder
