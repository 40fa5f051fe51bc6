"""Frames that cannot be judged, by what somebody else said of them."""

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict

from inference.evaluate.rating import Ratings


class NoneFrames(BaseModel):
    """Frames that the second rater called `none`, by what the first had said.

    Of the clips whose raters could say none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    frames: int
    """Called none by the second, and something else by the first."""
    share: float
    """Of all frames that the first had judged."""
    by_first: dict[str, int]
    share_of_none: dict[str, float]
    """Of these frames, those that the first had called so."""
    share_of_behavior: dict[str, float]
    """Of the frames that the first had called so, those that are none to the second."""
    first_frames: int
    """Called none by the first, whatever the second said."""


def none_frames(ratings: Ratings, first: int, second: int) -> NoneFrames | None:
    """Return the frames that one rater calls none; None if the ethogram has no such code."""
    none = ratings.none_code
    if none is None:
        return None
    became = np.zeros(len(ratings.names), np.int64)
    judged = np.zeros(len(ratings.names), np.int64)
    first_frames = 0
    for clip in (clip for clip in ratings.clips if clip.offers_none):
        one, other = clip.codes[first], clip.codes[second]
        known = one != none
        judged += np.bincount(one[known], minlength=len(judged))
        became += np.bincount(one[known & (other == none)], minlength=len(became))
        first_frames += int((~known).sum())
    frames = int(became.sum())

    def shares(wholes: Sequence[int]) -> dict[str, float]:
        rows = zip(ratings.names, became, wholes, strict=True)
        return {name: float(part / whole) for name, part, whole in rows if whole}

    return NoneFrames(
        frames=frames,
        share=frames / max(1, int(judged.sum())),
        by_first={name: int(part) for name, part in zip(ratings.names, became, strict=True)},
        share_of_none=shares([frames] * len(became)),
        share_of_behavior=shares([int(whole) for whole in judged]),
        first_frames=first_frames,
    )
