"""Which clips are learned and which are judged, fold by fold, for each protocol."""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import count, pairwise
from typing import Final, Literal, TypeAlias, get_args

from inference.dataset.annotation import AnnotationKind, kind_of
from inference.dataset.source import ClipSource
from inference.error import DataSetError
from inference.ethogram import CODE_NAMES, NONE_CODE

ProtocolName: TypeAlias = Literal[
    "leave-one-animal-out", "clips", "halves", "leave-one-recording-out"
]
"""How a data set is cut into folds.

`leave-one-animal-out`: the paper's figure 5A. `clips`: a share of the clips that nobody reviewed,
figure 5B, where everything reviewed is learned.
`halves`: half of the recordings, several times, figure 7B. `leave-one-recording-out`: figure 7A.
"""
PROTOCOLS: Final[tuple[ProtocolName, ...]] = get_args(ProtocolName)

BehaviorsOfClip: TypeAlias = Mapping[str, AbstractSet[int]]
"""The codes that occur in each clip, by its name."""

_REPEATS: Final = {"clips": 1, "halves": 5}
"""Source: paper, Results: one split of 90 and 10 %; five of 50 and 50 %."""
_SHARE: Final = 0.1
_MOST_DRAWS: Final = 1000


@dataclass(frozen=True, slots=True)
class Fold:
    """One training and what judges it; no clip is on both sides."""

    name: str
    """Unique among the folds, fit for a folder."""
    training: tuple[ClipSource, ...]
    held_out: tuple[ClipSource, ...]
    """Only clips that may validate."""


def folds_of(
    protocol: ProtocolName,
    clips: Sequence[ClipSource],
    seed: int = 0,
    repeats: int | None = None,
    share: float | None = None,
    behaviors: BehaviorsOfClip | None = None,
) -> list[Fold]:
    """Return the folds of a protocol, the same for the same clips and numbers.

    A clip that never validates is learned from in every fold but those that hold out its animal
    (leave-one-animal-out) or its recording (halves, leave-one-recording-out). `clips` cuts
    `repeats` parts of `share` out of one shuffled row of clips that nobody reviewed, so that the
    parts do not overlap and every review is learned. With
    `behaviors`, both halves show each behavior that occurs. Raises DataSetError if the data set
    is too small for the protocol.
    """
    validating = [clip for clip in clips if clip.held_out_annotation is not None]
    if not validating:
        raise DataSetError("no clip may validate: each has only an annotation of review 2")
    repeats = repeats if repeats is not None else _REPEATS.get(protocol, 1)
    if repeats < 1:
        raise DataSetError(f"{repeats} folds of {protocol}: at least 1")
    if protocol == "leave-one-animal-out":
        return _each_group_once("animal", clips, lambda clip: clip.animal)
    if protocol == "leave-one-recording-out":
        return _each_group_once("recording", clips, lambda clip: clip.recording)
    if protocol == "halves":
        return [_half(clips, seed, number, behaviors) for number in range(1, repeats + 1)]
    return _parts(clips, seed, repeats, _SHARE if share is None else share)


def lacking_behaviors(fold: Fold, behaviors: BehaviorsOfClip) -> list[str]:
    """Name the behaviors that the fold is judged by but does not learn."""
    learned = _codes(fold.training, behaviors)
    return [CODE_NAMES[code] for code in sorted(_codes(fold.held_out, behaviors) - learned)]


def _each_group_once(
    kind: str, clips: Sequence[ClipSource], group_of: Callable[[ClipSource], str]
) -> list[Fold]:
    groups = sorted({group_of(clip) for clip in clips if clip.held_out_annotation is not None})
    if len({group_of(clip) for clip in clips}) < 2:
        raise DataSetError(f"all clips are of {kind} {groups[0]}: to leave one out takes two")
    names = _folder_names([f"{kind}-{group}" for group in groups])
    return [
        _without(name, clips, {clip.name for clip in clips if group_of(clip) == group})
        for name, group in zip(names, groups, strict=True)
    ]


