"""The journal of a segment: what the recorder knows of it, kept beside the video as it grows.

`<stem>.journal.part`, a JSON object a line: first the header, then a line for each gap, at the end a
line that counts. A journal without its end belongs to a recorder that was killed; the video then
says how many frames there are. The manifest is made from it when the labels are finished.
"""

from pathlib import Path
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

GapCause: TypeAlias = Literal[
    "camera dropped frames",
    "camera stalled",
    "camera lost",
    "recorder overloaded",
    "recorder restarted",
    "recording stopped",
    "storage refused",
]


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SegmentHeader(_Line):
    """What is known when the first frame is written."""

    line: Literal["header"] = "header"
    stem: str
    tags: dict[str, str]
    """What the configuration says: facility, rack, cage, animal, strain, photoperiod."""
    start_utc_ns: int
    start_monotonic_ns: int
    """Capture of the first frame on CLOCK_MONOTONIC."""
    boot_id: str
    """Source: /proc/sys/kernel/random/boot_id; monotonic times compare within one boot only."""
    utc_offset: str
    """Of the facility's standard time, such as "+01:00"."""
    clock_synchronized: bool
    width: int
    height: int
    fps: float
    copied: bool
    """True if the camera's H.264 was not encoded again."""


class SegmentGap(_Line):
    """Frames that are not there: after `from_ms`, before `to_ms`, both times of frames.

    Milliseconds since the segment's first frame. A gap before the first frame ends at 0 and begins
    at a negative time: the cage's last frame in the segment before.
    """

    line: Literal["gap"] = "gap"
    from_ms: int
    to_ms: int
    frames_lost: int = Field(ge=0)
    cause: GapCause


class SegmentEnd(_Line):
    """The segment was closed in order."""

    line: Literal["end"] = "end"
    frames: int
    first_ms: int
    last_ms: int


class Journal(_Line):
    """A journal that was read."""

    header: SegmentHeader
    gaps: tuple[SegmentGap, ...]
    end: SegmentEnd | None


def journal_path(video: Path) -> Path:
    """Return the journal's path for `<stem>.mkv` or `<stem>.mkv.part`."""
    stem = video.name.removesuffix(".part").removesuffix(".mkv")
    return video.with_name(f"{stem}.journal.part")
