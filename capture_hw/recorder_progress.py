"""What a recorder says of itself, several times a second."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

RecorderState: TypeAlias = Literal["opening", "recording", "stalled", "lost", "storage"]


@dataclass(frozen=True, slots=True)
class RecorderProgress:
    """Where a recorder stands; counts are since it began."""

    state: RecorderState
    reason: str
    segment: str | None
    fps: float
    frames: int
    gaps: int
    frames_lost: int
    late_ms: float
    bytes_per_s: float
    complaint: str = ""
    """What is wrong though all frames are written, one sentence."""
