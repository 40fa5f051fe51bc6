"""A comparison counts what only one model knew, and refuses what is not the same clips."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inference.error import EvaluationError
from inference.ethogram import BEHAVIORS, NONE_CODE
from inference.evaluate.comparing import (
    Answers,
    clip_pairs,
    longest_stretches,
    mcnemar_of,
    rightness_of,
)
from inference.evaluate.comparison import Comparison
from inference.evaluate.comparison_building import compare
from inference.evaluate.page import comparison_page
from inference.evaluate.prediction import ClipPrediction
from inference.evaluate.prediction_file import PredictionFile
from inference.evaluate.protocol import SAME_ANIMALS, UNKNOWN_TRAINING
from inference.evaluate.report import ModelFacts
from tests.inference.judged_clips import ANIMALS, MOMENT, about_predictions, judged_clip
from tests.inference.page_reader import PageReader

FIRST = ModelFacts(identity="first <a>@1", multiplications=4_188_000_000, parameters=17_281_310)
SECOND = ModelFacts(identity="second@2", multiplications=29_000_000)


def _clips(errors: float) -> list[ClipPrediction]:
    return [judged_clip(animal, 5, errors=errors) for animal in ANIMALS]


def _file(
    clips: list[ClipPrediction], protocol: str = "evaluate", frames_per_second: float = 25.0
) -> PredictionFile:
    about = about_predictions(protocol).model_copy(update={"frames_per_second": frames_per_second})
    return PredictionFile(Path("a/predictions.npz"), about, tuple(clips))


def _compare(first: list[ClipPrediction], second: list[ClipPrediction]) -> Comparison:
    return _compare_files(_file(first), _file(second))


def _compare_files(first: PredictionFile, second: PredictionFile) -> Comparison:
    return compare(
        (FIRST, [first]),
        (SECOND, [second]),
        data_set="clips",
        created=MOMENT,
        software="0.1.0",
    )


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return _compare(_clips(0.4), _clips(0.1))


def test_a_model_does_not_differ_from_itself() -> None:
    comparison = _compare(_clips(0.2), _clips(0.2))
    assert {pair.difference for pair in comparison.figures} == {0}
    for row in comparison.behaviors:
        assert row.recall.interval is not None
        assert (row.recall.interval.low, row.recall.interval.high) == (0, 0)
    assert comparison.stretches == ()
    assert comparison.rightness.first_only == comparison.rightness.second_only == 0
    assert comparison.mcnemar is not None
    assert comparison.mcnemar.p_value == 1
    assert "nowhere" in comparison_page(comparison)


def test_frames_that_one_knows_are_those_counted_one_by_one(comparison: Comparison) -> None:
    counts: Counter[tuple[bool, bool]] = Counter()
    for one, two in zip(_clips(0.4), _clips(0.1), strict=True):
        for truth, a, b in zip(one.truth, one.labels, two.labels, strict=True):
            if truth != NONE_CODE:
                counts[bool(a == truth), bool(b == truth)] += 1
    right = comparison.rightness
    assert right.both == counts[True, True]
    assert right.first_only == counts[True, False]
    assert right.second_only == counts[False, True]
    assert right.neither == counts[False, False]
    assert comparison.frames == sum(counts.values())
    assert sum(clip.second_only for clip in comparison.by_clip) == right.second_only
    frames = comparison.figures[0]
    assert frames.name == "frame accuracy"
    gained = right.second_only - right.first_only
    assert frames.difference == pytest.approx(gained / comparison.frames)
    assert frames.interval is not None
    assert frames.interval.low > 0


def test_the_other_way_round_gives_the_opposite(comparison: Comparison) -> None:
    turned = _compare(_clips(0.1), _clips(0.4))
    for pair, other in zip(comparison.figures, turned.figures, strict=True):
        assert pair.difference is not None
        assert other.difference == pytest.approx(-pair.difference)
    for row, back in zip(comparison.behaviors, turned.behaviors, strict=True):
        assert row.recall.interval is not None
        assert back.recall.interval is not None
        assert back.recall.interval.low == pytest.approx(-row.recall.interval.high)
    assert comparison.rightness.first_only == turned.rightness.second_only


def test_mcnemar_is_the_value_of_the_formula() -> None:
    clip = judged_clip("01", 5, errors=0.0)
    of_stacks = clip.probabilities.argmax(axis=1)
    clip = replace(clip, truth=of_stacks[clip.stack_of_frame])
    wrong = np.eye(8)[(of_stacks + 1) % 8]
    one, two = clip.probabilities.copy(), clip.probabilities.copy()
    one[2:12], two[20:22] = wrong[2:12], wrong[20:22]
    answers = [Answers(replace(clip, probabilities=one), replace(clip, probabilities=two))]
    found = mcnemar_of(answers)
    assert found is not None
    assert (found.first_only, found.second_only) == (2, 10)
    # (|2 - 10| - 1)^2 / 12, and scipy.stats.chi2.sf(49 / 12, 1).
    assert found.statistic == pytest.approx(49 / 12)
    assert found.p_value == pytest.approx(0.0433081, abs=1e-6)
    assert rightness_of(answers).neither == 0


def test_stacks_that_are_cut_otherwise_are_not_counted_as_stacks() -> None:
    clip = judged_clip("01", 5)
    other = replace(clip, stack_of_frame=np.arange(len(clip.truth)) // 12)
    assert mcnemar_of([Answers(clip, other)]) is None


def test_the_longest_stretch_comes_first_and_says_who_was_right() -> None:
    clip = judged_clip("01", 5, errors=0.0)
    truth = clip.truth.copy()
    truth[:33], truth[33:] = 2, 4
    right = np.eye(8)[np.where(np.arange(len(clip.probabilities)) < 3, 2, 4)]
    wrong = right.copy()
    wrong[1], wrong[5:8] = np.eye(8)[4], np.eye(8)[2]
    clip = replace(clip, truth=truth, probabilities=right)
    found = longest_stretches([Answers(replace(clip, probabilities=wrong), clip)])
    assert [(each.first_frame, each.last_frame) for each in found] == [(55, 87), (11, 21)]
    named = found[0].truth, found[0].first, found[0].second
    assert named == ("micromovement", "groom", "micromovement")


def test_other_clips_another_truth_or_rate_are_refused() -> None:
    clips = _clips(0.2)
    with pytest.raises(EvaluationError, match=r"clip 04_\S+ was judged once by the first and not"):
        _compare(clips, clips[:3])
    with pytest.raises(EvaluationError, match=r"clip 04_\S+ was judged not by the first and once"):
        _compare(clips[:3], clips)
    truth = clips[1].truth.copy()
    truth[7] = (truth[7] + 1) % 8
    other = replace(clips[1], truth=truth)
    names = f"{BEHAVIORS[clips[1].truth[7]]} .* {BEHAVIORS[truth[7]]}"
    with pytest.raises(EvaluationError, match=rf"clip 02_\S+: frame 7 is {names} in that of"):
        _compare(clips, [clips[0], other, *clips[2:]])
    short = replace(other, truth=truth[:-1], stack_of_frame=other.stack_of_frame[:-1])
    with pytest.raises(EvaluationError, match="were not judged by the same truth"):
        _compare(clips, [clips[0], short, *clips[2:]])
    with pytest.raises(EvaluationError, match=r"judged at 12\.5 and 25 frames a second"):
        _compare_files(_file(clips), _file(clips, frames_per_second=12.5))


def test_a_clip_of_several_folds_is_compared_fold_by_fold() -> None:
    folds = [
        PredictionFile(Path("x"), about_predictions("halves", name), tuple(_clips(errors)))
        for name, errors in (("half-2", 0.4), ("half-1", 0.2))
    ]
    both = compare(
        (FIRST, folds), (SECOND, folds[::-1]), data_set="", created=MOMENT, software="0.1.0"
    )
    assert both.clips == 8
    assert both.rightness.first_only == both.rightness.second_only == 0
    with pytest.raises(EvaluationError, match="was judged 2 times by the first and once by"):
        compare((FIRST, folds), (SECOND, folds[:1]), data_set="", created=MOMENT, software="0.1.0")


def test_every_interval_is_that_of_its_own_figure(comparison: Comparison) -> None:
    for row in comparison.behaviors:
        for pair in (row.recall, row.precision, row.f1):
            assert pair.interval is not None
            assert pair.interval.value == pytest.approx(pair.difference)


def test_an_animal_s_figures_are_those_of_its_clip_in_both(comparison: Comparison) -> None:
    assert [row.name for row in comparison.by_animal] == list(ANIMALS)
    assert [row.name for row in comparison.strains] == ["C57BL/6", "SWISS"]
    for row, one, two in zip(comparison.by_animal, _clips(0.4), _clips(0.1), strict=True):
        judged = one.truth != NONE_CODE
        first, second = ((clip.labels == clip.truth)[judged].mean() for clip in (one, two))
        assert row.frame_accuracy.first == pytest.approx(first)
        assert row.frame_accuracy.second == pytest.approx(second)


def test_clips_that_differ_most_come_first() -> None:
    errors = {"01": (0.0, 0.3), "02": (0.5, 0.0), "03": (0.1, 0.0)}
    found = clip_pairs(
        Answers(*(judged_clip(animal, 5, errors=each) for each in both))
        for animal, both in errors.items()
    )
    assert [clip.animal for clip in found] == ["02", "01", "03"]


def test_a_strain_that_one_side_knows_is_that_of_both() -> None:
    clips = _clips(0.2)
    unknown = [replace(clip, strain="") for clip in clips]
    for sides in ((clips, unknown), (unknown, clips)):
        comparison = _compare(*sides)
        assert [row.name for row in comparison.strains] == ["C57BL/6", "SWISS"]
        assert [row.frame_accuracy.difference for row in comparison.strains] == [0, 0]
    assert _compare(unknown, unknown).strains == ()
    other = [replace(clips[0], strain="BALB/c"), *clips[1:]]
    with pytest.raises(EvaluationError, match=r"clip 01_\S+ is of strain C57BL/6 or BALB/c"):
        _compare(clips, other)


def test_what_the_models_learned_from_is_told() -> None:
    clips = _clips(0.2)
    evaluated, halves, animals = (
        _file(clips, protocol) for protocol in ("evaluate", "halves", "leave-one-animal-out")
    )
    assert _remarks(evaluated, evaluated) == [UNKNOWN_TRAINING]
    assert _remarks(animals, animals) == []
    assert _remarks(halves, halves) == [
        f"The first: {SAME_ANIMALS['halves']}",
        f"The second: {SAME_ANIMALS['halves']}",
    ]
    differ, same = _remarks(animals, halves)
    assert differ.startswith("The first was judged by leave-one-animal-out, the second by halves:")
    assert same == f"The second: {SAME_ANIMALS['halves']}"
    assert UNKNOWN_TRAINING in _remarks(halves, evaluated)


def _remarks(first: PredictionFile, second: PredictionFile) -> list[str]:
    remarks = _compare_files(first, second).remarks
    assert remarks[-1].startswith("4 animals are too few")
    return list(remarks[:-1])


def test_the_page_is_whole_and_names_the_cost(comparison: Comparison) -> None:
    page = comparison_page(comparison)
    reader = PageReader(page)
    assert reader.faults == []
    assert reader.outside == []
    assert set(reader.references) <= set(reader.ids)
    for section in ("figures", "behaviors", "strains", "animals", "right", "where", "cost"):
        assert section in reader.ids
    assert "first &lt;a&gt;@1" in page
    assert "4,188,000,000" in page
