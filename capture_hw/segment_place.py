"""Where a segment's files are and how they are named."""

import os
import re
from collections.abc import Container, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Final

from capture_hw.error import StorageError
from capture_hw.segment_clock import standard_moment
from disk.durable_file import PART_SUFFIX, part_path

REPAIR_SUFFIX: Final = ".repair"
MOVE_SUFFIX: Final = ".move"
"""Of what comes from the spool, before `.part`."""
UNREADABLE_SUFFIX: Final = ".unreadable"
"""Of what is kept for a person; no other part of the program looks at it."""
_NAMES_TRIED: Final = 100_000
_STEM: Final = re.compile(r"\d{2}_\d{8}_\d{6}", re.ASCII)
_STEM_TIME: Final = "%Y%m%d_%H%M%S"
_DAY_FOLDER: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_FORMS: Final = (
    "mkv",
    "csv",
    "json",
    "journal",
    f"mkv{REPAIR_SUFFIX}",
    f"mkv{MOVE_SUFFIX}",
    f"mkv{UNREADABLE_SUFFIX}",
    f"journal{UNREADABLE_SUFFIX}",
)


def free_video_path(
    folder: Path,
    cage: int,
    utc_ns: int,
    standard_time: timezone,
    elsewhere: Sequence[Path] = (),
    given: Container[str] = (),
) -> Path:
    """Return `<folder>/<day>/<NN>_<YYYYMMDD>_<HHMMSS>.mkv`, the first second that nobody has taken.

    Nobody: neither here nor in the cage's folders `elsewhere`, nor among the stems `given` out
    already, which may lie on a volume that is away. Makes the day's folder, not the cage's: without
    that one its volume is away. Raises StorageError.
    """
    moment = standard_moment(utc_ns, standard_time)
    try:
        for _ in range(_NAMES_TRIED):
            day = folder / f"{moment:%Y-%m-%d}"
            day.mkdir(exist_ok=True)
            video = day / f"{stem_of(cage, moment)}.mkv"
            others = [other / day.name / video.name for other in elsewhere if other != folder]
            is_free = video.stem not in given and not is_taken(video)
            if is_free and not any(map(_seems_taken, others)):
                return video
            moment += timedelta(seconds=1)
    except OSError as error:
        raise StorageError(
            f"{folder}: cannot be written: {os.strerror(error.errno or 0)}"
        ) from error
    raise StorageError(f"{folder}: no free name for a segment near {moment:%Y-%m-%d %H:%M:%S}")


def stem_of(cage: int, moment: datetime) -> str:
    """Return the name of a segment that begins at a moment of standard time."""
    return f"{cage:02d}_{moment:{_STEM_TIME}}"


def moment_of(stem: str) -> datetime | None:
    """Return the moment in a segment's name, without a zone; None if no recorder gives the name."""
    if not _STEM.fullmatch(stem):
        return None
    try:
        return datetime.strptime(stem.partition("_")[2], _STEM_TIME)
    except ValueError:
        return None


def is_taken(video: Path, but: Container[str] = ()) -> bool:
    """Return whether a file of this stem exists in any form, or in any but some."""
    stem = video.name.removesuffix(".mkv")
    paths = [video.with_name(f"{stem}.{form}") for form in _FORMS if form not in but]
    return any(path.exists() or part_path(path).exists() for path in paths)


def _seems_taken(video: Path) -> bool:
    """Return whether a name is taken on another volume; one that cannot be read has no say."""
    try:
        return is_taken(video)
    except OSError:
        return False


def finished_videos(folder: Path, cage: int, days: int | None = None) -> list[Path]:
    """Return the cage's finished videos by name, of the newest `days` days if given."""
    return _found(folder, cage, ".mkv", days)


def unfinished_videos(folder: Path, cage: int) -> list[Path]:
    """Return the cage's videos that nobody has finished, by name."""
    return _found(folder, cage, f".mkv{PART_SUFFIX}", None)


def lone_journals(folder: Path, cage: int) -> list[Path]:
    """Return journals whose video was never begun: nothing else has their stem."""
    journals = _found(folder, cage, f".journal{PART_SUFFIX}", None)
    return [journal for journal in journals if len(list(_siblings(journal))) == 1]


def _siblings(journal: Path) -> list[Path]:
    stem = journal.name.partition(".")[0]
    return list(journal.parent.glob(f"{stem}.*"))


def _found(folder: Path, cage: int, ending: str, days: int | None) -> list[Path]:
    """Return what recorders named; a copy that a person put beside it is nobody's segment."""
    if not folder.is_dir():
        return []
    dated = sorted(path for path in folder.iterdir() if _DAY_FOLDER.fullmatch(path.name))
    chosen = dated if days is None else dated[-days:]
    paths = [path for day in chosen for path in sorted(day.glob(f"{cage:02d}_*{ending}"))]
    return [path for path in paths if moment_of(path.name.removesuffix(ending)) is not None]
