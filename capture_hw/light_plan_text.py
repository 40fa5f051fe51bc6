"""A light plan as one line of text, kept with a recording for later than its configuration.

`1;FROM ZERO CYCLE START LEVEL LEVEL START LEVEL LEVEL;FROM ...`: the form's number, then each era
with its moment, a moment of ZT0, its cycle and its spans; seconds, UTC, per mille.
"""

import re
from itertools import pairwise
from typing import Final

from capture_hw.light_plan import Era, LightPlan
from capture_hw.photoperiod import LightSpan, Photoperiod

_FORM: Final = "1"
_ERA: Final = re.compile(r"\d{1,10} \d{1,10} \d{1,10}( \d{1,10} \d{1,4} \d{1,4})+", re.ASCII)
_HEAD: Final = 3
_FULL_PERMILLE: Final = 1000


def plan_text(plan: LightPlan) -> str:
    """Return the line."""
    return ";".join([_FORM, *(_era_text(era) for era in plan.eras)])


def plan_of_text(text: str) -> LightPlan:
    """Return the plan; raises ValueError, one sentence, for what `plan_text` never writes."""
    form, *texts = text.split(";")
    if form != _FORM or not texts:
        raise ValueError(f"light plan: not of form {_FORM}: {text[:40]!r}")
    eras = tuple(_era(one) for one in texts)
    if not _is_growing([era.from_utc_s for era in eras]):
        raise ValueError("light plan: its eras are not in the order of time")
    return LightPlan(eras)


def _era_text(era: Era) -> str:
    own = era.photoperiod
    numbers = [era.from_utc_s, own.zero_utc_s, own.cycle_s]
    for span in own.spans:
        numbers += [span.start_s, span.from_permille, span.to_permille]
    return " ".join(str(number) for number in numbers)


def _era(text: str) -> Era:
    if _ERA.fullmatch(text) is None:
        raise ValueError(f"light plan: not an era: {text[:40]!r}")
    numbers = [int(word) for word in text.split()]
    from_s, zero_s, cycle_s = numbers[:_HEAD]
    spans = tuple(LightSpan(*numbers[at : at + _HEAD]) for at in range(_HEAD, len(numbers), _HEAD))
    starts = [span.start_s for span in spans]
    levels = [level for span in spans for level in (span.from_permille, span.to_permille)]
    in_cycle = starts[0] == 0 and _is_growing(starts) and max(starts[-1], zero_s) < cycle_s
    if not in_cycle or max(levels) > _FULL_PERMILLE:
        raise ValueError(f"light plan: an era that contradicts itself: {text[:40]!r}")
    return Era(from_s, Photoperiod(zero_s, cycle_s, spans))


def _is_growing(numbers: list[int]) -> bool:
    return all(one < other for one, other in pairwise(numbers))
