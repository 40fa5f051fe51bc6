"""The `.json` beside a video: what it is, what was lost, what was found, checksums.

JSON Schema: `docs/schemas/segment.json`, written by `scripts/write_schemas.py`.
"""

import hashlib
import os
from collections.abc import Callable
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from capture_hw.photoperiod import Phase
from capture_hw.segment_journal import GapCause
from disk.durable_file import write_durably

_BLOCK_BYTES: Final = 1 << 20
LabelGapCause: TypeAlias = Literal["undecodable", "end missing"]
"""What is found while a video is labelled; the other causes are the recorder's."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Gap(_Part):
    """Frames that are not there or cannot be judged.

    Undecodable frames lie from `from_ms` to `to_ms`; other lost frames lay between them. A gap
    before the segment's first frame begins at a negative time and ends at 0, or before 0 if it lies
    before an earlier segment whose manifest was written already.
    """

    from_ms: int
    to_ms: int
    frames_lost: int
    cause: LabelGapCause | GapCause
    count: int | None = None
    """If given, this is the sum of so many short gaps, and frames lie between them."""


class Anchor(_Part):
    """What wall time was at a moment of the segment, after it had moved by more than a second."""

    at_ms: int
    utc_ns: int


class LightPhase(_Part):
    """Day or night, from a moment of the segment to the next part or its end."""

    phase: Phase
    from_ms: int
    zt_h: float
    """Zeitgeber time at `from_ms`, in hours; it counts on evenly to the end of the part."""


class BehaviorTime(_Part):
    """What one behavior amounts to in this segment."""

    frames: int
    seconds: float
    mean_confidence: float | None


class LabelSummary(_Part):
    """Who labelled the segment, with what result."""

    model: str
    """`<model>@<hash>` as in the label file."""
    model_sha256: str
    preprocessing_sha256: str
    crop: tuple[int, int, int, int] | None
    """Left, top, width, height if the configuration gave one."""
    mean_confidence: float | None
    undecodable_frames: int
    behaviors: dict[str, BehaviorTime]


class FileRecord(_Part):
    """One of the segment's other files."""

    name: str
    size: int
    sha256: str


class SegmentManifest(_Part):
    """A segment's manifest; what only a rack knows is null for a video from elsewhere."""

    schema_name: Annotated[
        Literal["ethoprofiler.segment/1"], Field(alias="schema", serialization_alias="schema")
    ] = "ethoprofiler.segment/1"
    facility: str | None = None
    rack: str | None = None
    cage: str | None = None
    animal: str | None = None
    strain: str | None = None
    start: datetime | None = None
    """Of the first frame, UTC; `start_utc_ns` is the same moment."""
    start_utc_ns: int | None = None
    start_monotonic_ns: int | None = None
    """On CLOCK_MONOTONIC of the boot `boot_id`."""
    boot_id: str | None = None
    utc_offset: str | None = None
    """Of the facility's standard time, such as "+01:00"."""
    clock_synchronized: bool | None = None
    anchors: list[Anchor] | None = None
    """Where wall time moved within the segment; `start` and all times keep to the first frame's."""
    copied: bool | None = None
    """True if the camera's H.264 was copied, false if the rack encoded it."""
    camera: str | None = None
    """Where the pictures come from, one line."""
    encoder: str | None = None
    """What encoded them, and how; null if copied."""
    closed_in_order: bool | None = None
    """False if the recorder was killed in this segment."""
    light_phases: list[LightPhase] | None = None
    width: int
    height: int
    frames_per_second: float | None
    frame_count: int
    first_ms: int
    last_ms: int
    gaps: list[Gap]
    labels: LabelSummary
    software: str = Field(default_factory=lambda: f"ethoprofiler {version('ethoprofiler')}")
    video: FileRecord
    label_file: FileRecord


def write_manifest(path: Path, manifest: SegmentManifest) -> None:
    """Write the manifest durably under its final name. Raises OSError."""
    text = manifest.model_dump_json(indent=2, by_alias=True)
    write_durably(path, f"{text}\n".encode())


def read_manifest(path: Path) -> SegmentManifest:
    """Read a manifest. Raises OSError or pydantic.ValidationError."""
    return SegmentManifest.model_validate_json(path.read_bytes())


def file_record(path: Path, on_block: Callable[[], None]) -> FileRecord:
    """Describe a finished file; reads it once, calling `on_block` now and then. Raises OSError."""
    digest = hashlib.sha256()
    size = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
            size += len(block)
            on_block()
    return FileRecord(name=printable(path), size=size, sha256=digest.hexdigest())


def printable(path: Path) -> str:
    """Return a file's name as text, whatever bytes it has."""
    return os.fsencode(path.name).decode("utf-8", "replace")
