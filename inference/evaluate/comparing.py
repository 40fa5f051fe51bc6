"""From two models' predictions of the same clips to their comparison."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import erfc, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.error import EvaluationError
from inference.ethogram import CODE_NAMES, NONE_CODE
from inference.evaluate.comparison import ClipPair, McNemar, Rightness, Stretch
from inference.evaluate.prediction import ClipPrediction
from inference.evaluate.prediction_file import PredictionFile
from inference.evaluate.smoothing import truth_of_stacks

_MOST_STRETCHES: Final = 20


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What both models said of one clip."""

    first: ClipPrediction
    second: ClipPrediction

    @property
    def is_judged(self) -> NDArray[np.bool_]:
        """Frames whose truth is known, (frames,)."""
        return np.asarray(self.first.truth != NONE_CODE)

    @property
    def is_right(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Frames that the first, and that the second labelled right, (frames,) each."""
        truth = self.first.truth
        return self.first.labels == truth, self.second.labels == truth


def pair_answers(
    first: Sequence[PredictionFile], second: Sequence[PredictionFile]
) -> list[Answers]:
    """Put the two answers of each clip together, in the order of the clips' names.

    A strain that only one of the two knows is that of both. Raises EvaluationError unless both
    judged the same clips by the same truth.
    """
    one, two = _by_clip(first), _by_clip(second)
    for clip in sorted(one.keys() | two.keys()):
        count, other = len(one.get(clip, ())), len(two.get(clip, ()))
        if count != other:
            raise EvaluationError(
                f"clip {clip} was judged {_times(count)} by the first and {_times(other)} by the "
                "second: only models that judged the same clips can be compared"
            )
    return [_pair(*both) for clip in sorted(one) for both in zip(one[clip], two[clip], strict=True)]


def rightness_of(answers: Iterable[Answers]) -> Rightness:
    """Count the frames that both, one or none of the two labelled right."""
    counts = np.zeros((2, 2), np.int64)
    for pair in answers:
        one, two = (right[pair.is_judged].astype(np.int64) for right in pair.is_right)
        counts += np.bincount(2 * one + two, minlength=4).reshape(2, 2)
    return Rightness(
        both=int(counts[1, 1]),
        first_only=int(counts[1, 0]),
        second_only=int(counts[0, 1]),
        neither=int(counts[0, 0]),
    )


def mcnemar_of(answers: Sequence[Answers]) -> McNemar | None:
    """Count the stacks that only one is right about; None if their stacks are not the same."""
    first_only = second_only = 0
    for pair in answers:
        if not np.array_equal(pair.first.stack_of_frame, pair.second.stack_of_frame):
            return None
        truth = truth_of_stacks(pair.first)
        one = pair.first.probabilities.argmax(axis=1) == truth
        two = pair.second.probabilities.argmax(axis=1) == truth
        first_only += int((one & ~two).sum())
        second_only += int((two & ~one).sum())
    differing = first_only + second_only
    distance = max(0, abs(first_only - second_only) - 1)
    statistic = distance**2 / differing if differing else 0.0
    return McNemar(
        first_only=first_only,
        second_only=second_only,
        statistic=statistic,
        # The upper tail of chi-squared with one degree of freedom.
        p_value=erfc(sqrt(statistic / 2)),
    )


def clip_pairs(answers: Iterable[Answers]) -> list[ClipPair]:
    """Return how many frames of each clip only one labelled right, most first."""
    pairs = []
    for pair in answers:
        counts = rightness_of([pair])
        pairs.append(
            ClipPair(
                clip=pair.first.clip,
                animal=pair.first.animal,
                frames=int(pair.is_judged.sum()),
                first_only=counts.first_only,
                second_only=counts.second_only,
            )
        )
    return sorted(pairs, key=lambda pair: (-pair.first_only - pair.second_only, pair.clip))


def longest_stretches(answers: Iterable[Answers]) -> list[Stretch]:
    """Return the longest runs of frames of one truth and the same two labels, one of them right."""
    stretches = [stretch for pair in answers for stretch in _stretches(pair)]
    stretches.sort(key=lambda each: (each.first_frame - each.last_frame, each.clip))
    return stretches[:_MOST_STRETCHES]


def _by_clip(files: Iterable[PredictionFile]) -> dict[str, list[ClipPrediction]]:
    """Return the answers by clip; several of one clip in the order of their folds."""
    clips: dict[str, list[ClipPrediction]] = {}
    for file in sorted(files, key=lambda file: file.about.fold):
        for clip in file.predictions:
            clips.setdefault(clip.clip, []).append(clip)
    return clips


def _times(count: int) -> str:
    return ("not", "once")[count] if count < 2 else f"{count} times"


def _pair(one: ClipPrediction, two: ClipPrediction) -> Answers:
    _check_truth(one, two)
    strain = one.strain or two.strain
    return Answers(replace(one, strain=strain), replace(two, strain=strain))


def _check_truth(one: ClipPrediction, two: ClipPrediction) -> None:
    if len(one.truth) != len(two.truth):
        raise EvaluationError(
            f"clip {one.clip} has {len(one.truth)} frames in the first and {len(two.truth)} in the "
            "second: they were not judged by the same truth"
        )
    odd = np.flatnonzero(one.truth != two.truth)
    if len(odd):
        frame = int(odd[0])
        raise EvaluationError(
            f"clip {one.clip}: frame {frame} is {CODE_NAMES[one.truth[frame]]} in the truth of the "
            f"first and {CODE_NAMES[two.truth[frame]]} in that of the second"
        )
    if one.animal != two.animal:
        raise EvaluationError(f"clip {one.clip} is of animal {one.animal} or {two.animal}")
    if one.strain and two.strain and one.strain != two.strain:
        raise EvaluationError(f"clip {one.clip} is of strain {one.strain} or {two.strain}")


def _stretches(pair: Answers) -> Iterable[Stretch]:
    codes = np.stack([pair.first.truth, pair.first.labels, pair.second.labels])
    one, two = pair.is_right
    differs = one != two  # never where the truth is none: nobody is right about that
    begins = np.flatnonzero(np.append(True, (np.diff(codes, axis=1) != 0).any(axis=0)))
    ends = np.append(begins[1:], codes.shape[1])
    for begin, end in zip(begins, ends, strict=True):
        if differs[begin]:
            truth, first, second = (CODE_NAMES[code] for code in codes[:, begin])
            yield Stretch(
                clip=pair.first.clip,
                first_frame=int(begin),
                last_frame=int(end) - 1,
                truth=truth,
                first=first,
                second=second,
            )
