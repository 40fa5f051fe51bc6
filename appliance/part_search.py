"""Which unfinished video of a cage is being written."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from disk.durable_file import PART_SUFFIX

_BEING_WRITTEN_NS: Final = 2_000_000_000
"""A recorder writes every frame as it comes."""
_NEWEST_DAYS: Final = 2


def newest_part(folders: Sequence[Path], cage: int, now_utc_ns: int) -> Path | None:
    """Return the unfinished video that was written last, of the newest two days.

    Behind a folder in which one is being written none is searched: its volume may hang.
    """
    found: list[tuple[int, Path]] = []
    for folder in folders:
        found += _parts(folder, cage)
        if found and abs(now_utc_ns - max(found)[0]) <= _BEING_WRITTEN_NS:
            break
    return max(found)[1] if found else None


def _parts(folder: Path, cage: int) -> Iterator[tuple[int, Path]]:
    try:
        days = sorted(path for path in folder.iterdir() if path.name[:1].isdigit())
        for day in days[-_NEWEST_DAYS:]:
            for path in day.glob(f"{cage:02d}_*.mkv{PART_SUFFIX}"):
                yield path.stat().st_mtime_ns, path
    except OSError:
        return  # no recording yet, renamed just now, or a volume is away: the recorder tells
