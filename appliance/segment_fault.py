"""What a check of a segment found."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

State: TypeAlias = Literal["ok", "faulty", "open", "unfinished", "orphan"]
"""open: a recorder writes it. unfinished: nobody does. orphan: there is no video."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One sentence about what is wrong, and where in the video."""

    text: str
    frame: int | None = None
    at_ms: int | None = None


@dataclass(slots=True)
class SegmentResult:
    """What a check found of one segment or foreign video."""

    path: Path
    """Of the video, or of what there is instead."""
    state: State = "ok"
    size: int = 0
    frames: int = 0
    decoded: int | None = None
    """None if they were not decoded."""
    duration_ms: int = 0
    """From the first to the last frame."""
    gaps: int = 0
    frames_lost: int = 0
    has_manifest: bool = False
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What is no fault and worth knowing."""

    def settle(self) -> None:
        """Call it faulty if it has faults."""
        if self.faults and self.state == "ok":
            self.state = "faulty"
