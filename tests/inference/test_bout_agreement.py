"""Bouts of truth against bouts of labels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.ethogram import BEHAVIORS
from inference.evaluate.bout_agreement import BoutFigures, compare_bouts
from inference.evaluate.bout_overlap import match, overlaps_of, runs_by_code

KINDS = ("sit", "run", "dig")
NONE = 3


def _codes(text: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return a code for each letter: s, r, d, and - for none."""
    return np.array(["srd-".index(letter) for letter in text])


def _compare(truth: str, labels: str) -> dict[str, BoutFigures]:
    """Return the figures of each behavior, at 10 frames a second."""
    found = compare_bouts([(_codes(truth), _codes(labels))], 10, KINDS, NONE)
    return {figures.behavior: figures for figures in (found.all, *found.behaviors)}


def test_a_bout_is_found_if_half_of_the_union_is_shared() -> None:
    #                      begin 4, end 8 of run; 4 of 8 shared
    found = _compare("ssssrrrrrrss", "ssssssrrrrrr")["run"]
    assert (found.alike.found, found.alike.missed, found.alike.invented) == (1, 0, 0)
    found = _compare("ssssrrrrrrsss", "sssssssrrrrrr")["run"]
    assert (found.alike.found, found.alike.missed, found.alike.invented) == (0, 1, 1)
    assert (found.touching.found, found.touching.f1) == (1, 1.0)


def test_a_split_bout_is_found_once_and_the_rest_is_invented() -> None:
    found = _compare("srrrrrrrrrrs", "srrrrrrrsrrs")["run"]
    assert (found.truth_bouts, found.label_bouts) == (1, 2)
    assert (found.alike.found, found.alike.missed, found.alike.invented) == (1, 0, 1)
    assert (found.split, found.merged) == (1, 0)
    assert found.alike.f1 == pytest.approx(2 / 3)
    merged = _compare("srrrrrrrsrrs", "srrrrrrrrrrs")["run"]
    assert (merged.split, merged.merged) == (0, 1)
    assert (merged.alike.found, merged.alike.missed, merged.alike.invented) == (1, 1, 0)
    assert (merged.touching.found, merged.touching.missed) == (1, 1)


def test_what_nobody_did_is_invented_and_what_nobody_saw_is_missed() -> None:
    found = _compare("sssrrsss", "sddsssss")
    assert (found["run"].alike.missed, found["run"].touching.missed) == (1, 1)
    assert (found["dig"].alike.invented, found["dig"].touching.invented) == (1, 1)
    assert found["dig"].alike.recall is None
    assert found["run"].alike.f1 == 0


def test_of_two_halves_the_first_is_the_partner() -> None:
    truth = runs_by_code(_codes("srrrrs"), 3)[1]
    labels = runs_by_code(_codes("srrsrs"), 3)[1]
    assert match(overlaps_of(truth, labels), 0.0) == [(0, 0)]
    even = runs_by_code(_codes("rrsrr"), 3)[1]
    assert match(overlaps_of(runs_by_code(_codes("rrrrr"), 3)[1], even), 0.4) == [(0, 0)]


def test_totals_and_means_are_seconds() -> None:
    found = _compare("srrrrssrrs", "srrrrrrrrs")["run"]
    assert (found.truth_total_s, found.label_total_s) == (0.6, 0.8)
    assert found.truth_mean_s == pytest.approx(0.3)
    assert found.label_mean_s == pytest.approx(0.8)
    assert _compare("ss", "ss")["run"].truth_mean_s is None


def test_boundaries_are_milliseconds_apart_and_ends_of_the_clip_are_none() -> None:
    # run begins 1 frame late and ends 2 late; sit and dig begin and end with the clip
    found = _compare("sssrrrrrrrdddddd", "ssssrrrrrrrrdddd")
    assert found["run"].boundaries == 2
    assert found["run"].begin_shift_ms == pytest.approx(100)
    assert found["run"].end_shift_ms == pytest.approx(200)
    assert found["run"].boundary_error_ms == pytest.approx(150)
    assert found["sit"].boundaries == 1
    assert found["all"].boundaries == 4
    assert found["all"].boundary_error_ms == pytest.approx((100 + 100 + 200 + 200) / 4)
    early = _compare("sssrrrrrrs", "ssrrrrrrss")["run"]
    assert (early.begin_shift_ms, early.boundary_error_ms) == (-100, 100)


