"""What an inspection of a data set found out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.dataset.annotation import AnnotationKind
from inference.dataset.source import ClipSource, DataSet, Fault
from inference.ethogram import BEHAVIORS, CODE_NAMES

BAND_BYTES: Final = 32 * 1024
"""What one frame takes in the cache: 128 x 256 pixels."""

Counts = NDArray[np.int64]
"""An element for each code, drink 0 to none 8, (9,)."""


@dataclass(frozen=True, slots=True)
class InspectedClip:
    """One clip whose files can be read; `source` says which."""

    source: ClipSource
    kind: AnnotationKind
    """Of what is learned."""
    frames: int
    seconds: float
    counts: Counts
    """Frames of each code in what is learned."""
    bouts: Counts
    """Bouts of each code in what is learned."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """A data set, what is in its files, and everything that is wrong with them."""

    data_set: DataSet
    clips: tuple[InspectedClip, ...]
    """Without those that cannot be used."""
    faults: tuple[Fault, ...]
    """Remarks last."""

    @property
    def frames(self) -> int:
        """The frames of all clips."""
        return sum(clip.frames for clip in self.clips)

    @property
    def seconds(self) -> float:
        """The length of all clips together."""
        return sum(clip.seconds for clip in self.clips)

    @property
    def cache_bytes(self) -> int:
        """What all clips take in the cache."""
        return self.frames * BAND_BYTES

    @property
    def counts(self) -> Counts:
        """Frames of each code."""
        return _sum([clip.counts for clip in self.clips])

    @property
    def bouts(self) -> Counts:
        """Bouts of each code; a bout ends with its clip."""
        return _sum([clip.bouts for clip in self.clips])

    def groups(self, key: Callable[[InspectedClip], str]) -> "list[ClipGroup]":
        """Return the clips by animal, strain or whatever `key` says, in its order."""
        clips: dict[str, list[InspectedClip]] = {}
        for clip in self.clips:
            clips.setdefault(key(clip), []).append(clip)
        return [ClipGroup(name, tuple(clips[name])) for name in sorted(clips)]


@dataclass(frozen=True, slots=True)
class ClipGroup:
    """Clips that have something in common."""

    name: str
    clips: tuple[InspectedClip, ...]

    @property
    def frames(self) -> int:
        """The frames of all clips."""
        return sum(clip.frames for clip in self.clips)

    @property
    def counts(self) -> Counts:
        """Frames of each code."""
        return _sum([clip.counts for clip in self.clips])

    @property
    def missing(self) -> list[str]:
        """The behaviors that nothing here shows."""
        return [name for name, count in zip(BEHAVIORS, self.counts, strict=False) if not count]


def _sum(counts: list[Counts]) -> Counts:
    total: Counts = np.sum([np.zeros(len(CODE_NAMES), np.int64), *counts], axis=0)
    return total
