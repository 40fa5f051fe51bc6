"""What a data set is made of, before a video is decoded."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int64]
"""A code 0..8 for every frame, (frames,)."""


class Layout(StrEnum):
    """How a data set lies in its folder."""

    PUBLISHED = "published"
    """Clips of DeepEthoProfile, NN_YYYYMMDD_HHMM_sSTART_nCOUNT, with `_map.csv` beside them."""
    MIT_FULL = "mit-full"
    """The full database of Jhuang et al. 2010: 12 videos, every frame labelled."""
    MIT_CLIPPED = "mit-clipped"
    """Its clipped database: one behavior a file."""
    SEGMENTS = "segments"
    """Recorded segments with annotations."""
    BORIS = "boris"
    """Videos with exports of BORIS."""


class Annotation(Protocol):
    """What somebody says about every frame of a clip."""

    @property
    def path(self) -> Path:
        """The file that says it."""

    def read(self, frames: int) -> Codes:
        """Return the codes of a clip of so many frames.

        Raises DataSetError, one sentence that names file and line.
        """


@dataclass(frozen=True, slots=True)
class ClipSource:
    """One annotated clip of a data set; nothing of it has been read."""

    name: str
    """Unique in its data set; the stem of files made from it."""
    video: Path
    animal: str
    recording: str
    """What the clip was cut from: clips of one recording are alike."""
    annotation: Annotation
    """What is learned."""
    held_out_annotation: Annotation | None
    """What a network is judged by; None: this clip never validates."""
    strain: str = ""
    """Empty if unknown."""
    stated_frames: int | None = None
    """How many frames the clip's name or manifest says; None if neither does."""


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """Something wrong with a data set."""

    path: Path
    text: str
    """What is wrong, one sentence without the path."""
    is_remark: bool = False
    """True if the data set can be used all the same."""


@dataclass(frozen=True, slots=True)
class DataSet:
    """The clips of a folder, sorted by name, and what was wrong with its file names."""

    folder: Path
    layout: Layout
    clips: tuple[ClipSource, ...]
    faults: tuple[Fault, ...] = ()