def test_none_of_either_ends_bouts_of_both() -> None:
    found = _compare("rr--rr", "rrrrrr")["run"]
    assert (found.truth_bouts, found.label_bouts, found.alike.found) == (2, 2, 2)
    assert found.label_total_s == pytest.approx(0.4)
    found = _compare("rrrrrr", "rr--rr")["run"]
    assert (found.truth_bouts, found.label_bouts, found.alike.found) == (2, 2, 2)
    truth = _codes("rr--rr")
    compare_bouts([(truth, _codes("-rrrrr"))], 10, KINDS, NONE)
    np.testing.assert_array_equal(truth, _codes("rr--rr"))


def test_what_none_cuts_is_no_boundary() -> None:
    found = _compare("sss---sss---ss", "ssssssssssssss")["sit"]
    assert (found.alike.found, found.boundaries, found.boundary_error_ms) == (3, 0, None)
    # run begins beside none in the truth, a frame later in the labels; it ends a frame late
    found = _compare("ss--rrrrrrss", "ssssdrrrrrrs")["run"]
    assert (found.alike.found, found.begin_shift_ms, found.end_shift_ms) == (1, None, 100)
    assert found.boundaries == 1
    # the other way round: it begins a frame early and ends beside none
    found = _compare("ssrrrrrr--ss", "srrrrrrd--ss")["run"]
    assert (found.begin_shift_ms, found.end_shift_ms, found.boundaries) == (-100, None, 1)


CODES = st.lists(st.integers(0, 3), min_size=1, max_size=40)


def _slow_counts(truth: list[int], labels: list[int]) -> tuple[int, int, int, int]:
    """Return bouts of both, alike pairs and split bouts of code 0, by sets of frames."""

    def bouts(codes: list[int]) -> list[set[int]]:
        found: list[set[int]] = []
        for frame, code in enumerate(codes):
            if code == 0 and frame and codes[frame - 1] == 0:
                found[-1].add(frame)
            elif code == 0:
                found.append({frame})
        return found

    one, other = bouts(truth), bouts(labels)
    shares = [
        (len(a & b) / len(a | b), i, j) for i, a in enumerate(one) for j, b in enumerate(other)
    ]
    pairs: list[tuple[int, int]] = []
    for share, i, j in sorted(shares, key=lambda each: (-each[0], each[1], each[2])):
        if share >= 0.5 and all(i != first and j != second for first, second in pairs):
            pairs.append((i, j))
    split = sum(sum(bool(a & b) for b in other) > 1 for a in one)
    return len(one), len(other), len(pairs), split


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=60))
def test_counts_are_those_of_sets_of_frames(pairs: list[tuple[int, int]]) -> None:
    truth, labels = (list(codes) for codes in zip(*pairs, strict=True))
    found = compare_bouts([(np.array(truth), np.array(labels))], 25, KINDS, None).behaviors[0]
    counted = (found.truth_bouts, found.label_bouts, found.alike.found, found.split)
    assert counted == _slow_counts(truth, labels)


@settings(max_examples=100, deadline=None)
@given(CODES)
def test_labels_equal_to_the_truth_find_every_bout(codes: list[int]) -> None:
    found = compare_bouts([(np.array(codes), np.array(codes))], 25, KINDS, NONE).all
    assert found.alike.missed == found.alike.invented == found.split == found.merged == 0
    assert found.boundary_error_ms in (None, 0.0)


def test_clips_are_not_joined() -> None:
    clip = np.zeros(5, np.int64)
    found = compare_bouts([(clip, clip), (clip, clip)], 25, BEHAVIORS, 8)
    assert found.all.truth_bouts == 2
