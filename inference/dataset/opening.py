"""Finding out how a data set lies in its folder, and reading it."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from inference.dataset.animal_table import with_strains
from inference.dataset.boris_data_set import read_boris
from inference.dataset.folder import is_folder
from inference.dataset.mit_clipped import read_mit_clipped
from inference.dataset.mit_full import read_mit_full
from inference.dataset.published import read_published
from inference.dataset.segment import read_segments
from inference.dataset.source import DataSet, Layout
from inference.error import DataSetError

_READERS: Final[dict[Layout, Callable[[Path], DataSet]]] = {
    Layout.PUBLISHED: read_published,
    Layout.SEGMENTS: read_segments,
    Layout.BORIS: read_boris,
    Layout.MIT_FULL: read_mit_full,
    Layout.MIT_CLIPPED: read_mit_clipped,
}
"""In the order in which they are tried."""


def open_data_set(folder: Path, layout: Layout | None = None) -> DataSet:
    """Return the clips of a data set, with the strains of `animals.csv`.

    Without a layout, it is the first one in which there are clips, else the first one in which
    something is wrong. Labels are taken from names of videos only if nothing is wrong in the other
    layouts. Raises DataSetError if the folder cannot be read or no layout is in it.
    """
    if not is_folder(folder):
        raise DataSetError(f"{folder} is not a folder")
    if layout is not None:
        found = _READERS[layout](folder)
        if not found.clips and not found.faults:
            raise DataSetError(f"{folder} holds no clip of the layout {layout}")
        return with_strains(found)
    tried: list[DataSet] = []
    for reader in _READERS.values():
        if reader is read_mit_clipped and any(_has_fault(found) for found in tried):
            break
        tried.append(reader(folder))
        if tried[-1].clips:
            return with_strains(tried[-1])
    for found in tried:
        is_bare = found.layout is Layout.SEGMENTS and bool(found.faults)
        if is_bare or _has_fault(found):
            return with_strains(found)
    raise DataSetError(
        f"{folder} holds no clip named like 01_20180418_1200_s0_n7500.avi (or .mkv, .mp4), "
        "and no data set of another layout"
    )


def _has_fault(data_set: DataSet) -> bool:
    """Return whether something is wrong that is more than a remark."""
    return any(not fault.is_remark for fault in data_set.faults)
