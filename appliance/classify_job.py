"""What the queue and its workers say to each other; imports nothing heavy."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from appliance.segment_manifest import SegmentManifest
from inference.crop import CropRectangle
from inference.provider import Provider


@dataclass(frozen=True, slots=True)
class Settings:
    """What all jobs of a queue share."""

    model: Path
    provider: Provider
    threads: int
    """Network threads of one worker."""
    crop: CropRectangle | None
    overwrite: bool


@dataclass(frozen=True, slots=True)
class Job:
    """One video and where its label file goes; the manifest goes beside that."""

    video: Path
    labels: Path

    @property
    def manifest(self) -> Path:
        """The manifest's final name."""
        return self.labels.with_suffix(".json")


Status: TypeAlias = Literal["labelled", "damaged", "already done", "failed", "stopped"]


@dataclass(frozen=True, slots=True)
class Ready:
    """A worker has loaded the model."""

    model: str
    device: str


@dataclass(frozen=True, slots=True)
class Unusable:
    """A worker cannot load the model; it has ended."""

    message: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the worker's current job is."""

    frames: int
    expected: int | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended; `manifest` is None if it failed or was stopped."""

    job: Job
    status: Status
    message: str
    manifest: SegmentManifest | None = None
    resumed_frames: int = 0


Report: TypeAlias = Ready | Unusable | Progress | Outcome
