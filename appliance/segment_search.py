"""Finding the segments of a rack that still lack labels."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from capture_hw.segment_journal import journal_path
from disk.durable_file import PART_SUFFIX, part_path

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_VIDEO: Final = re.compile(r"(?P<stem>(?P<cage>\d{2})_\d{8}_\d{6})\.mkv(\.part)?")
_NEWEST_DAYS: Final = 2
_EVERYTHING_S: Final = 600.0
"""How often days before the newest two are looked at: a person may have put something there."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment on the disk, by its final names, whichever of them exist yet."""

    cage: int
    video: Path
    is_growing: bool
    """Only `<stem>.mkv.part` is there: being written, or left by a recorder that was killed."""

    @property
    def stem(self) -> str:
        """The name without ending, by which people and programs call the segment."""
        return self.video.stem

    @property
    def labels(self) -> Path:
        """The label file."""
        return self.video.with_suffix(".csv")

    @property
    def manifest(self) -> Path:
        """The manifest, which is written last but for the journal's removal."""
        return self.video.with_suffix(".json")

    @property
    def journal(self) -> Path:
        """The recorder's journal, which is removed last."""
        return journal_path(self.video)

    @property
    def is_labelled(self) -> bool:
        """Whether nothing is left to do for it, now."""
        return self.manifest.exists() and not self.journal.exists()


class SegmentSearch:
    """Looks into one cage's folder; one thread at a time.

    A segment lacks labels until it has a manifest and its journal is gone.
    """

    def __init__(self, folder: Path, cage: int) -> None:
        self._folder = folder
        self._cage = cage
        self._known: Sequence[Segment] = ()
        self._everything_s: float | None = None

    def unlabelled(self, now_s: float) -> Sequence[Segment]:
        """Return the segments without labels, by name: oldest first. Raises OSError.

        `now_s` on the monotonic clock decides when the days before the newest two are read again.
        """
        days = _names(self._folder, _DAY)
        newest = days[-_NEWEST_DAYS:]
        if self._everything_s is None or now_s - self._everything_s >= _EVERYTHING_S:
            self._everything_s = now_s
            older = [found for day in days[:-_NEWEST_DAYS] for found in self._in_day(day)]
        else:
            before = [known for known in self._known if known.video.parent.name not in newest]
            older = [now for known in before for now in _as_it_is(known)]
        found = older + [found for day in newest for found in self._in_day(day)]
        self._known = sorted(found, key=lambda segment: segment.stem)
        return self._known

    def _in_day(self, day: str) -> Iterator[Segment]:
        names = set(_names(self._folder / day, re.compile(".*")))
        for name in sorted(names):
            match = _VIDEO.fullmatch(name)
            if match is None or int(match["cage"]) != self._cage:
                continue
            stem, is_part = match["stem"], name.endswith(PART_SUFFIX)
            is_labelled = f"{stem}.json" in names and f"{stem}.journal{PART_SUFFIX}" not in names
            if is_labelled or (is_part and f"{stem}.mkv" in names):
                continue
            yield Segment(self._cage, self._folder / day / f"{stem}.mkv", is_growing=is_part)


def _as_it_is(segment: Segment) -> Iterator[Segment]:
    """Look at one segment again."""
    if segment.is_labelled:
        return
    if segment.video.exists():
        yield Segment(segment.cage, segment.video, is_growing=False)
    elif part_path(segment.video).exists():
        yield segment


def _names(folder: Path, pattern: re.Pattern[str]) -> list[str]:
    try:
        return sorted(path.name for path in folder.iterdir() if pattern.fullmatch(path.name))
    except FileNotFoundError:
        return []  # no frame yet, or a day that was emptied meanwhile
