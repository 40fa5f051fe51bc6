"""The clips that a network learns from, and those that it is judged by."""

from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from inference.dataset.band_cache import Clip, check_room, load_clip
from inference.dataset.source import ClipSource
from inference.error import TrainingError
from inference.preprocessing import Preprocessing

_DECODERS: Final = 2
_HELD_OUT_EVERY: Final = 5


@dataclass(frozen=True, slots=True)
class Split:
    """The clips of a data set, none on both sides."""

    training: tuple[Clip, ...]
    held_out: tuple[Clip, ...]


def load_clips(
    sources: Sequence[ClipSource],
    cache: Path,
    spec: Preprocessing,
    progress: Callable[[int, int], None] | None = None,
    goes_on: Callable[[], None] = lambda: None,
) -> list[Clip]:
    """Return the clips, decoded.

    `progress` is told how many clips of how many are ready. `goes_on` is called before each frame,
    from any thread: what it raises ends the decoding. Raises DataSetError, if the cache has no room
    before anything is decoded.
    """
    check_room(sources, cache, spec)
    clips: list[Clip] = []
    with ThreadPoolExecutor(_DECODERS) as pool:
        for clip in pool.map(lambda source: load_clip(source, cache, spec, goes_on), sources):
            clips.append(clip)
            if progress is not None:
                progress(len(clips), len(sources))
    return clips


def split_by_animal(clips: Sequence[Clip], held_out: Collection[str] = ()) -> Split:
    """Leave the animals `held_out` out of training; without a choice, every fifth.

    Raises TrainingError as `choose_held_out` does.
    """
    chosen = choose_held_out([clip.source for clip in clips], held_out)
    return Split(
        training=tuple(clip for clip in clips if clip.source.animal not in chosen),
        held_out=tuple(clip for clip in clips if clip.source.animal in chosen),
    )


def choose_held_out(sources: Iterable[ClipSource], held_out: Collection[str] = ()) -> set[str]:
    """Return the animals to leave out of training: `held_out`, or every fifth without a choice.

    Raises TrainingError if an animal is not in the data set or none would remain.
    """
    animals = sorted({source.animal for source in sources})
    chosen = set(held_out) or set(animals[_HELD_OUT_EVERY - 1 :: _HELD_OUT_EVERY] or animals[-1:])
    if unknown := sorted(chosen - set(animals)):
        raise TrainingError(f"animal {unknown[0]} is not in the data set ({', '.join(animals)})")
    if not set(animals) - chosen:
        raise TrainingError(f"no animal is left to train on: the data set has {', '.join(animals)}")
    return chosen
