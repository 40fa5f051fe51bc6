"""What a stack is learned as."""

from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from inference.dataset.source import Codes
from inference.error import TrainingError
from inference.ethogram import CODE_NAMES, NONE_CODE
from inference.train.plan import LabelRule

_LENGTH: Final = 11
_INNER: Final = slice(2, 9)
_OWN_ENOUGH: Final = 5
_LEAD: Final = 2
_INNER_LEAD: Final = 1
_MOST_TRANSITIONS: Final = 2
_MOST_NONE: Final = 2
"""The center-weighted rule's numbers. Source: `nn/FrameSelect.py`, selectAnn (facts only)."""


def stack_targets(codes: Codes, length: int, rule: LabelRule = "majority") -> Codes:
    """Return the target (starts,) of the stack that starts at each frame of a clip.

    `none` (8) marks a stack that is not learned from.

    `majority`: what most of the `length` frames show; in a tie the central frame's. A stack with a
    `none` frame is not used. Source: DeepEthoProfile, "Training".

    `center-weighted`: the central frame's, unless it has fewer than 5 frames, another behavior 3
    more in the stack, and 2 more within frames 2..8 of 0..10. Stacks with more than two
    transitions or two `none` frames are not used. The original learns `none` where this says so,
    and crashes on it; here such a stack is not used. Raises TrainingError if `length` is not 11.
    """
    if rule == "center-weighted" and length != _LENGTH:
        raise TrainingError(f"the center-weighted rule is for stacks of 11 frames, not {length}")
    if len(codes) < length:
        return np.empty(0, np.int64)
    counts = _count(codes, length)
    if rule == "center-weighted":
        return _center_weighted(codes, counts)
    return _majority(codes, counts, length)


def _count(codes: Codes, length: int) -> NDArray[np.int16]:
    """Return how many frames of each stack have each code, (starts, 9)."""
    running = np.zeros((len(codes) + 1, len(CODE_NAMES)), np.int32)
    np.cumsum(codes[:, None] == np.arange(len(CODE_NAMES)), axis=0, out=running[1:])
    return (running[length:] - running[:-length]).astype(np.int16)


def _majority(codes: Codes, counts: NDArray[np.int16], length: int) -> Codes:
    central = codes[length // 2 :][: len(counts)]
    tied = (counts == counts.max(axis=1, keepdims=True)).sum(axis=1) > 1
    targets = np.where(tied, central, counts.argmax(axis=1))
    return np.where(counts[:, NONE_CODE] > 0, NONE_CODE, targets)


def _center_weighted(codes: Codes, counts: NDArray[np.int16]) -> Codes:
    stacks = sliding_window_view(codes, _LENGTH)
    central = stacks[:, _LENGTH // 2]
    count_of_frame = np.take_along_axis(counts, stacks, axis=1)
    # Of two that are equally frequent the one that comes first.
    first = count_of_frame.argmax(axis=1)[:, None]
    frequent = np.take_along_axis(stacks, first, axis=1)[:, 0]
    own, most = count_of_frame[:, _LENGTH // 2], count_of_frame.max(axis=1)
    inner = stacks[:, _INNER]
    inner_own = (inner == central[:, None]).sum(axis=1)
    inner_most = (inner == frequent[:, None]).sum(axis=1)
    yields = (own < _OWN_ENOUGH) & (most > own + _LEAD) & (inner_most > inner_own + _INNER_LEAD)
    transitions = (stacks[:, 1:] != stacks[:, :-1]).sum(axis=1)
    unused = (transitions > _MOST_TRANSITIONS) | (counts[:, NONE_CODE] > _MOST_NONE)
    return np.where(unused, NONE_CODE, np.where(yields, frequent, central))
