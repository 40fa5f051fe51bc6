"""Folds: who is learned and who is judged, for each protocol."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.dataset.annotation import OneBehavior, label_files
from inference.dataset.source import ClipSource
from inference.error import DataSetError
from inference.evaluate.fold import PROTOCOLS, ProtocolName, folds_of, lacking_behaviors


def clip(animal: str, recording: str, number: int, *, validates: bool = True) -> ClipSource:
    name = f"{animal}_{recording}_s{number}"
    annotation = OneBehavior(Path(f"{name}_map.csv"), 0)
    return ClipSource(
        name=name,
        video=Path(f"{name}.mkv"),
        animal=animal,
        recording=f"{animal}_{recording}",
        annotation=annotation,
        held_out_annotation=annotation if validates else None,
    )


_CLIPS = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from("xyz"), st.integers(0, 5), st.booleans()),
    min_size=1,
    max_size=30,
    unique_by=lambda row: row[:3],
).map(lambda rows: [clip(a, r, n, validates=v) for a, r, n, v in rows])


@settings(deadline=None)
@given(_CLIPS, st.sampled_from(PROTOCOLS), st.integers(0, 3))
def test_no_clip_is_ever_on_both_sides_and_only_those_that_may_validate_judge(
    clips: list[ClipSource], protocol: ProtocolName, seed: int
) -> None:
    try:
        folds = folds_of(protocol, clips, seed)
    except DataSetError:
        return
    assert folds == folds_of(protocol, clips, seed)
    assert len({fold.name for fold in folds}) == len(folds)
    for fold in folds:
        learned, judged = ({c.name for c in side} for side in (fold.training, fold.held_out))
        assert not learned & judged
        assert learned
        assert judged
        assert all(c.held_out_annotation is not None for c in fold.held_out)


@settings(deadline=None)
@given(_CLIPS)
def test_an_animal_left_out_is_never_learned_and_each_clip_that_may_judges_once(
    clips: list[ClipSource],
) -> None:
    try:
        folds = folds_of("leave-one-animal-out", clips)
    except DataSetError:
        return
    for fold in folds:
        (animal,) = {c.animal for c in fold.held_out}
        assert [c for c in clips if c.animal != animal] == list(fold.training)
    judged = sorted(c.name for fold in folds for c in fold.held_out)
    assert judged == sorted(c.name for c in clips if c.held_out_annotation is not None)


@settings(deadline=None)
@given(_CLIPS)
def test_a_recording_left_out_is_never_learned_and_each_clip_that_may_judges_once(
    clips: list[ClipSource],
) -> None:
    try:
        folds = folds_of("leave-one-recording-out", clips)
    except DataSetError:
        return
    for fold in folds:
        (recording,) = {c.recording for c in fold.held_out}
        assert all(c.recording != recording for c in fold.training)
    judged = sorted(c.name for fold in folds for c in fold.held_out)
    assert judged == sorted(c.name for c in clips if c.held_out_annotation is not None)


@settings(deadline=None)
@given(_CLIPS, st.integers(1, 5))
def test_halves_never_share_a_recording(clips: list[ClipSource], repeats: int) -> None:
    try:
        folds = folds_of("halves", clips, repeats=repeats)
    except DataSetError:
        return
    assert [fold.name for fold in folds] == [f"half-{n}" for n in range(1, repeats + 1)]
    for fold in folds:
        learned = {c.recording for c in fold.training}
        judged = {c.recording for c in fold.held_out}
        assert not learned & judged


def test_ten_animals_give_ten_folds_by_their_names() -> None:
    clips = [clip(f"{n:02d}", "r", k) for n in range(1, 11) for k in range(2)]
    folds = folds_of("leave-one-animal-out", clips)
    assert [fold.name for fold in folds] == [f"animal-{n:02d}" for n in range(1, 11)]
    assert [len(fold.training) for fold in folds] == [18] * 10


def test_ten_parts_of_a_tenth_judge_each_clip_once_and_one_is_the_paper_s_split() -> None:
    clips = [clip("a", "r", k) for k in range(40)]
    (paper,) = folds_of("clips", clips)
    assert (len(paper.training), len(paper.held_out)) == (36, 4)
    parts = folds_of("clips", clips, repeats=10)
    assert sorted(c.name for part in parts for c in part.held_out) == sorted(c.name for c in clips)
    assert parts[0] == paper


def test_another_seed_draws_other_clips() -> None:
    clips = [clip("a", "r", k) for k in range(40)]
    assert folds_of("clips", clips, 1)[0].held_out != folds_of("clips", clips, 2)[0].held_out


def test_a_draw_never_changes_between_versions() -> None:
    clips = [clip("a", "r", k) for k in range(10)]
    (fold,) = folds_of("clips", clips, seed=7)
    assert [c.name for c in fold.held_out] == ["a_r_s4"]


def reviewed(source: ClipSource, *endings: str) -> ClipSource:
    """Return a clip as the published layout gives it with an initial annotation and these."""
    names = [f"{source.name}{ending}".lower() for ending in ("_map.csv", *endings)]
    learned, judge = label_files(source.name, {name: Path(name) for name in names})
    assert learned is not None
    return replace(source, annotation=learned, held_out_annotation=judge)


@pytest.mark.parametrize(
    "endings", [("_map_new.csv",), ("_map_new_v2.csv",), ("_map_new.csv", "_map_new_v2.csv")]
)
def test_every_review_is_learned_in_the_split_by_clip(endings: tuple[str, ...]) -> None:
    clips = [clip("a", "r", k) for k in range(20)]
    clips[10:] = [reviewed(source, *endings) for source in clips[10:]]
    folds = folds_of("clips", clips, repeats=10)
    assert sorted(c.name for fold in folds for c in fold.held_out) == sorted(
        c.name for c in clips[:10]
    )
    assert all({*clips[10:]} <= {*fold.training} for fold in folds)


def test_a_clip_of_review_2_is_judged_by_what_was_before_where_its_animal_is_left_out() -> None:
    clips = [reviewed(clip("a", "r", 0), "_map_new_v2.csv"), clip("b", "r", 0)]
    first, _ = folds_of("leave-one-animal-out", clips)
    judge = first.held_out[0].held_out_annotation
    assert judge is not None
    assert judge.path.name == "a_r_s0_map.csv"


def test_halves_are_drawn_until_every_behavior_is_in_both() -> None:
    clips = [clip(str(n), "r", 0) for n in range(8)]
    behaviors = {c.name: {n // 2} for n, c in enumerate(clips)}
    for fold in folds_of("halves", clips, behaviors=behaviors, repeats=20):
        for side in (fold.training, fold.held_out):
            assert {code for c in side for code in behaviors[c.name]} == {0, 1, 2, 3}


def test_frames_of_none_do_not_have_to_be_in_both_halves() -> None:
    clips = [clip(str(n), "r", 0) for n in range(4)]
    behaviors = {c.name: {0, 8} if n == 0 else {0} for n, c in enumerate(clips)}
    assert len(folds_of("halves", clips, behaviors=behaviors)) == 5


def test_a_behavior_of_one_recording_cannot_be_in_both_halves() -> None:
    clips = [clip(str(n), "r", 0) for n in range(8)]
    behaviors = {c.name: {0, 3} if n == 5 else {0} for n, c in enumerate(clips)}
    with pytest.raises(DataSetError, match=r"^hang occurs only in recording 5_r"):
        folds_of("halves", clips, behaviors=behaviors)


def test_a_fold_names_what_it_is_judged_by_but_never_learns() -> None:
    clips = [clip("a", "r", 0), clip("b", "r", 0)]
    behaviors = {clips[0].name: {0, 5, 8}, clips[1].name: {0, 1}}
    first, second = folds_of("leave-one-animal-out", clips)
    assert lacking_behaviors(first, behaviors) == ["rear"]
    assert lacking_behaviors(second, behaviors) == ["eat"]


def test_folders_are_never_numbered_into_another_animal_s_and_differ_by_more_than_capitals() -> (
    None
):
    animals = ["a b", "a.b", "a:b", "a_b_1", "A B"]
    folds = folds_of("leave-one-animal-out", [clip(animal, "r", 0) for animal in animals])
    assert {fold.held_out[0].animal: fold.name for fold in folds} == {
        "A B": "animal-A_B_2",
        "a b": "animal-a_b_3",
        "a.b": "animal-a.b",
        "a:b": "animal-a_b_4",
        "a_b_1": "animal-a_b_1",
    }


@given(st.sets(st.text("aA1 :_.", min_size=1, max_size=5), min_size=2, max_size=12))
def test_no_two_folds_ever_share_a_folder(animals: set[str]) -> None:
    folds = folds_of("leave-one-animal-out", [clip(animal, "r", 0) for animal in animals])
    assert len({fold.name.lower() for fold in folds}) == len(animals)


def test_names_that_no_folder_can_have_are_replaced_and_stay_different() -> None:
    clips = [clip("a/b", "r", 0), clip("a:b", "r", 0), clip("c", "r", 0)]
    names = [fold.name for fold in folds_of("leave-one-animal-out", clips)]
    assert names == ["animal-a_b_1", "animal-a_b_2", "animal-c"]


@pytest.mark.parametrize(
    ("protocol", "clips", "numbers", "sentence"),
    [
        ("leave-one-animal-out", [clip("a", "r", 0), clip("a", "r", 1)], {}, "of animal a: to"),
        ("leave-one-recording-out", [clip("a", "r", 0), clip("a", "r", 1)], {}, "recording a_r"),
        ("halves", [clip("a", "r", 0), clip("a", "r", 1)], {}, "recording a_r: two halves"),
        ("clips", [clip("a", "r", 0), clip("a", "r", 1)], {}, "2 clips without a review do not"),
        ("clips", [clip("a", "r", 0)] * 1, {"share": 0.9}, "none would be left"),
        ("clips", [clip("a", "r", 0)], {"share": 1.5}, "between 0 and 1"),
        ("clips", [clip("a", "r", n) for n in range(9)], {"share": 0.5, "repeats": 3}, "3 parts"),
        ("clips", [clip("a", "r", 0)], {"repeats": 0}, "at least 1"),
        ("clips", [clip("a", "r", 0, validates=False)], {}, "no clip may validate"),
        ("clips", [reviewed(clip("a", "r", 0), "_map_new.csv")], {}, "every clip that may"),
    ],
)
def test_what_is_too_small_is_one_sentence(
    protocol: ProtocolName, clips: list[ClipSource], numbers: dict[str, float], sentence: str
) -> None:
    with pytest.raises(DataSetError, match=sentence):
        folds_of(protocol, clips, **numbers)  # type: ignore[arg-type]
