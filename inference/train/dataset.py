"""An annotated data set: clips of several mice."""

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from inference.error import TrainingError
from inference.preprocessing import Preprocessing
from inference.train.clip import Clip, find_clips, load_clip

_DECODERS: Final = 2
_HELD_OUT_EVERY: Final = 5


@dataclass(frozen=True, slots=True)
class Split:
    """The clips of a data set, no mouse on both sides."""

    training: tuple[Clip, ...]
    held_out: tuple[Clip, ...]


def load_clips(
    folder: Path,
    cache: Path,
    spec: Preprocessing,
    progress: Callable[[int, int], None] | None = None,
) -> list[Clip]:
    """Return every clip of a folder in the published layout, sorted by name.

    `progress` is told how many clips of how many are ready. Raises TrainingError.
    """
    paths = find_clips(folder)
    clips: list[Clip] = []
    with ThreadPoolExecutor(_DECODERS) as pool:
        for clip in pool.map(lambda path: load_clip(path, cache, spec), paths):
            clips.append(clip)
            if progress is not None:
                progress(len(clips), len(paths))
    return clips


def split_by_mouse(clips: Sequence[Clip], held_out: Collection[str] = ()) -> Split:
    """Leave the mice `held_out` out of training; without a choice, every fifth.

    Raises TrainingError if a mouse is not in the data set or none would remain.
    """
    mice = sorted({clip.mouse for clip in clips})
    chosen = set(held_out) or set(mice[_HELD_OUT_EVERY - 1 :: _HELD_OUT_EVERY] or mice[-1:])
    if unknown := sorted(chosen - set(mice)):
        raise TrainingError(f"mouse {unknown[0]} is not in the data set ({', '.join(mice)})")
    if not set(mice) - chosen:
        raise TrainingError(f"no mouse is left to train on: the data set has {', '.join(mice)}")
    return Split(
        training=tuple(clip for clip in clips if clip.mouse not in chosen),
        held_out=tuple(clip for clip in clips if clip.mouse in chosen),
    )
