"""Annotations in label files, and of clips that show one behavior."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from inference.dataset.source import Codes
from inference.error import DataSetError, LabelFileError
from inference.label_file import read_codes


@dataclass(frozen=True, slots=True)
class AnnotationFile:
    """A label file with a row for every frame."""

    path: Path

    def read(self, frames: int) -> Codes:
        """Return the codes (frames,); raises DataSetError."""
        try:
            codes = read_codes(self.path)
        except LabelFileError as error:
            raise DataSetError(str(error)) from error
        if len(codes) != frames:
            raise DataSetError(f"{self.path} has {len(codes)} rows, its video {frames} frames")
        return codes


@dataclass(frozen=True, slots=True)
class OneBehavior:
    """A clip that shows one behavior from its first frame to its last, as its name says."""

    path: Path
    code: int

    def read(self, frames: int) -> Codes:
        """Return the code for each frame."""
        return np.full(frames, self.code, np.int64)
