"""Smoothing does what it says, within one clip, and learns from other animals only."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.evaluate.report_building import build_report
from inference.evaluate.smoothing import (
    Transitions,
    kernel_smoothed,
    most_likely_path,
    smoothed_by_others,
    transitions_of,
    truth_of_stacks,
)
from tests.inference.judged_clips import about_report, judged_clip, judged_folds


def test_the_kernel_takes_a_quarter_of_each_neighbor() -> None:
    clip = judged_clip("01", 1)
    rows = np.zeros((3, 8))
    rows[0, 0], rows[1, 1], rows[2, 2] = 1, 1, 1
    smoothed = kernel_smoothed(replace(clip, probabilities=rows)).probabilities
    assert smoothed[:, :3].tolist() == [[0.75, 0.25, 0], [0.25, 0.5, 0.25], [0, 0.25, 0.75]]


def test_a_clip_of_one_stack_stays_as_it_is() -> None:
    clip = judged_clip("01", 1)
    one = replace(
        clip,
        truth=clip.truth[:11],
        stack_of_frame=clip.stack_of_frame[:11],
        probabilities=clip.probabilities[:1],
    )
    assert np.array_equal(kernel_smoothed(one).probabilities, one.probabilities)
    assert [clip.labels.tolist() for clip in smoothed_by_others([one])] == []


@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
@settings(max_examples=15, deadline=None)
def test_the_path_is_the_best_of_all_paths(seed: int, stacks: int) -> None:
    random = np.random.default_rng(seed)
    probabilities = random.dirichlet(np.full(8, 0.4), stacks)
    transitions = Transitions(random.dirichlet(np.ones(8)), random.dirichlet(np.ones(8), 8))

    def likelihood(path: tuple[int, ...]) -> float:
        value = float(transitions.start[path[0]])
        for stack, code in enumerate(path):
            value *= max(float(probabilities[stack, code]), 1e-12)
            if stack:
                value *= float(transitions.following[path[stack - 1], code])
        return value

    found = tuple(most_likely_path(probabilities, transitions).tolist())
    likely = [code for code in range(8) if probabilities[:, code].max() > 1e-3]
    best = max(product(likely, repeat=stacks), key=likelihood)
    assert likelihood(found) == pytest.approx(likelihood(best))


def test_transitions_are_counted_from_stack_to_stack_and_not_over_none() -> None:
    clip = judged_clip("01", 1)
    codes = [3, 3, 5, 8, 5, 3]
    truth = np.repeat(codes, 11)
    truth[12] = 6  # one frame of 11 does not change what a stack is
    short = replace(
        clip,
        truth=truth,
        stack_of_frame=np.repeat(np.arange(6), 11),
        probabilities=clip.probabilities[:6],
    )
    assert truth_of_stacks(short).tolist() == codes
    transitions = transitions_of([short, short])
    assert transitions.start.tolist() == pytest.approx(np.array([1, 1, 1, 7, 1, 5, 1, 1]) / 18)
    assert transitions.following[3] == pytest.approx(np.array([1, 1, 1, 3, 1, 3, 1, 1]) / 12)
    assert transitions.following[5] == pytest.approx(np.array([1, 1, 1, 3, 1, 1, 1, 1]) / 10)


def test_an_animal_s_own_truth_never_smooths_its_labels() -> None:
    clips = [judged_clip(animal, 1) for animal in ("01", "02", "03")]
    before = smoothed_by_others(clips)
    random = np.random.default_rng(4)
    own = replace(clips[0], truth=random.integers(0, 8, len(clips[0].truth)))
    after = smoothed_by_others([own, *clips[1:]])
    assert np.array_equal(after[0].labels, before[0].labels)
    foreign = replace(clips[1], truth=np.zeros_like(clips[1].truth))
    changed = smoothed_by_others([clips[0], foreign, replace(clips[2], truth=clips[2].truth * 0)])
    assert not np.array_equal(changed[0].labels, before[0].labels)


def test_smoothing_removes_lonely_errors_and_is_off_in_every_other_figure() -> None:
    report = build_report(judged_folds(), about_report())
    none, kernel, path = report.smoothing
    assert (none.kind, kernel.kind, path.kind) == ("none", "kernel", "path")
    assert none.frame_accuracy == report.all.frame_accuracy
    assert none.label_bouts == report.bouts.all.label_bouts
    assert none.frame_accuracy < kernel.frame_accuracy < path.frame_accuracy
    assert none.label_bouts > kernel.label_bouts > path.label_bouts