def _half(
    clips: Sequence[ClipSource], seed: int, number: int, behaviors: BehaviorsOfClip | None
) -> Fold:
    """Draw half of the recordings, again until each behavior is on both sides."""
    recordings = sorted({clip.recording for clip in clips})
    if len(recordings) < 2:
        raise DataSetError(f"all clips are of recording {recordings[0]}: two halves take two")
    if behaviors is not None:
        _refuse_lonely_behaviors(clips, behaviors)
    for draw in range(_MOST_DRAWS):
        row = _shuffled(recordings, f"{seed} half {number} {draw}")
        half = set(row[: len(row) // 2])
        chosen = {clip.name for clip in clips if clip.recording in half}
        fold = _without(f"half-{number}", clips, chosen)
        if fold.held_out and fold.training and (behaviors is None or _is_even(fold, behaviors)):
            return fold
    raise DataSetError(
        f"half {number}: {_MOST_DRAWS} draws of {len(recordings)} recordings gave none "
        "with every behavior in both halves"
    )


def _refuse_lonely_behaviors(clips: Sequence[ClipSource], behaviors: BehaviorsOfClip) -> None:
    for code in sorted(_codes(clips, behaviors)):
        where = {clip.recording for clip in clips if code in behaviors[clip.name]}
        if len(where) == 1:
            raise DataSetError(
                f"{CODE_NAMES[code]} occurs only in recording {where.pop()}: "
                "it cannot be in both halves"
            )


def _is_even(fold: Fold, behaviors: BehaviorsOfClip) -> bool:
    return _codes(fold.training, behaviors) == _codes(fold.held_out, behaviors)


def _parts(clips: Sequence[ClipSource], seed: int, repeats: int, share: float) -> list[Fold]:
    if not 0 < share < 1:
        raise DataSetError(f"a share of {share:g} of the clips: it must be between 0 and 1")
    row = _shuffled([clip.name for clip in clips if not _is_reviewed(clip)], f"{seed} clips")
    if not row:
        raise DataSetError(
            "every clip that may validate is reviewed, and the protocol clips learns all reviews"
        )
    ends = [round(len(row) * min(1.0, share * part)) for part in range(repeats + 1)]
    if share * repeats > 1 + 1e-9 or any(a == b for a, b in pairwise(ends)):
        raise DataSetError(
            f"{len(row)} clips without a review do not give {repeats} parts of {share:.0%}"
        )
    folds = []
    for part in range(repeats):
        chosen = set(row[ends[part] : ends[part + 1]])
        if len(chosen) == len(clips):
            raise DataSetError(f"{len(clips)} clip: none would be left to learn from")
        folds.append(_without(f"clips-{part + 1}", clips, chosen))
    return folds


def _is_reviewed(clip: ClipSource) -> bool:
    """Say whether a second person went over the annotation that is learned."""
    return (
        clip.held_out_annotation != clip.annotation
        or kind_of(clip.annotation.path) is not AnnotationKind.INITIAL
    )


def _without(name: str, clips: Sequence[ClipSource], held_out: AbstractSet[str]) -> Fold:
    judges = (clip for clip in clips if clip.held_out_annotation is not None)
    return Fold(
        name,
        training=tuple(clip for clip in clips if clip.name not in held_out),
        held_out=tuple(clip for clip in judges if clip.name in held_out),
    )


def _codes(clips: Iterable[ClipSource], behaviors: BehaviorsOfClip) -> set[int]:
    return {code for clip in clips for code in behaviors[clip.name]} - {NONE_CODE}


def _shuffled(names: Sequence[str], salt: str) -> list[str]:
    """Order names by a hash: the same on every machine and with every version of a library."""
    return sorted(names, key=lambda name: hashlib.sha256(f"{salt} {name}".encode()).digest())


def _folder_names(names: Sequence[str]) -> list[str]:
    """Replace what does not belong into the name of a folder; no two become one.

    Capitals do not tell folders apart everywhere.
    """
    plain = [re.sub(r"[^\w.-]", "_", name, flags=re.ASCII) for name in names]
    counts = Counter(name.lower() for name in plain)
    taken = {name for name, times in counts.items() if times == 1}
    folders = []
    for name in plain:
        folder = name
        if counts[name.lower()] > 1:
            numbered = (f"{name}_{number}" for number in count(1))
            folder = next(one for one in numbered if one.lower() not in taken)
            taken.add(folder.lower())
        folders.append(folder)
    return folders
