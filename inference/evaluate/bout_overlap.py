"""Bouts of two people or models of the same frames, and which of them belong together.

Matching by intersection over union is that of temporal action detection (Heilbron et al. 2015,
ActivityNet); JABS-postprocess compares bouts of mice with it (its module compare_gt). Bouts that
are split or merged are those of Ward, Lukowicz and Gellersen 2011, Performance metrics for activity
recognition.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.dataset.source import Codes

SHARED_ENOUGH: Final = 0.5
"""Intersection over union from which on two bouts are the same."""


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """Runs of one code in a clip, in order; arrays of one element a run.

    `first` and `end` (excluded) are frames.
    """

    first: NDArray[np.int64]
    end: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.first)

    @property
    def frames(self) -> NDArray[np.int64]:
        """Length of each run."""
        return self.end - self.first


@dataclass(frozen=True, slots=True, eq=False)
class Overlaps:
    """Pairs of a run of the first and a run of the second that share frames, ordered by both.

    `union_share` is intersection over union, above 0.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    union_share: NDArray[np.float64]


def runs_by_code(codes: Codes, kinds: int) -> list[Runs]:
    """Return the runs of each code 0 .. kinds - 1 in a clip's codes (frames,)."""
    changes = np.flatnonzero(np.diff(codes)) + 1
    first = np.concatenate(([0], changes))
    end = np.concatenate((changes, [len(codes)]))
    code_of_run = codes[first]
    return [Runs(first[code_of_run == code], end[code_of_run == code]) for code in range(kinds)]


def overlaps_of(first: Runs, second: Runs) -> Overlaps:
    """Return all pairs that share at least a frame."""
    # Runs of one code do not touch, so that those a run meets are neighbors of each other.
    begin = np.searchsorted(second.end, first.first, side="right")
    stop = np.searchsorted(second.first, first.end, side="left")
    count = np.maximum(stop - begin, 0)
    one = np.repeat(np.arange(len(first)), count)
    offset = np.arange(len(one)) - np.repeat(np.cumsum(count) - count, count)
    other = begin[one] + offset
    shared = np.minimum(first.end[one], second.end[other]) - np.maximum(
        first.first[one], second.first[other]
    )
    union = first.frames[one] + second.frames[other] - shared
    return Overlaps(one, other, np.asarray(shared / np.maximum(union, 1), np.float64))


def match(overlaps: Overlaps, least: float) -> list[tuple[int, int]]:
    """Return pairs (run of the first, of the second), one to one, that share at least so much.

    The best pair first; of equal ones the earlier.
    """
    order = np.lexsort((overlaps.second, overlaps.first, -overlaps.union_share))
    taken_first: set[int] = set()
    taken_second: set[int] = set()
    pairs = []
    for index in order:
        one, other = int(overlaps.first[index]), int(overlaps.second[index])
        if overlaps.union_share[index] < least:
            break
        if one not in taken_first and other not in taken_second:
            taken_first.add(one)
            taken_second.add(other)
            pairs.append((one, other))
    return sorted(pairs)
