"""Names of clips in the published data set, and names that are nearly so."""

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from inference.error import DataSetError

PATTERN: Final = "NN_YYYYMMDD_HHMM_sSTART_nCOUNT"
SUFFIXES: Final = (".avi", ".mkv", ".mp4")
_STEM: Final = re.compile(
    r"(?P<recording>(?P<animal>[0-9]{2})_(?P<start>[0-9]{8}_[0-9]{4}))"
    r"_s(?P<first>[0-9]{1,9})_n(?P<count>[0-9]{1,9})",
    re.IGNORECASE,
)
_NEARLY: Final = re.compile(
    r"[a-z]*[0-9]+[ _.-]+[0-9]{6,8}[ _.-]|[ _.-]s[0-9]+[ _.-]+n[0-9]+", re.IGNORECASE
)
"""A number and a day, or a start and a count."""


@dataclass(frozen=True, slots=True)
class PublishedName:
    """What the name of a clip says."""

    animal: str
    recording: str
    first: int
    """The clip's first frame in its recording."""
    count: int
    """Its frames."""

    @property
    def end(self) -> int:
        """The frame of the recording after the clip's last."""
        return self.first + self.count


def parse_stem(stem: str) -> PublishedName | None:
    """Return what a name without ending says; None if it is another kind of name.

    Raises DataSetError if it has the form but says something impossible.
    """
    match = _STEM.fullmatch(stem)
    if match is None:
        return None
    name = PublishedName(
        match["animal"], match["recording"], int(match["first"]), int(match["count"])
    )
    if name.animal == "00":
        raise DataSetError(f"`{stem}` names cage 00: cages are 01 to 99")
    if name.count == 0:
        raise DataSetError(f"`{stem}` says that it has no frame")
    try:
        datetime.strptime(match["start"], "%Y%m%d_%H%M")
    except ValueError as error:
        raise DataSetError(f"`{stem}` names a day or a time that does not exist") from error
    return name


def is_nearly_clip(path: Path) -> bool:
    """Say whether somebody may have meant a file's name to be a clip's."""
    return _NEARLY.search(path.stem) is not None
