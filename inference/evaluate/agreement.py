"""How well several people or models agree on the same frames, of any ethogram."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import combinations
from typing import Final, Literal, TypeVar

import numpy as np
from pydantic import AwareDatetime, Field

from inference.error import EvaluationError
from inference.evaluate.bootstrap import (
    Interval,
    Statistic,
    few_animals,
    frame_accuracy,
    interval_over_clusters,
    macro_accuracy,
)
from inference.evaluate.bout_agreement import BoutAgreement, compare_bouts
from inference.evaluate.confusion import Confusion, count_pairs, figures_of
from inference.evaluate.figures import (
    BehaviorFigures,
    GroupFigures,
    behavior_figures,
    group_figures,
)
from inference.evaluate.kappa import (
    Coincidences,
    Kappa,
    alpha_of,
    cohen_kappa,
    coincidences_of,
    fleiss_kappa_of,
    one_against_rest,
)
from inference.evaluate.none_frames import NoneFrames, none_frames
from inference.evaluate.rating import RatedClip, Ratings
from inference.evaluate.report import Part

AGREEMENT_SCHEMA: Final = "ethoprofiler.agreement/1"
_Table = TypeVar("_Table", Confusion, Coincidences)


class PairAgreement(Part):
    """Two raters; frames that either called `none` are only in `none`."""

    first: str
    second: str
    frames: int
    frame_agreement: float
    frame_interval: Interval | None
    macro_agreement: float
    """Mean share, of the frames that the first called so, of those the second calls so too."""
    macro_interval: Interval | None
    kappa: Kappa | None
    confusion: tuple[tuple[int, ...], ...]
    """Frames by what the first (row) and the second (column) said."""
    behaviors: tuple[BehaviorFigures, ...]
    """The first taken as the truth."""
    behavior_kappas: dict[str, Kappa | None]
    """Of each behavior against all the others together."""
    groups: tuple[GroupFigures, ...]
    """Such as strains, the first taken as the truth: Table 1 of the paper, right half."""
    bouts: BoutAgreement
    """Without the background: frames in which nothing that has a name happens."""
    none: NoneFrames | None
    """None if the ethogram has no such code."""


class ManyAgreement(Part):
    """Three raters or more together."""

    fleiss_kappa: float | None
    """Of frames that all raters judged."""
    fleiss_interval: Interval | None
    alpha: float | None
    """Krippendorff's, nominal: also of frames that only some of the raters judged."""
    alpha_interval: Interval | None


class Agreement(Part):
    """Everything about the agreement of raters; shares are 0..1."""

    schema_: Literal["ethoprofiler.agreement/1"] = Field(default=AGREEMENT_SCHEMA, alias="schema")
    created: AwareDatetime
    software: str
    raters: tuple[str, ...]
    behaviors: tuple[str, ...]
    clips: int
    animals: int
    """Or clips of which no animal is known, with a frame that two raters judged: what intervals
    resample."""
    frames: int
    frames_per_second: float
    pairs: tuple[PairAgreement, ...]
    together: ManyAgreement | None
    """None for two raters."""
    remarks: tuple[str, ...]


def agreement_of(ratings: Ratings, *, created: datetime, software: str) -> Agreement:
    """Return the agreement of every two raters and of all; raises EvaluationError."""
    animals = len({clip.animal for clip in ratings.clips if _is_judged(clip, ratings.none_code)})
    caution = few_animals(animals)
    return Agreement(
        created=created,
        software=software,
        raters=ratings.raters,
        behaviors=ratings.names,
        clips=len(ratings.clips),
        animals=animals,
        frames=sum(len(clip.codes[0]) for clip in ratings.clips),
        frames_per_second=ratings.frames_per_second,
        pairs=tuple(
            _pair(ratings, first, second)
            for first, second in combinations(range(len(ratings.raters)), 2)
        ),
        together=_together(ratings) if len(ratings.raters) > 2 else None,
        remarks=(*ratings.remarks, *([caution] if caution else [])),
    )


