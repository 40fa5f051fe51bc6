"""Finding out how a data set lies in its folder, and reading it."""

from pathlib import Path

from inference.dataset.published import read_published
from inference.dataset.source import DataSet
from inference.error import DataSetError


def open_data_set(folder: Path) -> DataSet:
    """Return the clips of a data set; raises DataSetError if there are none."""
    if not folder.is_dir():
        raise DataSetError(f"{folder} is not a folder")
    found = read_published(folder)
    if not found.clips and not found.faults:
        raise DataSetError(
            f"{folder} holds no clip named like 01_20180418_1200_s0_n7500.avi (or .mkv, .mp4)"
        )
    return found
