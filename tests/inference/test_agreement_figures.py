"""What the figures of an agreement are of: animals, frames, raters; and their page."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from inference.dataset.source import Codes
from inference.ethogram import BEHAVIORS, NONE_CODE
from inference.evaluate.agreement import Agreement, agreement_of
from inference.evaluate.page import agreement_page
from inference.evaluate.rating import RatedClip, Ratings, animal_of
from tests.inference.judged_clips import MOMENT
from tests.inference.page_reader import PageReader

SCHEMA = Path(__file__).parents[2] / "docs" / "schemas" / "agreement.json"
RATERS = ("<anna>", "$$", "cleo")


def _agreement(clips: Mapping[str, tuple[Codes, ...]]) -> Agreement:
    """Return the agreement of clips, each an animal, by the codes of two raters or three."""
    rated = tuple(RatedClip(animal, animal, (), codes) for animal, codes in clips.items())
    raters = RATERS[: len(next(iter(clips.values())))]
    ratings = Ratings(raters, BEHAVIORS, NONE_CODE, None, 25, rated)
    return agreement_of(ratings, created=MOMENT, software="0.1.0")


def _codes(*codes: int) -> Codes:
    return np.array(codes, np.int64)


def _three_raters() -> Agreement:
    random = np.random.default_rng(8)
    clips = {}
    for animal in ("01", "02", "03", "04", "05", "06"):
        truth = random.integers(0, 9, 60)
        said = [np.where(random.random(60) < 0.2, random.integers(0, 9, 60), truth) for _ in "123"]
        clips[animal] = tuple(codes.astype(np.int64) for codes in said)
    return _agreement(clips)


@pytest.mark.parametrize(
    ("clip", "animal"),
    [
        ("01_20180418_1200_s0_n4", "01"),
        ("17_20261122_060000", "17"),
        ("01_1", "01_1"),
        ("01_20180418", "01_20180418"),
        ("101_20180418_1200_s0_n4", "101_20180418_1200_s0_n4"),
        ("1_20180418_1200_s0_n4", "1_20180418_1200_s0_n4"),
        ("\u0661\u0661_20180418_1200", "\u0661\u0661_20180418_1200"),
        ("video", "video"),
    ],
)
def test_an_animal_is_known_by_cage_and_day_alone(clip: str, animal: str) -> None:
    assert animal_of(clip) == animal


def test_an_animal_without_a_frame_that_two_judged_counts_for_nothing() -> None:
    both = {
        "01": (_codes(*[1] * 90, *[2] * 10), _codes(*[1] * 100)),
        "02": (_codes(*[1] * 50, *[2] * 50), _codes(*[2] * 10, *[1] * 40, *[2] * 50)),
        "03": (_codes(*[1] * 70), _codes(*[1] * 50, *[2] * 20)),
        "04": (_codes(*[2] * 70), _codes(*[1] * 15, *[2] * 55)),
    }
    without = _agreement(both)
    found = _agreement({**both, "05": (_codes(8, 8, 1), _codes(1, 2, 8))})
    assert (without.animals, found.animals) == (4, 4)
    assert found.pairs[0].frame_interval == without.pairs[0].frame_interval
    assert found.pairs[0].kappa == without.pairs[0].kappa
    assert "4 animals are too few" in found.remarks[0]


def test_fleiss_counts_frames_of_all_raters_and_alpha_those_of_two() -> None:
    one = _codes(1, 1, 1, 2, 2, 2, 8, 1, 2)
    two = _codes(1, 1, 2, 2, 2, 2, 1, 8, 1)
    three = _codes(1, 1, 1, 2, 2, 1, 1, 2, 8)
    judged_by_all = slice(0, 6)
    whole = _agreement({"01": (one, two, three)}).together
    part = _agreement({"01": (one[judged_by_all], two[judged_by_all], three[judged_by_all])})
    assert whole is not None
    assert part.together is not None
    assert whole.fleiss_kappa == part.together.fleiss_kappa
    # Fleiss 1971, by hand: 18 ratings, 9 of each; agreement 1, 1, 1/3, 1, 1, 1/3.
    assert whole.fleiss_kappa == pytest.approx((7 / 9 - 0.5) / 0.5)
    assert whole.alpha != part.together.alpha


def test_each_interval_holds_its_own_figure() -> None:
    found = _three_raters()
    together = found.together
    assert together is not None
    for interval, value in (
        (together.fleiss_interval, together.fleiss_kappa),
        (together.alpha_interval, together.alpha),
        (found.pairs[0].frame_interval, found.pairs[0].frame_agreement),
        (found.pairs[0].macro_interval, found.pairs[0].macro_agreement),
    ):
        assert interval is not None
        assert interval.value == pytest.approx(value, abs=1e-12)
    assert together.fleiss_kappa != pytest.approx(together.alpha, abs=1e-6)


def test_the_page_is_whole_and_holds_a_matrix_of_every_pair() -> None:
    found = _three_raters()
    page = agreement_page(found)
    reader = PageReader(page)
    assert reader.faults == []
    assert reader.outside == []
    assert set(reader.references) <= set(reader.ids)
    assert len(set(reader.ids)) == len(reader.ids)
    assert page.count("<svg") == 3
    assert "<anna>" not in page
    for pair in found.pairs:
        frames = f"{pair.confusion[6][6]}"
        share = f"{100 * pair.confusion[6][6] / sum(pair.confusion[6]):.1f}"
        assert {frames, share} <= {text.strip() for text in reader.text}


def test_the_published_schema_is_that_of_the_type() -> None:
    published = json.loads(SCHEMA.read_text())
    assert published == Agreement.model_json_schema(by_alias=True), "run scripts/write_schemas.py"
