"""What a stack is learned as: the original's code and the paper, both rewritten plainly."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise, product

import numpy as np
import pytest

from inference.train.plan import LabelRule
from inference.train.stack_target import stack_targets

_CODES = range(9)
_NONE = 8


def _original(codes: list[int]) -> int:
    """Return what `selectAnn` does as section 3 of the facts states it; 8: not learned from."""
    if sum(left != right for left, right in pairwise(codes)) > 2 or codes.count(_NONE) > 2:
        return _NONE
    center = codes[5]
    mode, count = Counter(codes).most_common(1)[0]  # of two equally frequent the first
    inner = codes[2:9]
    own = codes.count(center)
    yields = own < 5 and count > own + 2 and inner.count(mode) > inner.count(center) + 1
    return mode if yields else center


def _paper(codes: list[int]) -> int:
    """Return the majority, in a tie the central frame's; 8 if any frame is none."""
    if _NONE in codes:
        return _NONE
    counts = Counter(codes)
    most = [code for code in counts if counts[code] == max(counts.values())]
    return most[0] if len(most) == 1 else codes[5]


def _few_transitions() -> Iterator[list[int]]:
    """Yield every stack with at most two transitions: all that the original learns from."""
    for code in _CODES:
        yield [code] * 11
    for first, second in product(_CODES, repeat=2):
        if first != second:
            yield from ([first] * cut + [second] * (11 - cut) for cut in range(1, 11))
    for first, second, third in product(_CODES, repeat=3):
        if first != second != third:
            for cut in range(1, 10):
                for end in range(cut + 1, 11):
                    yield [first] * cut + [second] * (end - cut) + [third] * (11 - end)


def _random_stacks() -> Iterator[list[int]]:
    generator = np.random.default_rng(11)
    for codes in (2, 3, 9):
        yield from generator.integers(0, codes, (2000, 11)).tolist()


@pytest.fixture(scope="module")
def stacks() -> list[list[int]]:
    return [*_few_transitions(), *_random_stacks()]


def _targets(stacks: list[list[int]], rule: LabelRule) -> list[int]:
    """Judge all stacks at once, as a clip in which every eleventh start counts."""
    clip = np.concatenate([np.array(stack, np.int64) for stack in stacks])
    found: list[int] = stack_targets(clip, 11, rule)[::11].tolist()
    return found


def test_the_center_weighted_rule_is_the_original_s_on_every_stack_it_learns_from(
    stacks: list[list[int]],
) -> None:
    assert len(stacks) == 9 + 720 + 25_920 + 6000
    assert _targets(stacks, "center-weighted") == [_original(stack) for stack in stacks]


def test_the_majority_rule_is_the_paper_s_on_every_stack(stacks: list[list[int]]) -> None:
    assert _targets(stacks, "majority") == [_paper(stack) for stack in stacks]


@pytest.mark.parametrize(
    ("stack", "original", "paper"),
    [
        ("22211111222", 1, 2),
        ("22221112222", 1, 2),
        ("22222122222", 2, 2),
        ("00000122222", 0, 1),
        ("11118822222", 8, 8),
    ],
)
def test_the_examples_that_were_seen_in_the_original(stack: str, original: int, paper: int) -> None:
    codes = [int(code) for code in stack]
    assert _targets([codes], "center-weighted") == [original]
    assert _targets([codes], "majority") == [paper]
