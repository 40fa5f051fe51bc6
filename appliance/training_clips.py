"""The clips of a training: checked first, then decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress

from appliance.cache_folder import cache_folder
from appliance.fault_table import print_faults
from appliance.terminal import output_width
from inference.error import DataSetError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from appliance.training_options import TrainingOptions
    from inference.dataset.band_cache import Clip
    from inference.dataset.inspection import Inspection
    from inference.dataset.source import ClipSource, DataSet
    from inference.preprocessing import Preprocessing


def open_clips(folder: Path, options: TrainingOptions) -> DataSet:
    """Return the clips of a data set, of which nothing has been read; raises DataSetError."""
    from inference.dataset.opening import open_data_set
    from inference.dataset.source import Layout

    return open_data_set(folder, Layout(options.layout) if options.layout else None)


def check_clips(
    data_set: DataSet, options: TrainingOptions, goes_on: Callable[[], None] = lambda: None
) -> Inspection:
    """Inspect a data set and print every fault in one table; call `goes_on` after each clip.

    Raises DataSetError if there is one because of which a training cannot start.
    """
    from inference.dataset.check import inspect, training_faults, with_cache

    rate = options.frames_per_second
    with _bar() as bar:
        task = bar.add_task("checking", total=len(data_set.clips))

        def show(done: int, _: int) -> None:
            bar.update(task, completed=done)
            goes_on()

        found = inspect(data_set, show, frames_per_second=rate)
    found = with_cache(found, cache_folder(options.cache), rate)
    console = Console(stderr=True, highlight=False, markup=False, emoji=False, width=output_width())
    print_faults(console, found.faults, data_set.folder)
    if faults := len(training_faults(found)):
        raise DataSetError(
            f"{data_set.folder} cannot be learned from: {faults} "
            f"fault{'s' if faults > 1 else ''}, see above"
        )
    return found


def load(
    clips: Sequence[ClipSource],
    options: TrainingOptions,
    spec: Preprocessing,
    goes_on: Callable[[], None] = lambda: None,
) -> list[Clip]:
    """Return the clips, decoded into the cache; shows how far it is. Raises DataSetError.

    `goes_on` is called before each frame, from any thread: what it raises ends the decoding.
    """
    from inference.train.dataset import load_clips

    with _bar() as bar:
        task = bar.add_task("decoding", total=len(clips))
        return load_clips(
            clips,
            cache_folder(options.cache),
            spec,
            lambda done, _: bar.update(task, completed=done),
            goes_on,
        )


def _bar() -> Progress:
    """Return bars on standard error that go away, and are not there if it is no terminal."""
    console = Console(stderr=True)
    return Progress(console=console, transient=True, disable=not console.is_terminal)
