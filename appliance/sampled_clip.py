"""Clips that were cut from recorded segments: what each says of itself, and their table."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from disk.durable_file import write_durably
from inference.error import VideoError
from inference.video import open_video

CLIP_TABLE: Final = "clips.csv"
_TAG: Final = "ETHOPROFILER_CLIP"
_COLUMNS: Final = (
    "clip",
    "segment",
    "first_frame",
    "frames",
    "start",
    "zt_h",
    "cage",
    "animal",
    "strain",
    "gaps",
)


class ClipOrigin(BaseModel):
    """Where a clip comes from; a tag of its video holds it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    segment: str
    """The stem."""
    first_frame: int
    """Of the clip in the segment, from 0, among the frames that could be found."""
    first_ms: int
    """When that is in the segment, as in its label file."""
    interval_utc_ns: int
    length_ms: int
    """The stretch that was asked for, from `interval_utc_ns` on."""
    start: str
    """The clip's first frame, UTC, RFC 3339."""
    zt_h: float | None
    cage: str
    animal: str
    strain: str
    gaps: tuple[str, ...]
    """What is missing or cannot be decoded, a sentence each, in milliseconds of the clip."""

    @property
    def key(self) -> tuple[str, int, int]:
        """What makes it this clip and no other."""
        return self.segment, self.interval_utc_ns, self.length_ms

    def as_tags(self) -> dict[str, str]:
        """Return the tags of the clip's video."""
        return {
            "CAGE": self.cage,
            "ANIMAL": self.animal,
            "STRAIN": self.strain,
            _TAG: self.model_dump_json(),
        }


@dataclass(frozen=True, slots=True)
class SampledClip:
    """A clip in a folder."""

    path: Path
    origin: ClipOrigin


def clips_in(folder: Path) -> list[SampledClip]:
    """Return the clips of a folder that were cut from segments, by cage and time.

    Hidden files are none of ours. Raises VideoError.
    """
    found = []
    for path in folder.glob("[!.]*.mkv"):
        with open_video(path) as video:
            tag = video.tags.get(_TAG)
        if tag is None:
            continue
        try:
            found.append(SampledClip(path, ClipOrigin.model_validate_json(tag)))
        except ValidationError as error:
            raise VideoError(f"{path}: its tag {_TAG} is not one of ours") from error
    return sorted(found, key=lambda clip: (clip.origin.cage, clip.origin.start, clip.path.name))


def check_clip_table(folder: Path) -> None:
    """Raise VideoError if a folder's table of clips is another program's; raises OSError too."""
    path = folder / CLIP_TABLE
    if path.exists() and path.read_bytes().partition(b"\n")[0] != ";".join(_COLUMNS).encode():
        raise VideoError(f"{path}: was not written by `dataset sample`; choose another folder")


def write_clip_table(folder: Path, clips: list[SampledClip]) -> None:
    """Write the table of all clips, whole or not at all; raises OSError."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    writer.writerow(_COLUMNS)
    for clip in clips:
        writer.writerow(_row(clip))
    content = text.getvalue().encode()
    path = folder / CLIP_TABLE
    if not path.exists() or path.read_bytes() != content:
        write_durably(path, content)


def _row(clip: SampledClip) -> list[str]:
    origin = clip.origin
    return [
        clip.path.stem,
        origin.segment,
        str(origin.first_frame),
        clip.path.stem.rpartition("_n")[2],
        origin.start,
        "" if origin.zt_h is None else f"{origin.zt_h:.4f}",
        origin.cage,
        origin.animal,
        origin.strain,
        "; ".join(origin.gaps),
    ]