def _pair(ratings: Ratings, first: int, second: int) -> PairAgreement:
    kinds, names = len(ratings.names), ratings.names

    def count(clip: RatedClip) -> Confusion:
        one, other = clip.codes[first], clip.codes[second]
        judged = (one != ratings.none_code) & (other != ratings.none_code)
        return count_pairs(one[judged], other[judged], kinds)

    by_animal = _sum_by(ratings.clips, lambda clip: (clip.animal,), count)
    clusters = _clusters(by_animal)
    if not clusters:
        pair = f"{ratings.raters[first]} and {ratings.raters[second]}"
        raise EvaluationError(f"there is no frame that both {pair} judged")
    total = np.sum(clusters, axis=0)
    figures = figures_of(total, names)
    by_group = _sum_by(ratings.clips, lambda clip: clip.groups, count)
    return PairAgreement(
        first=ratings.raters[first],
        second=ratings.raters[second],
        frames=int(total.sum()),
        frame_agreement=figures.frame_accuracy,
        frame_interval=interval_over_clusters(clusters, frame_accuracy),
        macro_agreement=figures.macro_accuracy,
        macro_interval=interval_over_clusters(clusters, macro_accuracy),
        kappa=cohen_kappa(clusters),
        confusion=tuple(tuple(map(int, row)) for row in total),
        behaviors=behavior_figures(total, names),
        behavior_kappas={
            name: cohen_kappa([one_against_rest(cluster, code) for cluster in clusters])
            for code, name in enumerate(names)
        },
        groups=group_figures({name: by_group[name] for name in sorted(by_group)}, names),
        bouts=compare_bouts(
            ((clip.codes[first], clip.codes[second]) for clip in ratings.clips),
            ratings.frames_per_second,
            names[: ratings.background_code],
            ratings.none_code,
        ),
        none=none_frames(ratings, first, second),
    )


def _together(ratings: Ratings) -> ManyAgreement:
    kinds = len(ratings.names)

    def all_judged(clip: RatedClip) -> Coincidences:
        judged = (np.stack(clip.codes) != ratings.none_code).all(axis=0)
        return coincidences_of([codes[judged] for codes in clip.codes], kinds)

    def any_judged(clip: RatedClip) -> Coincidences:
        return coincidences_of(clip.codes, kinds)

    whole = _clusters(_sum_by(ratings.clips, lambda clip: (clip.animal,), all_judged))
    part = _clusters(_sum_by(ratings.clips, lambda clip: (clip.animal,), any_judged))
    return ManyAgreement(
        fleiss_kappa=_of_all(whole, fleiss_kappa_of),
        fleiss_interval=interval_over_clusters(whole, fleiss_kappa_of),
        alpha=_of_all(part, alpha_of),
        alpha_interval=interval_over_clusters(part, alpha_of),
    )


def _sum_by(
    clips: Sequence[RatedClip],
    keys: Callable[[RatedClip], Sequence[str]],
    count: Callable[[RatedClip], _Table],
) -> dict[str, _Table]:
    sums: dict[str, _Table] = {}
    for clip in clips:
        counted = count(clip)
        for key in keys(clip):
            sums[key] = sums[key] + counted if key in sums else counted
    return sums


def _is_judged(clip: RatedClip, none_code: int | None) -> bool:
    """Return whether two raters judged the same frame of a clip."""
    return bool(((np.stack(clip.codes) != none_code).sum(axis=0) > 1).any())


def _clusters(by_animal: Mapping[str, _Table]) -> list[_Table]:
    """Return the tables of the animals with a frame to count: an interval draws no other."""
    return [table for table in by_animal.values() if table.any()]


def _of_all(clusters: Sequence[Coincidences], figure: Statistic) -> float | None:
    """Return a figure of all clusters together; None where it is not defined."""
    if not clusters:
        return None
    value = figure(np.sum(clusters, axis=0)[np.newaxis])[0]
    return None if np.isnan(value) else float(value)
