"""Writing a data set in another layout, whole or not at all, over nothing."""

import shutil
import tempfile
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path

from disk.durable_file import sync_to_disk, write_durably
from inference.dataset.boris_project import project_text
from inference.dataset.check import export_faults, inspect
from inference.dataset.export_boris import boris_document
from inference.dataset.export_bouts import bout_table_text
from inference.dataset.export_clip import ExportedClip, read_clip
from inference.dataset.export_published import write_published
from inference.dataset.source import DataSet, Fault
from inference.error import DataSetError


class ExportFormat(StrEnum):
    """What a data set is written as."""

    PUBLISHED = "published"
    """A folder of clips."""
    BORIS = "boris"
    """A project file."""
    BOUTS = "bouts"
    """A table."""


def export_data_set(
    data_set: DataSet,
    out: Path,
    form: ExportFormat,
    progress: Callable[[int], None] = lambda _: None,
) -> int:
    """Write a data set and return how many clips it has; raises DataSetError or OSError.

    Refuses what is there already and a data set with faults, but those of the whole. `progress`
    is told after each clip that was read how many have been.
    """
    check_export(data_set, out, form)
    _refuse(data_set, export_faults(inspect(data_set)))
    clips: list[ExportedClip] = []
    for source in data_set.clips:
        clips.append(read_clip(source))
        progress(len(clips))
    if form is ExportFormat.BOUTS:
        write_durably(out, bout_table_text(clips).encode(errors="backslashreplace"))
    elif form is ExportFormat.BORIS:
        write_durably(out, project_text(boris_document(out.stem, clips)).encode())
    else:
        _write_folder(clips, out)
    return len(clips)


def check_export(data_set: DataSet, out: Path, form: ExportFormat) -> None:
    """Find out before anything is read why an export must not be.

    Raises DataSetError, or OSError if no file can be made there.
    """
    if out.exists() or out.is_symlink():
        raise DataSetError(f"{out} exists: an export never overwrites")
    if not out.absolute().parent.is_dir():
        raise DataSetError(f"{out.absolute().parent} is not a folder")
    if form is ExportFormat.BORIS and out.suffix != ".boris":
        raise DataSetError(f"{out} does not end in .boris: BORIS would not open it")
    if form is ExportFormat.BOUTS and out.suffix != ".csv":
        raise DataSetError(f"{out} does not end in .csv")
    _refuse(data_set, [fault for fault in data_set.faults if not fault.is_remark])
    with tempfile.TemporaryFile(dir=out.absolute().parent):
        pass  # whether a file can be made there


def _refuse(data_set: DataSet, faults: Sequence[Fault]) -> None:
    if faults:
        more = f" (and {len(faults) - 1} more: see `dataset check`)" if len(faults) > 1 else ""
        raise DataSetError(f"{faults[0].path} {faults[0].text}{more}")
    if not data_set.clips:
        raise DataSetError(f"{data_set.folder} has no clips")


def _write_folder(clips: Sequence[ExportedClip], out: Path) -> None:
    """Write beside the place, then move there: a name without `.part` is whole."""
    parent = out.absolute().parent
    part = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".part", dir=parent))
    try:
        content = part / out.name  # made by mkdir: the outer one is for its owner only
        content.mkdir()
        write_published(clips, content)
        sync_to_disk(content)
        content.rename(out)
        sync_to_disk(parent)
    finally:
        shutil.rmtree(part)
