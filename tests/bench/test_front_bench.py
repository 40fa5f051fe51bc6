"""The front of accuracy against cost: what it refuses before it trains for hours."""

from pathlib import Path

import numpy as np
import pytest

from inference.dataset.annotation import OneBehavior
from inference.dataset.band_cache import Clip
from inference.dataset.source import ClipSource
from inference.train.dataset import Split
from tests.bench.bench_front import refuse_lacking


def _clip(codes: list[int]) -> Clip:
    annotation = OneBehavior(Path("a_map.csv"), codes[0])
    source = ClipSource("a", Path("a.mkv"), "01", "01_r", annotation, annotation)
    shown = np.array(codes, np.int64)
    return Clip(source, np.zeros((len(codes), 1, 1), np.uint8), shown, shown)


def test_mice_that_do_not_show_all_eight_behaviors_are_one_sentence() -> None:
    whole = Split(training=(_clip([0, 1, 2, 3]), _clip([4, 5, 6, 7])), held_out=())
    refuse_lacking(whole)
    with pytest.raises(SystemExit) as refusal:
        refuse_lacking(Split(training=(_clip([0, 1, 2, 3, 5, 8]),), held_out=whole.training))
    assert str(refusal.value) == (
        "the mice to learn from show no micromovement, no rest, no walk: more --mice or --seconds"
    )
