"""What several people or models said of the same frames, whatever file it stood in."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from inference.dataset.source import Codes
from inference.error import EvaluationError

_NAMED: Final = 5
_CAGE_AND_DAY: Final = re.compile(r"([0-9]{2})_[0-9]{8}_")


@dataclass(frozen=True, slots=True, eq=False)
class RatedClip:
    """One clip, labelled by all raters."""

    clip: str
    animal: str
    """What is alike: an animal, or the clip itself if nothing is known."""
    groups: tuple[str, ...]
    """What it is counted under besides: its strain, its review; empty if unknown."""
    codes: tuple[Codes, ...]
    """Of each rater, (frames,), 0 .. kinds - 1 or the code of none."""
    offers_none: bool = True
    """False if the raters could not say none: such clips are not in shares of none."""


@dataclass(frozen=True, slots=True, eq=False)
class Ratings:
    """The clips that all raters labelled."""

    raters: tuple[str, ...]
    names: tuple[str, ...]
    """Of the codes 0 .. kinds - 1."""
    none_code: int | None
    """What frames have that cannot be judged; None if the ethogram has no such code."""
    background_code: int | None
    """What frames have in which nothing happens, the last code, in no bout; None if none has."""
    frames_per_second: float
    clips: tuple[RatedClip, ...]
    remarks: tuple[str, ...] = ()
    """What was left out, a sentence each."""


@dataclass(frozen=True, slots=True)
class Rater:
    """One rater's codes by clip."""

    name: str
    codes: Mapping[str, Codes]


def pair_clips(
    raters: Sequence[Rater], group_of: Callable[[str], str] = lambda _: ""
) -> tuple[tuple[RatedClip, ...], tuple[str, ...]]:
    """Return the clips that all raters have, and a sentence for each rater's other clips.

    `group_of` gives an animal's strain. Raises EvaluationError for fewer than two raters, clips of
    different lengths and if no clip is common.
    """
    if len(raters) < 2:
        raise EvaluationError("agreement needs two raters or more")
    common = set.intersection(*(set(rater.codes) for rater in raters))
    others = sorted(set(chain.from_iterable(rater.codes for rater in raters)) - common)
    remarks = [
        f"{list_names([clip for clip in others if clip in rater.codes])}: left out, labelled by "
        f"{rater.name} but not by all"
        for rater in raters
        if any(clip in rater.codes for clip in others)
    ]
    if not common:
        raise EvaluationError("; ".join(["no clip was labelled by all raters", *remarks]))
    clips = []
    for clip in sorted(common):
        codes = tuple(rater.codes[clip] for rater in raters)
        _check_lengths(clip, raters, codes)
        animal = animal_of(clip)
        group = group_of(animal)
        clips.append(RatedClip(clip, animal, (group,) if group else (), codes))
    return tuple(clips), tuple(remarks)


def animal_of(clip: str) -> str:
    """Return the cage number that begins the name of a clip or segment, else the whole name."""
    match = _CAGE_AND_DAY.match(clip)
    return match[1] if match else clip


def _check_lengths(clip: str, raters: Sequence[Rater], codes: Sequence[Codes]) -> None:
    for rater, found in zip(raters, codes, strict=True):
        if len(found) != len(codes[0]):
            raise EvaluationError(
                f"{clip} has {len(codes[0])} frames by {raters[0].name}, "
                f"{len(found)} by {rater.name}: they are not of the same video"
            )
    if not len(codes[0]):
        raise EvaluationError(f"{clip} has no frames")


def list_names(names: Sequence[str]) -> str:
    """Return names for a sentence, the first of many."""
    shown = ", ".join(names[:_NAMED])
    return shown if len(names) <= _NAMED else f"{shown} and {len(names) - _NAMED} more"
