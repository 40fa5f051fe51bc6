"""Which days of the light record are finished: its files grow under their final names."""

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from typing import Final

from sync.inventory import is_settled
from sync.object_key import LIGHTS_FOLDER, parse_rack_file

_QUIET: Final = timedelta(hours=1)


def finished_light_days(
    folder: Path, names: list[str], standard_time: timezone, now: datetime
) -> Iterator[str]:
    """Yield the names of files of the light record's folder to which no row will come.

    Such a day has been over for an hour, nothing was written for an hour, and a later day has a
    file: rows that waited for a volume that was away come in the order of time.
    """
    days = sorted(name for name in names if parse_rack_file(f"{LIGHTS_FOLDER}/{name}"))
    for name, _later in pairwise(days):
        day, _, _ = name.partition(".")
        if is_settled(day, standard_time, now) and _is_quiet(folder / name, now):
            yield name


def _is_quiet(path: Path, now: datetime) -> bool:
    try:
        written_s = path.stat().st_mtime
    except FileNotFoundError:
        return False
    return now.timestamp() - written_s >= _QUIET.total_seconds()
